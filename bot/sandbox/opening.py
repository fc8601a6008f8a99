"""Opens the sandbox: a scenario or a real cluster behind a simulated Discord."""

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
from bot.digest.domain.records import DigestPlan
from bot.domain.authorization import Members, Roles
from bot.domain.record import Store
from bot.errors import InputError
from bot.kube.agent_rounds import AgentRounds
from bot.kube.agents import Agents
from bot.kube.cache import WatchCache
from bot.kube.connect import INSTALLED_IN, connect
from bot.kube.pods import OwnImage
from bot.kube.prober_jobs import ProbeJobs
from bot.kube.tool_jobs import ToolJobs
from bot.net.admitted_prober import Admissions, AdmittedProber
from bot.net.mesh.monitor import Reader
from bot.net.ports import AgentProber
from bot.net.probing.manifests import TOOL_IMAGE
from bot.net.tools.service import Runner
from bot.runtime.memory_store import Unkept
from bot.sandbox.agent_prober import SimulatedAgents
from bot.sandbox.discord_page import CHANNEL_ID, GUILD_ID, NOTICE, OWNER_ID, TITLE, live_discord
from bot.sandbox.kubelet import Kubelet
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.network import Network
from bot.sandbox.outage import HINT, Outage
from bot.sandbox.scenarios import SCENARIOS, Homelab, Scenario
from bot.sandbox.scenarios.past import timetable

ROLES = Roles(approvers=Members(frozenset({OWNER_ID})), viewers=Members(frozenset({OWNER_ID})))
"""The owner of the simulated server may do everything, the guest nothing."""

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
    grace_unread=timedelta(seconds=30),
    steady=timedelta(seconds=10),
    calm=timedelta(minutes=1),
)
"""Alert rules with short waits, for people in front of a page."""

USUAL = Rules(routes=(AlertRoute(CHANNEL_ID),))
DIGESTS = DigestPlan(channel=CHANNEL_ID)


@dataclass(frozen=True, slots=True)
class SandboxParts:
    """The cluster, the people and the settings from which the sandbox's bot is built.

    checker: Makes route checks; None on a real cluster.
    look: Seconds between two looks of the alerts; 0 for the default.
    """

    cache: WatchCache
    roles: Roles
    guild_id: int
    prober: AdmittedProber
    tools: Runner
    reader: Reader
    store: Store
    plan: DigestPlan
    rules: Rules
    look: int
    checker: AgentProber | None


MakeClient = Callable[[SandboxParts], discord.Client]


@dataclass(frozen=True, slots=True)
class World:
    """A cluster, and how the page and the bot's alerts and digests are set up for it.

    image: Of the prober; empty where the cluster knows it. hear: Called with what people write.
    checker: Makes route checks.
    """

    kubeconfig: Path
    notice: str
    hint: str = TRY
    store: Unkept = field(default_factory=Unkept)
    rules: Rules = USUAL
    look: int = 0
    plan: DigestPlan = DIGESTS
    image: str = ""
    hear: Callable[[str], str | None] | None = None
    checker: AgentProber | None = None


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
        async with _played(homelab) as (cluster, path, agents):
            _say(f"scenario    {chosen.name}: {chosen.title}")
            _say(f"terminal    export KUBECONFIG={path}")
            world = await _simulated(chosen, homelab, cluster, path)
            await _serve(replace(world, checker=agents), port, make_client)


async def _simulated(
    scenario: Scenario, homelab: Homelab, cluster: SimulatedCluster, path: Path
) -> World:
    now, store = datetime.now(UTC), Unkept()
    plan, week = DIGESTS, ""
    if homelab.past:
        await homelab.past.keep(store, now)
        plan = replace(plan, daily=timetable(now))
        week = " The week before is made up, too."
    return World(
        path,
        f"{NOTICE} Scenario {scenario.name}: {scenario.tells}{week}",
        hint=f"{TRY} {HINT}",
        store=store,
        rules=HASTY,
        look=LOOK,
        plan=plan,
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
    """A simulated cluster that plays the scenario; yields the path of its kubeconfig."""
    async with _played(scenario.build(datetime.now(UTC))) as (_, path, _agents):
        yield path


@asynccontextmanager
async def _played(
    homelab: Homelab,
) -> AsyncIterator[tuple[SimulatedCluster, Path, SimulatedAgents]]:
    cluster = SimulatedCluster(homelab.objects)
    homelab.prepare(cluster)
    kubelet = Kubelet(cluster, Network(homelab.broken))
    kubelet.open_shells("traefik")
    with tempfile.TemporaryDirectory(prefix="meshmedic-") as folder:
        async with serve(cluster) as url:
            path = Path(folder) / "kubeconfig"
            write_kubeconfig(path, url, None)
            jobs = _keep_fresh(homelab, cluster), kubelet.run()
            tasks = [asyncio.create_task(job) for job in jobs]
            try:
                yield cluster, path, SimulatedAgents(kubelet.network, kubelet.learn)
            finally:
                for task in tasks:
                    task.cancel()


async def _keep_fresh(homelab: Homelab, cluster: SimulatedCluster) -> None:
    """Refresh what kubelets and controllers write, or the bot would find them silent."""
    while True:
        await asyncio.sleep(HEARTBEAT)
        homelab.refresh(cluster, datetime.now(UTC))


async def _serve(world: World, port: int, make_client: MakeClient) -> None:
    async with connect(kubeconfig=world.kubeconfig) as api:
        cache = WatchCache(api, secret_inventory=True)
        parts = SandboxParts(
            cache,
            ROLES,
            GUILD_ID,
            AdmittedProber(
                ProbeJobs(api, OwnImage(api, world.image, INSTALLED_IN)), Admissions(cache)
            ),
            ToolJobs(api, TOOL_IMAGE),
            AgentRounds(Agents(api)),
            world.store,
            world.plan,
            world.rules,
            world.look,
            world.checker,
        )
        async with live_discord(
            make_client(parts),
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
