"""The whole bot as a process, between a Discord and an API server whose wires can be cut."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.cluster import control_plane
from tests.cluster.control_plane import ControlPlane
from tests.clusters.real import RealCluster
from tests.clusters.wire import Wire, wired
from tests.programs import catalogue
from tests.programs.program import ensure_built
from tests.wire import discord_server
from tests.wire.bot_process import KUBERNETES_TOKEN, a_cluster, settings_of
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import Interaction
from tests.wire.processes import Running, started
from tests.wire.scraping import Probed, free_port

PATIENCE = 20.0
"""Seconds that a person waits for an answer before it counts as lost."""

WELCOME = 60.0


@dataclass
class Stage:
    """One bot and its surroundings. Everything that was asked is kept, to be counted at the end.

    `held` is what a fault holds until it ends, and `noted` what it measured.
    """

    server: DiscordServer
    discord: Wire | None
    api: Wire | None
    folder: Path
    cluster: SimulatedCluster | None
    plane: ControlPlane | None
    marker: str
    environment: Mapping[str, str]
    asked: list[Interaction] = field(default_factory=list)
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)
    bot: Running | None = None
    probed: Probed = field(default_factory=lambda: Probed(free_port()))
    held: AsyncExitStack = field(default_factory=AsyncExitStack)
    noted: str = ""

    async def start(self) -> None:
        """Start the bot, and wait until Discord has welcomed it."""
        greeted = self.server.gateway.greeted
        environment = {**self.environment, **self.probed.settings}
        self.bot = await self._running.enter_async_context(
            started(self.server, "run", environment=environment)
        )
        await self.server.connected(WELCOME, times=greeted + 1)

    async def kill(self) -> None:
        """SIGKILL, as a node that loses its power; Discord sees the connection go."""
        assert self.bot is not None
        self.bot.process.kill()
        await self.bot.process.wait()
        self.server.gateway.sessions.clear()

    async def close(self) -> None:
        """End the bot."""
        await self.held.aclose()
        await self._running.aclose()

    @property
    def connected(self) -> bool:
        """Whether Discord has a session to tell; without one it tells the person so itself."""
        return any(each.line for each in self.server.gateway.sessions.values())

    async def ask(self) -> Interaction:
        """Somebody asks for everything."""
        handle = await self.server.slash("health", "all")
        self.asked.append(handle)
        return handle

    async def told(self) -> str:
        """Ask, and give what the person reads; empty where no answer came."""
        handle = await self.ask()
        with suppress(AssertionError):
            return (await handle.answer(PATIENCE)).text
        return ""

    def whole(self, text: str) -> bool:
        """Whether an answer saw everything: what is known to be broken is there, and no gap."""
        return self.marker in text and not any(gap in text for gap in ("unreachable:", "stale:"))

    async def recovered(self, seconds: float, *, since: float | None = None) -> float | None:
        """Seconds until a person reads a whole answer again; None where it takes longer."""
        began = time.monotonic() if since is None else since
        while time.monotonic() - began < seconds:
            if self.connected and self.whole(await self.told()):
                return time.monotonic() - began
            await asyncio.sleep(0.1)
        return None

    @property
    def lost(self) -> int:
        """Questions that were never answered."""
        return sum(not each.answers for each in self.asked)

    @property
    def twice(self) -> int:
        """Questions that were answered more than once."""
        return sum(len(each.answers) > 1 for each in self.asked)


@asynccontextmanager
async def staged(
    folder: Path, *, real: bool = False, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Stage]:
    """A stage with its bot connected and its first whole answer given.

    `real`: a real API server in place of the simulated homelab.
    """
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(discord_server.serve(folder))
        discord = await stack.enter_async_context(wired(*_address(server.rest_base)))
        _lead_through(server, discord)
        plane = cluster = None
        if real:
            plane, api, marker = await _real(stack, folder)
        else:
            cluster, api, marker = await _simulated(stack, folder)
        settings = settings_of(folder / "kubeconfig")
        given = settings | dict(environment or {})
        stage = Stage(server, discord, api, folder, cluster, plane, marker, given)
        stack.push_async_callback(stage.close)
        await stage.start()
        if await stage.recovered(WELCOME) is None:
            msg = f"the bot never gave a whole answer: {stage.asked[-1]}"
            raise RuntimeError(msg)
        yield stage


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 443


def _lead_through(server: DiscordServer, wire: Wire) -> None:
    """Let the bot reach Discord by the wire."""
    _, port = _address(server.rest_base)
    server.rest_base = server.rest_base.replace(str(port), str(wire.port))
    url = server.gateway.url.replace(str(port), str(wire.port))
    server.gateway.url = server.rest.gateway_url = url


async def _simulated(stack: AsyncExitStack, folder: Path) -> tuple[SimulatedCluster, Wire, str]:
    cluster = a_cluster()
    url = await stack.enter_async_context(serve(cluster))
    wire = await stack.enter_async_context(wired(*_address(url)))
    write_kubeconfig(folder / "kubeconfig", f"http://127.0.0.1:{wire.port}", KUBERNETES_TOKEN)
    return cluster, wire, "**paperless-env**"


async def _real(stack: AsyncExitStack, folder: Path) -> tuple[ControlPlane, Wire, str]:
    program = await asyncio.to_thread(ensure_built, catalogue.KUBERNETES)
    made = folder / "plane"
    made.mkdir()
    running = control_plane.running(made, control_plane.commands(program))
    plane = await asyncio.to_thread(running.__enter__)
    stack.push(running)
    real = RealCluster(plane.kubeconfig, (str(program), "kubectl"), plane)
    await asyncio.to_thread(_break_something, real)
    wire = await stack.enter_async_context(wired("127.0.0.1", plane.port))
    ca = plane.authority.cert_pem.bytes()
    write_kubeconfig(folder / "kubeconfig", f"https://127.0.0.1:{wire.port}", plane.token, ca=ca)
    return plane, wire, "**broken**"


def _break_something(real: RealCluster) -> None:
    """A Service that selects nothing."""
    spec = {"selector": {"app": "nobody"}, "ports": [{"port": 80}]}
    named = {"name": "broken", "namespace": "default"}
    for _ in range(50):
        if "default" in real.kubectl("get", "namespaces", "-o", "name"):
            break
        time.sleep(0.1)
    real.apply({"apiVersion": "v1", "kind": "Service", "metadata": named, "spec": spec})


def faketime() -> str | None:
    """The library that lets a process see another time; None where it is not installed."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0]) if found and shutil.which("faketime") else None
