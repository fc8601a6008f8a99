"""Commands in somebody else's pod, for `/net`: bounded, without a shell and without input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import ClusterError
from bot.kube.client import Api
from bot.kube.exec import execute
from bot.net.probing.wget import CommandOutput
from bot.net.request.origin import Origin

SECONDS = 20.0
MOST = 16 * 1024
"""Bytes that are read of what it writes."""


@dataclass(frozen=True, slots=True)
class PodCommands:
    """Runs commands where the API server lets it: with deploy/components/exec in Traefik's pods."""

    api: Api

    async def run(
        self, start: Origin, argv: Sequence[str], seconds: float = SECONDS
    ) -> CommandOutput:
        """What it wrote to its standard error, within so many seconds.

        Raises:
            ClusterError: It may not, or the container has no such program.
        """
        if start.pod is None:
            raise ClusterError("A node is no container: no command can be run in it.")
        done = await execute(
            self.api, start.pod, start.container, argv, limit_bytes=MOST, seconds=seconds
        )
        return CommandOutput(done.stderr.decode(errors="replace"), done.exit_code)
