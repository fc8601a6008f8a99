"""One scenario, with the bot in a simulated Discord and a terminal beside it, over one cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.alerting.domain.incident import ALERTS, Alerts
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.app.bootstrap import Bot, BotOptions, ClusterParts
from bot.cli.connection import ClusterConnection
from bot.digest.domain.records import DigestPlan
from bot.kube.agent_rounds import AgentRounds
from bot.kube.agents import Agents
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from bot.kube.tool_jobs import ToolJobs
from bot.net.admitted_prober import Admissions, AdmittedProber
from bot.net.probing.manifests import TOOL_IMAGE
from bot.net.tools.service import Netshoot
from bot.runtime.memory_store import Unkept
from bot.sandbox.agent_prober import SimulatedAgents
from bot.sandbox.discord_page import CHANNEL_ID, GUILD_ID, DiscordPage, live_discord
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.network import Network
from bot.sandbox.opening import ROLES
from bot.sandbox.scenarios import Homelab, Scenario
from bot.settings import Settings
from tests.fake_prober import FakeProber

STATE = "meshmedic"
"""Where the terminal looks for what the bot keeps."""

RARELY = 3600
"""Seconds between two looks of the alerts: a test looks by itself."""

AT_ONCE = Rules(
    routes=(AlertRoute(CHANNEL_ID),),
    grace={},
    grace_else=timedelta(0),
    budget=100,
    steady=timedelta(0),
)
"""Every finding that is bad enough is an incident with the first report that has it, and it is over
with the first one that has it no more."""


@dataclass(frozen=True)
class World:
    """A scenario that is played, and who is asked about it."""

    lab: Homelab
    cluster: SimulatedCluster
    bot: Bot
    page: DiscordPage
    terminal: ClusterConnection
    store: Unkept
    agents: SimulatedAgents

    async def look(self) -> None:
        """Look at the cluster as alerts and board do, and post what is due."""
        (alerts,) = (job for job in self.bot._jobs() if job.name == "alerts")
        await alerts.call()


@asynccontextmanager
async def playing(scenario: Scenario, folder: Path) -> AsyncIterator[World]:
    """The scenario as the sandbox plays it; its API answers without delay."""
    lab = scenario.build(datetime.now(UTC))
    cluster = SimulatedCluster(lab.objects)
    lab.prepare(cluster)
    cluster.faults.delay = 0.0
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(cluster))
        kubeconfig = folder / "kubeconfig"
        write_kubeconfig(kubeconfig, url, None)
        api = await stack.enter_async_context(connect(kubeconfig=kubeconfig))
        store = Unkept()
        await store.change(ALERTS, lambda _: Alerts())
        cache = WatchCache(api, secret_inventory=True)
        parts = ClusterParts(
            cache,
            Netshoot(cache, ToolJobs(api, TOOL_IMAGE)),
            AdmittedProber(FakeProber(_network(lab)), Admissions(cache)),
            AgentRounds(Agents(api)),
            store,
        )
        bot = Bot(
            parts,
            BotOptions(
                ROLES,
                GUILD_ID,
                digests=DigestPlan(channel=CHANNEL_ID),
                rules=AT_ONCE,
                board=CHANNEL_ID,
                look_every=RARELY,
                board_every=0.0,
            ),
        )
        page = await stack.enter_async_context(live_discord(bot.client))
        settings = Settings(secret_inventory=True, state_namespace=STATE)
        terminal = ClusterConnection(api, settings, kubeconfig, None)
        agents = SimulatedAgents(_network(lab), lambda: None)
        yield World(lab, cluster, bot, page, terminal, store, agents)


def _network(lab: Homelab) -> Network:
    network = Network(lab.broken)
    network.learn(
        *map(lab.of, ("Node", "Pod", "Service", "EndpointSlice")),
        ingresses=lab.of("Ingress"),
        routes=lab.of("IngressRoute"),
    )
    return network
