"""Running one tool on a node, by a short-lived Job with the image of the tools."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence

from bot.domain.resources import core
from bot.domain.resources.decode import decode_object
from bot.domain.temporary import NAMESPACE
from bot.errors import ClusterError, Forbidden, Unreachable
from bot.kube.client import Api
from bot.kube.jobs import NodeJobs
from bot.kube.paths import path
from bot.kube.pod_start import PULL, REQUEST, Patience
from bot.kube.pods import ListedPod
from bot.net.probing import manifests
from bot.net.probing.protocol import Progress
from bot.net.tools.command import ToolRun, raw_obstacle

LONGEST = 45.0
"""Seconds that a tool may take."""

MOST_OUTPUT = 64 * 1024
"""Bytes of output."""

NEVER_RAN = ("StartError", "ContainerCannotRun")
"""How a container ends whose image lacks the program. Source: containerd, dockershim."""


class ToolJobs:
    """Runs the tools of `image`, which may take `pull` seconds to be pulled."""

    def __init__(self, api: Api, image: str, pull: float = PULL) -> None:
        self._api = api
        self._image = image
        self.jobs = NodeJobs(api, Patience(pull=pull))
        self.longest = LONGEST
        """Seconds that a tool may take."""
        self.most = MOST_OUTPUT
        """Bytes of output."""

    async def run(
        self, node: str, argv: Sequence[str], progress: Progress, *, raw: bool = False
    ) -> ToolRun:
        """Run a command on a node, without a shell; its pod is removed afterwards.

        `progress` receives the newest line of the output. `raw`: it needs raw sockets.

        Raises:
            ClusterError: It cannot be run there; the message says why and how to allow it.
        """
        if raw:
            await self._check_raw()
        seconds = int(self.jobs.patience.longest + self.longest) + 5
        name = f"tool-{secrets.token_hex(5)}"
        manifest = manifests.tool_job(
            name, argv, node=node, image=self._image, seconds=seconds, raw=raw
        )
        progress(f"Starting a pod on {node}.")
        async with self.jobs.running(manifest, progress) as pod:
            progress(f"Running {argv[0]} on {node}.")
            return await self._output(pod, node, tuple(argv), progress)

    async def _output(
        self, pod: ListedPod, node: str, argv: tuple[str, ...], progress: Progress
    ) -> ToolRun:
        body = bytearray()
        late = False
        try:
            async with (
                asyncio.timeout(self.longest),
                self.jobs.following(pod, limit=self.most + 1, seconds=2 * self.longest) as parts,
            ):
                await _read(parts, body, self.most, progress)
        except TimeoutError:
            late = True
        except Unreachable:
            if not body:
                raise
            # A part of the output is better than none.
            late = True
        cut = len(body) > self.most
        ended = None if cut or late else await self.jobs.ended(pod)
        if ended and ended.reason in NEVER_RAN:
            raise ClusterError(f"{argv[0]} could not be started: {ended.message}"[:300])
        return ToolRun(
            node=node,
            argv=argv,
            output=body[: self.most].decode(errors="replace"),
            exit_code=ended.exit_code if ended else None,
            cut=cut,
            late=late,
        )

    async def _check_raw(self) -> None:
        """Check the namespace; where it may not be read, creating the pod will show it.

        Raises:
            ClusterError: The namespace allows no raw sockets.
        """
        try:
            body = await self._api.get(path("/api/v1/namespaces", NAMESPACE), total=REQUEST)
        except Forbidden:
            return
        if why := raw_obstacle(decode_object(body, core.Namespace).metadata.labels):
            raise ClusterError(why)


async def _read(
    parts: AsyncIterator[bytes], body: bytearray, most: int, progress: Progress
) -> None:
    async for part in parts:
        body += part
        if newest := _newest(body):
            progress(newest)
        if len(body) > most:
            return


def _newest(body: bytearray) -> str:
    """The last complete line that is not blank."""
    complete = bytes(body[-2000:]).rpartition(b"\n")[0].decode(errors="replace")
    return next((line.strip() for line in reversed(complete.splitlines()) if line.strip()), "")
