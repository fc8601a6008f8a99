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
"""Up to so many nodes each is tried from each; above that from its neighbours on a ring."""

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
        bad = [cell_ for cell_ in (*self.cells, *self.dns) if not cell_.ok]
        if any(cell_.test is By.POD and cell_.well == 0 for cell_ in self.cells):
            return Verdict.FAILED
        if bad:
            return Verdict.DEGRADED
        seen = self.cells and not (self.unseen or self.untested or self.without_dns)
        return Verdict.HEALTHY if seen else Verdict.UNKNOWN

    @property
    def untested(self) -> dict[By, int]:
        """Of how many pairs something was not tested, though both nodes took part."""
        absent = {node for node, _ in self.unseen}
        wanted = [pair for pair in self.wanted if absent.isdisjoint(pair)]
        done = {(cell_.pair, cell_.test) for cell_ in self.cells}
        missing = Counter(test for pair in wanted for test in PAIRED if (pair, test) not in done)
        return dict(missing)

    @property
    def without_dns(self) -> tuple[str, ...]:
        """The nodes that took part, but from which no name was looked up."""
        done = {cell_.source for cell_ in self.dns} | {node for node, _ in self.unseen}
        return tuple(dict.fromkeys(node for node, _ in self.wanted if node not in done))


def neighbours(nodes: Sequence[str], node: str) -> tuple[str, ...]:
    """Whom a node tries: everybody, or the next ones on a ring that hashes order."""
    others = [other for other in nodes if other != node]
    if len(nodes) <= WHOLE:
        return tuple(others)
    ring = sorted(nodes, key=lambda each: hashlib.sha256(each.encode()).digest())
    at = ring.index(node)
    return tuple(ring[(at + step) % len(ring)] for step in range(1, NEIGHBOURS + 1))


def cell(source: str, target: str, test: By, answers: Iterable[ProbeAnswer]) -> Cell:
    """One test of one pair, from the answers to its tries."""
    given = tuple(answers)
    well = [answer for answer in given if answer.outcome is Outcome.OK]
    bad = [answer.outcome for answer in given if answer.outcome is not Outcome.OK]
    bad = bad if given else [Outcome.UNTRIED]
    times = sorted(answer.took if answer.connected is None else answer.connected for answer in well)
    return Cell(
        source=source,
        target=target,
        test=test,
        tries=len(given),
        well=len(well),
        ended=max(bad, key=bad.count) if bad else Outcome.OK,
        took=times[len(times) // 2] if times else None,
        unsettled=any(answer.unsettled for answer in given),
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

    A node that at least two others tried, and none of them reached, is dead: nobody waits for it.
    """
    met: dict[str, dict[str, bool]] = {}
    late: set[Pair] = set()
    for cell_ in cells:
        if cell_.source == cell_.target:
            continue
        for own, other in (cell_.pair, cell_.pair[::-1]):
            peers = met.setdefault(own, {})
            peers[other] = peers.get(other, False) or cell_.well > 0
        if cell_.ended in LATE:
            late.add(cell_.pair)
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
        """What does not get through."""
        return tuple(cell_.pair for cell_ in self.cells)

    @property
    def dead(self) -> bool:
        """Whether no try at all went well."""
        return all(cell_.well == 0 for cell_ in self.cells)

    @property
    def words(self) -> str:
        """It in a sentence."""
        if self.node:
            return f"Nothing gets {self.way} {self.node} by {self.test}: {_common(self.cells)}."
        if self.way:
            (one, other), how = self.cells[0].pair, _how(self.cells[0])
            return f"{one} {self.way} {other} by {self.test}: {how}."
        return f"Nothing gets from any node to any other by {self.test}: {_common(self.cells)}."


def breaks(given: Iterable[Cell]) -> tuple[Break, ...]:
    """What is broken: the fewest nodes and pairs that explain all failures, test by test."""
    every = tuple(given)
    told: list[Break] = []
    explained: set[Pair] = set()
    for test in By:
        cells = [cell_ for cell_ in every if cell_.test is test]
        bad = {cell_.pair: cell_ for cell_ in cells if not cell_.ok and cell_.pair not in explained}
        told += _of_test(test, {cell_.pair for cell_ in cells}, bad)
        if test is By.POD:
            # What does not get through by the pod IP fails in every other way as well.
            explained |= {pair for pair, cell_ in bad.items() if cell_.well == 0}
    return tuple(told)


def findings(matrix: Matrix) -> tuple[str, ...]:
    """What is broken, each in a sentence."""
    told = [break_.words for break_ in breaks(matrix.cells)]
    told += [f"DNS from {cell_.source}: {_how(cell_)}." for cell_ in matrix.dns if not cell_.ok]
    return tuple(told)


def _of_test(test: By, tried: set[Pair], bad: dict[Pair, Cell]) -> Iterator[Break]:
    left = dict(bad)
    if len(tried) > 2 and left.keys() == tried:  # noqa: PLR2004  # of one pair alone, the pair is named
        yield Break(test=test, cells=tuple(left.values()))
        return
    for node, way, pairs in _nodes(tried, left):
        cells = tuple(left.pop(pair) for pair in sorted(pairs))
        yield Break(test=test, cells=cells, way=way, node=node)
    for pair in sorted(left):
        if pair not in left:
            continue
        each, back = left.pop(pair), left.pop((pair[1], pair[0]), None)
        found = (each, back) if back else (each,)
        yield Break(test=test, cells=found, way="<->" if back else "->")


def _nodes(tried: set[Pair], left: dict[Pair, Cell]) -> Iterator[tuple[str, str, set[Pair]]]:
    """The nodes that explain several failures at once, those of most failures first."""
    while True:
        found = max(_candidates(tried, left), key=lambda each: len(each[2]), default=None)
        if found is None:
            return
        yield found


def _candidates(tried: set[Pair], left: dict[Pair, Cell]) -> Iterator[tuple[str, str, set[Pair]]]:
    for node in sorted({node for pair in left for node in pair}):
        out = {pair for pair in tried if pair[0] == node}
        back = {pair for pair in tried if pair[1] == node}
        both = out | back if out and back else set()
        for way, pairs in (("to or from", both), ("from", out), ("to", back)):
            # Of two nodes nobody can tell which one it is.
            if len(pairs) > 1 and len(_others(node, pairs)) > 1 and pairs <= left.keys():
                yield node, way, pairs


def _others(node: str, pairs: set[Pair]) -> set[str]:
    return {end for pair in pairs for end in pair} - {node}


def _common(cells: Iterable[Cell]) -> str:
    how = [f"{cell_.ended.value}{_late(cell_)}" for cell_ in cells]
    return max(how, key=how.count)


def _how(cell_: Cell) -> str:
    some = f" {cell_.tries - cell_.well} of {cell_.tries}" if cell_.well else ""
    return f"{cell_.ended.value}{some}{_late(cell_)}"


def _late(cell_: Cell) -> str:
    return UNSETTLED if cell_.unsettled else ""
