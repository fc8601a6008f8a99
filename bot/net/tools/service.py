"""What stands behind `/net tool`: one allow-listed command from a node, against the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.resources import core
from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.errors import ClusterError, InputError
from bot.net.probing.protocol import Progress
from bot.net.tools.command import Command, Ran, command
from bot.net.tools.options import Tool
from bot.net.tools.targets import NEEDED, Allowed

__all__ = ["Netshoot", "Ran", "Tool"]

NO_RUNNER = "Nothing can be run: add deploy/components/prober."


class Runner(Protocol):
    """Runs one process on a node."""

    async def run(
        self, node: str, argv: Sequence[str], progress: Progress, *, raw: bool = False
    ) -> Ran:
        """Run it there, without a shell.

        Raises:
            ClusterError: It cannot be run there.
        """
        ...


@dataclass
class Netshoot:
    """Runs tools. `also` is what may be asked beyond the cluster."""

    cluster: SnapshotReader
    runner: Runner | None = None
    also: Allowed = field(default_factory=Allowed)

    async def nodes(self, typed: str, most: int) -> tuple[str, ...]:
        """Nodes whose names hold the words typed so far."""
        snapshot = await self.cluster.snapshot((core.Node,))
        return _holding(typed, sorted(node.name for node in snapshot.of(core.Node)), most)

    async def targets(self, typed: str, most: int) -> tuple[str, ...]:
        """Nodes, then Services, whose names hold the words typed so far."""
        snapshot = await self.cluster.snapshot(NEEDED)
        nodes = sorted(node.name for node in snapshot.of(core.Node))
        services = sorted(
            f"{service.namespace}/{service.name}" for service in snapshot.of(core.Service)
        )
        return _holding(typed, [*nodes, *services], most)

    async def run(
        self, tool: Tool, node: str, target: str, options: str, progress: Progress
    ) -> Ran:
        """Run a tool on a node against a target.

        Raises:
            InputError: The target or an option is not allowed, or there is no such node.
            ClusterError: It cannot be run.
        """
        if self.runner is None:
            raise ClusterError(NO_RUNNER)
        snapshot = await self.cluster.snapshot(NEEDED)
        _check_node(snapshot, node)
        wanted = command(snapshot, tool, target, options, self.also)
        if not isinstance(wanted, Command):
            raise InputError(str(wanted))
        return await self.runner.run(node, wanted.argv, progress, raw=wanted.raw)


def _check_node(snapshot: Snapshot, node: str) -> None:
    names = [node.name for node in snapshot.of(core.Node)]
    if node not in names:
        known = ", ".join(sorted(names)[:20]) or "none can be seen"
        raise InputError(f"There is no node {node!r}. Choose one of: {known}.")


def _holding(typed: str, names: Sequence[str], most: int) -> tuple[str, ...]:
    words = typed.casefold().split()
    return tuple(name for name in names if all(word in name for word in words))[:most]
