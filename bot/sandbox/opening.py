"""Opening the sandbox: a scenario or a real cluster behind a Discord of one's own."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import discord

from bot.core.access import Circles, Members
from bot.core.network.manifests import TOOL_IMAGE
from bot.errors import InputError
from bot.kube.agent_rounds import AgentRounds
from bot.kube.agents import Agents
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from bot.kube.own_image import OwnImage
from bot.kube.probe_inside import ProbeInside
from bot.kube.probe_jobs import ProbeJobs
from bot.kube.probe_key import ProbeKey
from bot.kube.tool_jobs import ToolJobs
from bot.netshoot import Runner
from bot.prober import Prober
from bot.rounds import Reader
from bot.sandbox.discord_page import GUILD_ID, NOTICE, OWNER_ID, TITLE, live_discord
from bot.sandbox.kubelet import Kubelet
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.network import Network
from bot.sandbox.scenarios import SCENARIOS, Homelab, Scenario

CIRCLES = Circles(approvers=Members(frozenset({OWNER_ID})), viewers=Members(frozenset({OWNER_ID})))
"""The owner of the simulated server may do everything, the guest nothing."""


class MakeClient(Protocol):
    """What makes the bot."""

    def __call__(
        self,
        cache: WatchCache,
        circles: Circles,
        guild_id: int,
        prober: Prober,
        tools: Runner,
        *,
        reader: Reader,
    ) -> discord.Client:
        """The bot, wired to a cluster."""
        ...


SIMULATED_IMAGE = "registry.example/meshmedic:sandbox"

HEARTBEAT = 60.0
"""Seconds between two signs of life of the simulated homelab."""

REAL = (
    "The people and this Discord are simulated; the cluster is the real one of your kubeconfig. "
    "The bot reads; /net makes pods in the namespace meshmedic-probe, and removes them."
)


async def open_sandbox(
    scenario: str, kubeconfig: Path | None, port: int, make_client: MakeClient
) -> None:
    """Serve the page until somebody closes it or Ctrl-C.

    Raises:
        InputError: No such scenario, or the port is taken.
        ClusterError: The kubeconfig cannot be used.
    """
    if kubeconfig is None and scenario == "list":
        _say(listed())
    elif kubeconfig is None:
        chosen = find(scenario)
        async with simulated(chosen) as path:
            notice = f"{NOTICE} Scenario {chosen.name}: {chosen.tells} Type /health all."
            _say(f"scenario    {chosen.name}: {chosen.title}")
            _say(f"terminal    .venv/bin/meshmedic check --kubeconfig {path}")
            await _serve(path, port, make_client, notice, image=SIMULATED_IMAGE)
    else:
        await _serve(kubeconfig, port, make_client, REAL)


def find(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        InputError: There is none; the message lists them all.
    """
    for each in SCENARIOS:
        if each.name == name:
            return each
    msg = f"There is no scenario {name!r}. {listed()}"
    raise InputError(msg)


def listed() -> str:
    """The scenarios that can be played, a line for each."""
    lines = (f"  {each.name:<14}{each.title}" for each in SCENARIOS)
    return "\n".join(["The scenarios:", *lines])


@asynccontextmanager
async def simulated(scenario: Scenario) -> AsyncIterator[Path]:
    """A simulated cluster that plays the scenario; yields the kubeconfig that reaches it."""
    homelab = scenario.build(datetime.now(UTC))
    cluster = SimulatedCluster(homelab.objects)
    homelab.prepare(cluster)
    with tempfile.TemporaryDirectory(prefix="meshmedic-sandbox-") as folder:
        async with serve(cluster) as url, _beside(cluster, homelab):
            path = Path(folder) / "kubeconfig"
            write_kubeconfig(path, url, None)
            yield path


@asynccontextmanager
async def _beside(cluster: SimulatedCluster, homelab: Homelab) -> AsyncIterator[None]:
    """What goes on in a cluster by itself, while the block runs."""
    kubelet = Kubelet(cluster, Network(homelab.broken))
    kubelet.open_shells("traefik")
    tasks = [
        asyncio.create_task(_keep_fresh(homelab, cluster)),
        asyncio.create_task(kubelet.run()),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _keep_fresh(homelab: Homelab, cluster: SimulatedCluster) -> None:
    """Let kubelets and controllers be heard from, or the page would find them silent."""
    while True:
        await asyncio.sleep(HEARTBEAT)
        homelab.refresh(cluster, datetime.now(UTC))


async def _serve(
    kubeconfig: Path, port: int, make_client: MakeClient, notice: str, *, image: str = ""
) -> None:
    async with connect(kubeconfig=kubeconfig) as api:
        cache = WatchCache(api, secret_inventory=True)
        prober = ProbeInside(api, ProbeJobs(api, OwnImage(api, image)))
        tools = ToolJobs(api, TOOL_IMAGE)
        rounds = AgentRounds(api, Agents(api, ProbeKey(api)))
        client = make_client(cache, CIRCLES, GUILD_ID, prober, tools, reader=rounds)
        async with live_discord(client, port=port, title=TITLE, notice=notice) as page:
            _say(notice)
            _say(f"open        {page.url}")
            _say("stop        Ctrl-C")
            await page.wait_closed()


def _say(line: str) -> None:
    print(line, file=sys.stdout, flush=True)  # noqa: T201  # the terminal is our page
