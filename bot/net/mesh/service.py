"""The use case of `/net matrix`: a listener on each node, and each node tries the others.

All nodes try at once; what ran out of time and is perhaps only slow is tried again with more of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import msgspec

from bot.domain.grouping import grouped
from bot.domain.resources import core
from bot.domain.snapshot import SnapshotReader
from bot.domain.typed import unknown
from bot.errors import ClusterError, InputError
from bot.net.diagnosis.observation import VantagePoint
from bot.net.mesh.matrix import By, Cell, Matrix, Pair, cell_of, in_doubt, neighbours
from bot.net.ports import NO_PROBER, Prober
from bot.net.probing.protocol import (
    CONTROL_NAME,
    PAYLOAD,
    SECONDS,
    SETTLE,
    ListenerAddress,
    Outcome,
    Probe,
    ProbedBackend,
    ProbeKind,
    Progress,
    Vip,
    quiet,
)
from bot.net.topology import is_ready

LONGEST = 180.0
"""Seconds for all of it, listeners and their removal included; where an image has to be pulled, the
prober's patience comes on top."""

TRYING = 75.0
"""Seconds in which nodes may try: well before the first listener ends, which would look broken."""

TRIES = 3
HASTY = 1.4
"""Seconds of a try at first: with its second one and the work beside it a dead node costs three.
A pair that ran out of time gets more where neither of the two is dead: a relayed path may need
it."""

NOT_READY = "the node isn't ready, so no pod can start there"
NO_LISTENER = "no test pod could start there"
TOO_LATE = "the time ran out; test this node on its own"


@dataclass(frozen=True)
class MeshRow:
    """What one node tries, each try for `seconds` and then once more.

    New VIPs have `settle` seconds to answer first.
    """

    node: str
    others: tuple[str, ...]
    listeners: Mapping[str, ListenerAddress]
    vips: Mapping[ProbedBackend, Vip]
    seconds: float = HASTY
    settle: float = SETTLE

    def probes(self) -> Iterator[tuple[str, By, Probe]]:
        """Each with its target and what it tests."""
        for other in self.others:
            listener = self.listeners.get(other)
            if listener is None:
                continue
            tcp = Probe(
                id="",
                kind=ProbeKind.TCP,
                address=listener.address,
                port=listener.port,
                tries=TRIES,
                seconds=self.seconds,
            )
            yield other, By.POD, tcp
            large = msgspec.structs.replace(tcp, kind=ProbeKind.ECHO, size=PAYLOAD, tries=2)
            yield other, By.LARGE, large
            yield other, By.UDP, msgspec.structs.replace(tcp, kind=ProbeKind.UDP, size=64)
            if vip := self.vips.get(ProbedBackend(listener.address, listener.port)):
                at = {"address": vip.address, "port": vip.port, "settle": self.settle}
                yield other, By.VIP, msgspec.structs.replace(tcp, **at)
        yield self.node, By.DNS, Probe(id="", kind=ProbeKind.DNS, name=CONTROL_NAME, tries=2)

    def patient(self, pairs: Collection[Pair]) -> MeshRow | None:
        """The row of these pairs alone, with the time that a relayed path may need."""
        others = tuple(other for other in self.others if (self.node, other) in pairs)
        return replace(self, others=others, seconds=SECONDS, settle=0.0) if others else None


Tried = list[Cell] | str
"""The cells of one row, or why it has none."""


@dataclass
class Mesh:
    """Measures what gets from node to node."""

    cluster: SnapshotReader
    prober: Prober | None = None
    trying: float = TRYING

    async def measure(self, progress: Progress, node: str = "") -> Matrix:
        """The whole matrix, or the rows and columns of one node.

        Raises:
            InputError: There is no such node.
            ClusterError: There is no prober, the nodes cannot be read, or it takes too long.
        """
        if self.prober is None:
            raise ClusterError(NO_PROBER)
        nodes = await self._nodes()
        names = tuple(node.name for node in nodes)
        if node and node not in names:
            raise InputError(unknown("node", node, names))
        # A pod cannot be started on the others.
        ready = tuple(node.name for node in nodes if is_ready(node))
        try:
            async with asyncio.timeout(LONGEST + self.prober.patience):
                return await self._measured(self.prober, names, ready, node, progress)
        except TimeoutError as error:
            raise ClusterError(f"It took longer than {LONGEST:.0f} s. Try one node.") from error

    async def nodes(self) -> tuple[str, ...]:
        """The names of all nodes.

        Raises:
            ClusterError: They cannot be read.
        """
        return tuple(node.name for node in await self._nodes())

    async def _nodes(self) -> tuple[core.Node, ...]:
        snapshot = await self.cluster.snapshot((core.Node,))
        nodes = tuple(sorted(snapshot.of(core.Node), key=lambda node: node.name))
        if not nodes:
            why = "; ".join(f"{gap.why}: {gap.detail}" for gap in snapshot.gaps) or "there is none"
            raise ClusterError(f"The bot can't see any node: {why}.")
        return nodes

    async def _measured(
        self,
        prober: Prober,
        names: tuple[str, ...],
        ready: tuple[str, ...],
        only: str,
        progress: Progress,
    ) -> Matrix:
        async with prober.listening(ready, progress) as listeners:
            backends = [ProbedBackend(at.address, at.port) for at in listeners.values()]
            async with prober.sole_vips(backends, progress) as vips:
                rows = [
                    MeshRow(name, _others(names, name, only), listeners, vips) for name in ready
                ]
                progress(f"{len(listeners)} of {len(names)} nodes listen. Each tests the others.")
                end = asyncio.get_running_loop().time() + self.trying
                tried = await _all_tried(prober, rows, end, progress)
        unseen = dict.fromkeys(names, NOT_READY) | dict.fromkeys(ready, NO_LISTENER)
        unseen = {name: why for name, why in unseen.items() if name not in listeners}
        unseen |= {
            row.node: why for row, why in zip(rows, tried, strict=True) if isinstance(why, str)
        }
        cells = [cell for row in tried if not isinstance(row, str) for cell in row]
        return Matrix(
            nodes=names,
            wanted=frozenset((row.node, other) for row in rows for other in row.others),
            cells=tuple(cell for cell in cells if cell.test is not By.DNS),
            dns=tuple(cell for cell in cells if cell.test is By.DNS),
            unseen=tuple(sorted(unseen.items())),
            prober=prober.name,
        )


def _others(names: tuple[str, ...], name: str, only: str) -> tuple[str, ...]:
    if not only:
        return neighbours(names, name)
    return tuple(other for other in names if other != only) if name == only else (only,)


async def _all_tried(
    prober: Prober, rows: list[MeshRow], end: float, progress: Progress
) -> list[Tried]:
    """All rows at once; then, with more time, the pairs that are perhaps only slow."""
    attempt = _Attempt(prober, len(rows), end, progress)
    tried = await asyncio.gather(*map(attempt.row, rows))
    doubt = in_doubt(chain.from_iterable(row for row in tried if not isinstance(row, str)))
    slow = {number: r for number, row in enumerate(rows) if (r := row.patient(doubt))}
    if slow:
        progress(f"{len(doubt)} pairs ran out of time; they get more.")
        attempt = _Attempt(prober, len(slow), end, progress)
        again = await asyncio.gather(*map(attempt.row, slow.values()))
        for number, more in zip(slow, again, strict=True):
            tried[number] = _replaced(tried[number], more)
    return tried


def _replaced(before: Tried, more: Tried) -> Tried:
    """What was tried with more time counts; where that failed, what was seen before."""
    if isinstance(before, str) or isinstance(more, str):
        return before
    later = {(cell.target, cell.test): cell for cell in more}
    return [
        cell if cell.test is By.DNS else later.get((cell.target, cell.test), cell)
        for cell in before
    ]


@dataclass
class _Attempt:
    """Lets all nodes try, until `end` on the loop's clock, and counts them."""

    prober: Prober
    count: int
    end: float
    progress: Progress
    done: int = 0

    async def row(self, row: MeshRow) -> Tried:
        """What one node saw."""
        numbered = {str(number): probe for number, probe in enumerate(row.probes())}
        probes = [msgspec.structs.replace(probe, id=key) for key, (*_, probe) in numbered.items()]
        try:
            async with asyncio.timeout_at(self.end):
                # Of many nodes the count is shown, and not each pod.
                answers = await self.prober.probe(VantagePoint(row.node), probes, quiet)
        except TimeoutError:
            return TOO_LATE
        except ClusterError as error:
            return str(error)
        self.done += 1
        self.progress(f"{self.done} of {self.count} nodes have tried.")
        # Where the prober could not even begin, nothing was seen of the network.
        by_id = grouped((a.id, a) for a in answers if a.outcome is not Outcome.UNTRIED)
        return [
            cell_of(row.node, target, test, by_id[key])
            for key, (target, test, _) in numbered.items()
            if key in by_id
        ]
