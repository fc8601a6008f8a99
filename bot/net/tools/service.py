"""The use case of `/net tool`: one allow-listed command from a node, against the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.refusal import Refusal
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.domain.typed import holding, unknown
from bot.errors import ClusterError, InputError
from bot.net.probing.admission import READS
from bot.net.probing.protocol import Progress
from bot.net.tools.command import RAW, ToolRun, command
from bot.net.tools.options import Tool
from bot.net.tools.targets import NEEDED, Allowed

NO_RUNNER = "The bot can't run tools: add `deploy/components/prober`."


class Runner(Protocol):
    """Runs one process on a node."""

    async def run(
        self, node: str, argv: Sequence[str], progress: Progress, *, raw: bool = False
    ) -> ToolRun:
        """Run it there, without a shell.

        Raises:
            ClusterError: It cannot be run there.
        """
        ...


@dataclass
class Netshoot:
    """Runs tools. `also` are allowed targets outside the cluster."""

    cluster: SnapshotReader
    runner: Runner | None = None
    also: Allowed = field(default_factory=Allowed)

    async def nodes(self, typed: str, most: int) -> tuple[str, ...]:
        """Nodes whose names contain the words typed so far."""
        return holding(typed, _nodes(await self.cluster.snapshot((core.Node,))), most)

    async def targets(self, typed: str, most: int) -> tuple[str, ...]:
        """Nodes, then Services, whose names contain the words typed so far."""
        snapshot = await self.cluster.snapshot(NEEDED)
        services = sorted(f"{s.namespace}/{s.name}" for s in snapshot.of(core.Service))
        return holding(typed, [*_nodes(snapshot), *services], most)

    async def run(
        self, tool: Tool, node: str, target: str, options: str, progress: Progress
    ) -> ToolRun:
        """Run a tool on a node against a target.

        Raises:
            InputError: The target or an option is not allowed, or there is no such node.
            ClusterError: It cannot be run.
        """
        if self.runner is None:
            raise ClusterError(NO_RUNNER)
        snapshot = await self.cluster.snapshot(READS)
        if node not in (names := _nodes(snapshot)):
            raise InputError(unknown("node", node, names))
        argv = command(snapshot, tool, target, options, self.also)
        if isinstance(argv, Refusal):
            raise InputError(argv.detail)
        return await self.runner.run(node, argv, progress, raw=tool in RAW)


def _nodes(snapshot: Snapshot) -> list[str]:
    return sorted(node.name for node in snapshot.of(core.Node))
