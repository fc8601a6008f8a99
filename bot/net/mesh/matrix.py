"""Node by node, what gets through: the measurements, and the broken node or pair in words."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

from bot.domain.verdict import Verdict
from bot.net.diagnosis.results import UNSETTLED
from bot.net.probing.protocol import Outcome, ProbeAnswer

Pair = tuple[str, str]
"""From which node to which."""

WHOLE = 50
"""Up to this many nodes, each tries each; above that, its neighbours on a ring."""

NEIGHBOURS = 10


class By(StrEnum):
    """What is tried from a pod on one node to a listener on another."""

    POD = "pod IP"
    VIP = "VIP"
    LARGE = "large payload"
    UDP = "UDP"
    DNS = "DNS"
    """Of one node: a name that every cluster has."""


LATE = (Outcome.TIMEOUT, Outcome.STALLED)

PAIRED = (By.POD, By.VIP, By.LARGE, By.UDP)
"""What is tried of every pair."""


LinkTest = tuple[str, str, By]
"""From which node to which, and what is tried."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One test of one pair: how many tries went well, how the others ended, milliseconds."""

    source: str
    target: str
    test: By
    tries: int
    well: int
    ended: Outcome = Outcome.OK
    took: float | None = None
    unsettled: bool = False
    """Whether the target was new, and took no connection in the time that it had to appear."""

    @property
    def ok(self) -> bool:
        """Whether every try went well."""
        return self.tries > 0 and self.well == self.tries

    @property
    def key(self) -> LinkTest:
        """Which test of which pair it is."""
        return self.source, self.target, self.test

    @property
    def pair(self) -> Pair:
        """From which node to which."""
        return self.source, self.target


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured. `dns` has a cell a node, to itself; `unseen` says why, by node.

    `wanted` are the pairs that were to be tried.
    """

    nodes: tuple[str, ...]
    wanted: frozenset[Pair] = frozenset()
    cells: tuple[Cell, ...] = ()
    dns: tuple[Cell, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()
    prober: str = ""

    @property
    def verdict(self) -> Verdict:
        """What was not seen is never healthy; without the pod network little works."""
        bad = [cell for cell in (*self.cells, *self.dns) if not cell.ok]
        if any(cell.test is By.POD and cell.well == 0 for cell in self.cells):
            return Verdict.FAILED
        if bad:
            return Verdict.DEGRADED
        complete = self.cells and not (self.unseen or self.untested or self.without_dns)
        return Verdict.HEALTHY if complete else Verdict.UNKNOWN

    @property
    def untested(self) -> dict[By, int]:
        """Of how many pairs something was not tested, though both nodes took part."""
        absent = {node for node, _ in self.unseen}
        pairs = [pair for pair in self.wanted if absent.isdisjoint(pair)]
        done = {(cell.pair, cell.test) for cell in self.cells}
        missing = Counter(test for pair in pairs for test in PAIRED if (pair, test) not in done)
        return dict(missing)

    @property
    def without_dns(self) -> tuple[str, ...]:
        """The nodes that took part, but from which no name was looked up."""
        done = {cell.source for cell in self.dns} | {node for node, _ in self.unseen}
        return tuple(dict.fromkeys(node for node, _ in self.wanted if node not in done))


def neighbours(nodes: Sequence[str], node: str) -> tuple[str, ...]:
    """The nodes that a node tries: all others, or the next ones on a ring ordered by hash."""
    others = [other for other in nodes if other != node]
    if len(nodes) <= WHOLE:
        return tuple(others)
    ring = sorted(nodes, key=lambda name: hashlib.sha256(name.encode()).digest())
    at = ring.index(node)
    return tuple(ring[(at + step) % len(ring)] for step in range(1, NEIGHBOURS + 1))


def cell_of(source: str, target: str, test: By, answers: Iterable[ProbeAnswer]) -> Cell:
    """One test of one pair, from the answers to its tries."""
    answers = tuple(answers)
    well = [answer for answer in answers if answer.outcome is Outcome.OK]
    bad: list[Outcome] = [a.outcome for a in answers if a.outcome is not Outcome.OK]
    ended = max(bad, key=bad.count) if bad else Outcome.OK
    times = sorted(answer.took if answer.connected is None else answer.connected for answer in well)
    return Cell(
        source=source,
        target=target,
        test=test,
        tries=len(answers),
        well=len(well),
        ended=ended if answers else Outcome.UNTRIED,
        took=times[len(times) // 2] if times else None,
        unsettled=any(answer.unsettled for answer in answers),
    )


def tried_once(
    source: str, target: str, test: By, outcome: Outcome, took: float | None = None
) -> Cell:
    """The cell of a single try."""
    well = outcome is Outcome.OK
    return Cell(
        source=source,
        target=target,
        test=test,
        tries=1,
        well=int(well),
        ended=outcome,
        took=took if well else None,
    )


def in_doubt(cells: Iterable[Cell]) -> frozenset[Pair]:
    """Pairs that ran out of time and are perhaps only slow: both nodes reach, or are reached.

    A node that at least two others tried, and none of them reached, is dead: it gets no more time.
    """
    met: dict[str, dict[str, bool]] = {}
    late: set[Pair] = set()
    for cell in cells:
        if cell.source == cell.target:
            continue
        for own, other in (cell.pair, cell.pair[::-1]):
            peers = met.setdefault(own, {})
            peers[other] = peers.get(other, False) or cell.well > 0
        if cell.ended in LATE:
            late.add(cell.pair)
    dead = {node for node, peers in met.items() if len(peers) > 1 and not any(peers.values())}
    return frozenset(pair for pair in late if dead.isdisjoint(pair))


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """What explains failures of one test: everything, a node, or a pair.

    `way` is `to or from`, `from` or `to` a `node`; `->` or `<->` where it is a pair; empty where
    nothing gets anywhere. `cells` are the failures that it explains, a pair's own direction first.
    """

    test: By
    cells: tuple[Cell, ...]
    way: str = ""
    node: str = ""

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that do not get through."""
        return tuple(cell.pair for cell in self.cells)

    @property
    def dead(self) -> bool:
        """Whether no try at all went well."""
        return all(cell.well == 0 for cell in self.cells)

    @property
    def words(self) -> str:
        """The break in a sentence."""
        if self.node:
            return f"Nothing gets {self.way} {self.node} by {self.test}: {_common(self.cells)}."
        if self.way:
            source, target = self.cells[0].pair
            return f"{source} {self.way} {target} by {self.test}: {_how(self.cells[0])}."
        return f"Nothing gets from any node to any other by {self.test}: {_common(self.cells)}."


def breaks(cells: Iterable[Cell]) -> tuple[Break, ...]:
    """What is broken: the fewest nodes and pairs that explain all failures, test by test."""
    cells = tuple(cells)
    all_breaks: list[Break] = []
    explained: set[Pair] = set()
    for test in By:
        tests = {cell.pair: cell for cell in cells if cell.test is test}
        bad = {pair: cell for pair, cell in tests.items() if not cell.ok and pair not in explained}
        all_breaks += _of_test(test, set(tests), bad)
        if test is By.POD:
            # What does not get through by the pod IP fails in every other way as well.
            explained |= {pair for pair, cell in bad.items() if cell.well == 0}
    return tuple(all_breaks)


def findings(matrix: Matrix) -> tuple[str, ...]:
    """What is broken, each in a sentence."""
    dns = (f"DNS from {cell.source}: {_how(cell)}." for cell in matrix.dns if not cell.ok)
    return (*(break_.words for break_ in breaks(matrix.cells)), *dns)


def _of_test(test: By, tried: set[Pair], left: dict[Pair, Cell]) -> Iterator[Break]:
    """The breaks of one test; `left` are its failures."""
    left = dict(left)
    if len(tried) > 2 and left.keys() == tried:  # noqa: PLR2004  # of one pair alone, the pair is named
        yield Break(test=test, cells=tuple(left.values()))
        return
    # First the nodes that explain several failures at once, those of most failures before others.
    while candidates := list(_candidates(tried, left)):
        node, way, pairs = max(candidates, key=lambda candidate: len(candidate[2]))
        cells = tuple(left.pop(pair) for pair in sorted(pairs))
        yield Break(test=test, cells=cells, way=way, node=node)
    for pair in sorted(left):
        if pair in left:
            there, back = left.pop(pair), left.pop((pair[1], pair[0]), None)
            cells = (there, back) if back else (there,)
            yield Break(test=test, cells=cells, way="<->" if back else "->")


def _candidates(tried: set[Pair], left: dict[Pair, Cell]) -> Iterator[tuple[str, str, set[Pair]]]:
    """Nodes to which, from which, or both, every test failed; with the failures."""
    for node in sorted({node for pair in left for node in pair}):
        out = {pair for pair in tried if pair[0] == node}
        back = {pair for pair in tried if pair[1] == node}
        both = out | back if out and back else set()
        for way, pairs in (("to or from", both), ("from", out), ("to", back)):
            others = {end for pair in pairs for end in pair} - {node}
            # Between two nodes alone it cannot be told which one it is.
            if len(pairs) > 1 and len(others) > 1 and pairs <= left.keys():
                yield node, way, pairs


def _common(cells: Iterable[Cell]) -> str:
    endings = [f"{cell.ended.value}{UNSETTLED if cell.unsettled else ''}" for cell in cells]
    return max(endings, key=endings.count)


def _how(cell: Cell) -> str:
    some = f" {cell.tries - cell.well} of {cell.tries}" if cell.well else ""
    return f"{cell.ended.value}{some}{UNSETTLED if cell.unsettled else ''}"
