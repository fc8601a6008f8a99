"""Opening the sandbox: a scenario or a real cluster behind a Discord of one's own."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord

from bot.alerting.domain.rules import AlertRoute, Rules
from bot.digest.domain.config import DigestPlan
from bot.digest.schedule.timetable import Timetable
from bot.domain.authorization import Circles, Members
from bot.errors import InputError
from bot.kube.agent_rounds import AgentRounds
from bot.kube.agents import Agents
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from bot.kube.own_image import OwnImage
from bot.kube.prober_jobs import ProbeJobs
from bot.kube.tool_jobs import ToolJobs
from bot.net.probing.manifests import TOOL_IMAGE
from bot.runtime.memory_store import Unkept
from bot.sandbox.discord_page import CHANNEL_ID, GUILD_ID, NOTICE, OWNER_ID, TITLE, live_discord
from bot.sandbox.kubelet import Kubelet
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.network import Network
from bot.sandbox.outage import HINT, Outage
from bot.sandbox.scenarios import SCENARIOS, Homelab, Scenario
from bot.sandbox.scenarios.past import timetable
from bot.sandbox.stage import Stage

CIRCLES = Circles(approvers=Members(frozenset({OWNER_ID})), viewers=Members(frozenset({OWNER_ID})))
"""The owner of the simulated server may do everything, the guest nothing."""

MakeClient = Callable[[Stage], discord.Client]

SIMULATED_IMAGE = "registry.example/meshmedic:sandbox"

HEARTBEAT = 60.0
"""Seconds between two signs of life of the simulated homelab."""

REAL = (
    "The people and this Discord are simulated; the cluster is the real one of your kubeconfig. "
    "The bot reads; /net makes pods in the namespace meshmedic-probe, and removes them."
)

TRY = "Try /health all, /digest now, /net diagnose, /fix route."

LOOK = 3
"""Seconds between two looks of the alerts at a simulated homelab."""

HASTY = Rules(
    routes=(AlertRoute(CHANNEL_ID),),
    grace={},
    grace_else=timedelta(seconds=5),
    steady=timedelta(seconds=10),
    calm=timedelta(minutes=1),
)
"""Nobody waits minutes in front of a page."""

USUAL = Rules(routes=(AlertRoute(CHANNEL_ID),))


@dataclass(frozen=True, slots=True)
class World:
    """What the bot and the page are set up around; `hear` is told what people write.

    rules, look, daily: How alerts and digests are set. image: Of the prober, where nobody asks the
    cluster for it.
    """

    kubeconfig: Path
    notice: str
    hint: str = TRY
    store: Unkept = field(default_factory=Unkept)
    rules: Rules = USUAL
    look: int = 0
    daily: Timetable | None = None
    image: str = ""
    hear: Callable[[str], str | None] | None = None


async def open_sandbox(
    scenario: str, kubeconfig: Path | None, port: int, make_client: MakeClient
) -> None:
    """Serve the page until somebody closes it or Ctrl-C.

    Raises:
        InputError: No such scenario, or the port is taken.
        ClusterError: The kubeconfig cannot be used.
    """
    if kubeconfig is not None:
        await _serve(World(kubeconfig, REAL), port, make_client)
    elif scenario == "list":
        _say(listed())
    else:
        chosen = find(scenario)
        homelab = chosen.build(datetime.now(UTC))
        async with _played(homelab) as (cluster, path):
            _say(f"scenario    {chosen.name}: {chosen.title}")
            _say(f"terminal    export KUBECONFIG={path}")
            await _serve(await _simulated(chosen, homelab, cluster, path), port, make_client)


async def _simulated(
    scenario: Scenario, homelab: Homelab, cluster: SimulatedCluster, path: Path
) -> World:
    now, store = datetime.now(UTC), Unkept()
    week = ""
    if homelab.past:
        await homelab.past.keep(store, now)
        week = " The week before is made up, too."
    return World(
        path,
        f"{NOTICE} Scenario {scenario.name}: {scenario.tells}{week}",
        hint=f"{TRY} {HINT}",
        store=store,
        rules=HASTY,
        look=LOOK,
        daily=timetable(now) if homelab.past else None,
        image=SIMULATED_IMAGE,
        hear=Outage(homelab, cluster).hear,
    )


def find(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        InputError: There is none; the message lists them all.
    """
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    msg = f"There is no scenario {name!r}. {listed()}"
    raise InputError(msg)


def listed() -> str:
    """The scenarios that can be played, a line for each."""
    lines = (f"  {scenario.name:<14}{scenario.title}" for scenario in SCENARIOS)
    return "\n".join(["The scenarios:", *lines])


@asynccontextmanager
async def simulated(scenario: Scenario) -> AsyncIterator[Path]:
    """A simulated cluster that plays the scenario; yields the kubeconfig that reaches it."""
    async with _played(scenario.build(datetime.now(UTC))) as (_, path):
        yield path


@asynccontextmanager
async def _played(homelab: Homelab) -> AsyncIterator[tuple[SimulatedCluster, Path]]:
    cluster = SimulatedCluster(homelab.objects)
    homelab.prepare(cluster)
    with tempfile.TemporaryDirectory(prefix="meshmedic-") as folder:
        async with serve(cluster) as url, _beside(cluster, homelab):
            path = Path(folder) / "kubeconfig"
            write_kubeconfig(path, url, None)
            yield cluster, path


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


async def _serve(world: World, port: int, make_client: MakeClient) -> None:
    async with connect(kubeconfig=world.kubeconfig) as api:
        cache = WatchCache(api, secret_inventory=True)
        plan = DigestPlan(channel=CHANNEL_ID)
        stage = Stage(
            cache,
            CIRCLES,
            GUILD_ID,
            ProbeJobs(api, OwnImage(api, world.image)),
            ToolJobs(api, TOOL_IMAGE),
            AgentRounds(Agents(api)),
            store=world.store,
            plan=replace(plan, daily=world.daily) if world.daily else plan,
            rules=world.rules,
            board=CHANNEL_ID,
            look=world.look,
        )
        async with live_discord(
            make_client(stage),
            port=port,
            title=TITLE,
            notice=world.notice,
            hint=world.hint,
            hear=world.hear,
        ) as page:
            _say(textwrap.fill(world.notice, COLUMNS))
            _say(f"open        {page.url}")
            _say("stop        Ctrl-C")
            await page.wait_closed()


COLUMNS = 79


def _say(line: str) -> None:
    print(line, file=sys.stdout, flush=True)  # noqa: T201  # the terminal is our page
