"""What stands behind `/net matrix`: a listener on each node, and each node tries the others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.domain import conditions
from bot.domain.resources import core
from bot.domain.snapshot import SnapshotReader
from bot.errors import ClusterError, InputError
from bot.net.mesh.matrix import Matrix, neighbours
from bot.net.mesh.measure import MeshRow, all_tried
from bot.net.ports import Prober
from bot.net.probing.protocol import ProbedBackend, Progress

LONGEST = 180.0
"""Seconds for all of it, listeners and their removal included."""

TRYING = 75.0
"""Seconds in which nodes may try: well before the first listener ends, which would look broken."""

NOT_READY = "the node is not ready: no pod can be started there"

NO_PROBER = "Nothing can be tried: there is no prober. Add deploy/components/prober."


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
        found = await self._nodes()
        names = tuple(node.name for node in found)
        if node and node not in names:
            raise InputError(f"There is no node {node!r}. Choose one of: {', '.join(names[:20])}.")
        ready = tuple(node.name for node in found if _may_run(node))
        try:
            async with asyncio.timeout(LONGEST):
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
        found = tuple(sorted(snapshot.of(core.Node), key=lambda each: each.name))
        if not found:
            why = "; ".join(f"{gap.why}: {gap.detail}" for gap in snapshot.gaps) or "there is none"
            raise ClusterError(f"No node can be seen: {why}.")
        return found

    async def _measured(
        self,
        prober: Prober,
        names: tuple[str, ...],
        ready: tuple[str, ...],
        node: str,
        progress: Progress,
    ) -> Matrix:
        async with prober.listening(ready, progress) as ears:
            backends = [ProbedBackend(ear.address, ear.port) for ear in ears.values()]
            async with prober.sole_vips(backends, progress) as vips:
                rows = [
                    MeshRow(node_, self._others(names, node_, node), ears, vips) for node_ in ready
                ]
                progress(f"{len(ears)} of {len(names)} nodes listen; each tries the others.")
                end = asyncio.get_running_loop().time() + self.trying
                found = await all_tried(prober, rows, end, progress)
        unseen = {name: NOT_READY for name in names if name not in ready}
        unseen |= {name: "no listener could be started there" for name in ready if name not in ears}
        unseen |= {
            row.node: why for row, why in zip(rows, found, strict=True) if isinstance(why, str)
        }
        seen = [measured for measured in found if not isinstance(measured, str)]
        return Matrix(
            nodes=names,
            wanted=frozenset((row.node, other) for row in rows for other in row.others),
            cells=tuple(one for cells, _ in seen for one in cells),
            dns=tuple(one for _, dns in seen for one in dns),
            unseen=tuple(sorted(unseen.items())),
            prober=prober.name,
        )

    def _others(self, names: tuple[str, ...], name: str, node: str) -> tuple[str, ...]:
        if not node:
            return neighbours(names, name)
        return tuple(name for name in names if name != node) if name == node else (node,)


def _may_run(node: core.Node) -> bool:
    """Whether a pod can be started there. A node that says nothing of itself is tried."""
    ready = conditions.condition(node.status.conditions, "Ready")
    return ready is None or ready.status == "True"
