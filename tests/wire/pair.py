"""Two processes of the bot for one server, each with its own wire to the one API server."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.clusters.wire import Wire, wired
from tests.wire.bot_process import KUBERNETES_TOKEN, settings_of
from tests.wire.discord_server import DiscordServer
from tests.wire.processes import Running, started
from tests.wire.scraping import Probed, free_port

PLACE = "meshmedic"
LEADS = "meshmedic_leader"
START = 90.0
"""Seconds for a process to begin, on a machine that begins many at once."""

TAKEOVER = 45.0
"""Seconds within which a leader that vanished is replaced: what the README promises."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of the processes."""

    running: Running
    probed: Probed
    wire: Wire

    async def leads(self) -> bool:
        """Whether it says that it acts."""
        return (await self.probed.metrics())[LEADS] == 1

    async def becomes_leader(self, seconds: float = TAKEOVER) -> float:
        """Wait until it acts; the seconds that it took."""
        return await self._becomes(leader=True, seconds=seconds)

    async def steps_back(self, seconds: float = TAKEOVER) -> float:
        """Wait until it acts no more."""
        return await self._becomes(leader=False, seconds=seconds)

    async def _becomes(self, *, leader: bool, seconds: float) -> float:
        began = time.monotonic()
        while await self._says() is not leader:
            waited = time.monotonic() - began
            assert waited < seconds, f"waited {waited:.0f} s in vain for leader={leader}"
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def _says(self) -> bool | None:
        """Whether it acts; None where it does not say."""
        with suppress(aiohttp.ClientError, TimeoutError):
            return await self.leads()
        return None

    async def kill(self) -> None:
        """SIGKILL, as a node that loses its power."""
        self.running.process.kill()
        await self.running.process.wait()

    def pause(self) -> None:
        """SIGSTOP: it is there, and does nothing."""
        self.running.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self.running.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def member(
    server: DiscordServer,
    url: str,
    folder: Path,
    *,
    more: Mapping[str, str] | None = None,
    ready: bool = True,
) -> AsyncIterator[Member]:
    """A process with a post in the cluster, once it can answer."""
    address = urlsplit(url)
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  # a test may block for a moment
    async with wired(address.hostname or "", address.port or 80) as wire:
        kubeconfig = folder / "kubeconfig"
        write_kubeconfig(kubeconfig, f"http://127.0.0.1:{wire.port}", KUBERNETES_TOKEN)
        probed = Probed(free_port())
        environment = settings_of(kubeconfig) | probed.settings
        environment |= {"MESHMEDIC_STATE_NAMESPACE": PLACE} | dict(more or {})
        async with started(server, "run", environment=environment) as running:
            if ready:
                await probed.becomes("/readyz", 200, seconds=START)
            yield Member(running, probed, wire)


@asynccontextmanager
async def pair(
    server: DiscordServer, cluster: SimulatedCluster, folder: Path
) -> AsyncIterator[tuple[Member, Member]]:
    """The leader, and a standby that knows it."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(cluster))
        leader = await stack.enter_async_context(member(server, url, folder / "one"))
        await leader.becomes_leader()
        standby = await stack.enter_async_context(member(server, url, folder / "other"))
        assert not await standby.leads()
        yield leader, standby
