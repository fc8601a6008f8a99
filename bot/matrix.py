"""What stands behind `/net matrix`: a listener on each node, and each node tries the others."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from bot.core import objects
from bot.core.network.matrix import By, Cell, Matrix, cell, neighbours
from bot.core.network.observation import Source
from bot.core.network.probing import (
    PAYLOAD,
    Answer,
    Backend,
    Kind,
    Listener,
    Probe,
    Progress,
    Vip,
)
from bot.core.objects import Object
from bot.core.snapshot import Snapshot
from bot.errors import ClusterError, InputError
from bot.prober import Prober

CONTROL_NAME = "kubernetes.default.svc.cluster.local"
TRIES = 3
AT_ONCE = 10
"""Nodes that try at once."""

LONGEST = 120.0
"""Seconds for all of it."""

NO_PROBER = "Nothing can be tried: there is no prober. Add deploy/components/prober."


class Cluster(Protocol):
    """What a matrix needs of a cluster's objects."""

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """What is there now; what cannot be read is a gap."""
        ...


@dataclass
class Mesh:
    """Measures what gets from node to node."""

    cluster: Cluster
    prober: Prober | None = None

    async def measure(self, progress: Progress, node: str = "") -> Matrix:
        """The whole matrix, or the rows and columns of one node.

        Raises:
            InputError: There is no such node.
            ClusterError: There is no prober, the nodes cannot be read, or it takes too long.
        """
        if self.prober is None:
            raise ClusterError(NO_PROBER)
        names = await self.nodes()
        if node and node not in names:
            raise InputError(f"There is no node {node!r}. Choose one of: {', '.join(names[:20])}.")
        try:
            async with asyncio.timeout(LONGEST):
                return await self._measured(self.prober, names, node, progress)
        except TimeoutError as error:
            raise ClusterError(f"It took longer than {LONGEST:.0f} s. Try one node.") from error

    async def nodes(self) -> tuple[str, ...]:
        """The names of all nodes.

        Raises:
            ClusterError: They cannot be read.
        """
        snapshot = await self.cluster.snapshot((objects.Node,))
        found = tuple(sorted(each.name for each in snapshot.of(objects.Node)))
        if not found:
            why = "; ".join(f"{gap.why}: {gap.detail}" for gap in snapshot.gaps) or "there is none"
            raise ClusterError(f"No node can be seen: {why}.")
        return found

    async def _measured(
        self, prober: Prober, names: tuple[str, ...], node: str, progress: Progress
    ) -> Matrix:
        async with prober.listening(names, progress) as ears:
            backends = [Backend(each.address, each.port) for each in ears.values()]
            async with prober.sole_vips(backends, progress) as vips:
                rows = [_Row(name, self._others(names, name, node), ears, vips) for name in names]
                progress(f"{len(ears)} of {len(names)} nodes listen; each tries the others.")
                room = asyncio.Semaphore(AT_ONCE)
                found = await asyncio.gather(*(_try(prober, row, room, progress) for row in rows))
        unseen = {name: "no listener could be started there" for name in names if name not in ears}
        unseen |= {
            row.node: why for row, why in zip(rows, found, strict=True) if isinstance(why, str)
        }
        seen = [each for each in found if not isinstance(each, str)]
        return Matrix(
            nodes=names,
            cells=tuple(one for cells, _ in seen for one in cells),
            dns=tuple(one for _, dns in seen for one in dns),
            unseen=tuple(sorted(unseen.items())),
            prober=prober.name,
        )

    def _others(self, names: tuple[str, ...], name: str, node: str) -> tuple[str, ...]:
        if not node:
            return neighbours(names, name)
        return tuple(each for each in names if each != node) if name == node else (node,)


@dataclass(frozen=True)
class _Row:
    """What one node tries."""

    node: str
    others: tuple[str, ...]
    ears: Mapping[str, Listener]
    vips: Mapping[Backend, Vip]

    def probes(self) -> Iterator[tuple[str, By, Probe]]:
        """Each with its target and what it tests."""
        for other in self.others:
            ear = self.ears.get(other)
            if ear is None:
                continue
            at: dict[str, Any] = {"address": ear.address, "port": ear.port}
            yield other, By.POD, Probe(id="", kind=Kind.TCP, tries=TRIES, **at)
            yield other, By.LARGE, Probe(id="", kind=Kind.ECHO, size=PAYLOAD, tries=2, **at)
            yield other, By.UDP, Probe(id="", kind=Kind.UDP, size=64, tries=TRIES, **at)
            if vip := self.vips.get(Backend(ear.address, ear.port)):
                place: dict[str, Any] = {"address": vip.address, "port": vip.port}
                yield other, By.VIP, Probe(id="", kind=Kind.TCP, tries=TRIES, **place)


async def _try(
    prober: Prober, row: _Row, room: asyncio.Semaphore, progress: Progress
) -> tuple[list[Cell], list[Cell]] | str:
    """The cells of one row and its DNS, or why it has none."""
    asked = {str(number): each for number, each in enumerate(row.probes())}
    probes = [msgspec.structs.replace(probe, id=key) for key, (*_, probe) in asked.items()]
    dns = Probe(id="dns", kind=Kind.DNS, name=CONTROL_NAME, tries=2)
    try:
        async with room:
            answers = await prober.probe(Source(row.node), [*probes, dns], progress)
    except ClusterError as error:
        return str(error)
    by_id: dict[str, list[Answer]] = {}
    for answer in answers:
        by_id.setdefault(answer.id, []).append(answer)
    cells = [
        cell(row.node, other, test, by_id.get(key, ())) for key, (other, test, _) in asked.items()
    ]
    return cells, [cell(row.node, row.node, By.POD, by_id.get("dns", ()))]
