"""The composition root: the use cases are constructed here, for production and for the sandbox.

Each builder takes what the one before it built: the cluster, the services over it, the chat that
offers them. `bot.app.serve` then runs the process.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import discord

from bot import log_setup, settings
from bot.alerting.delivery import AlertDelivery
from bot.alerting.discord_channel import DiscordAlertChannel
from bot.alerting.domain.rules import NO_ALERTS, Rules
from bot.alerting.service import BOARD_EVERY, LOOK_EVERY, AlertService
from bot.alerting.silences import Silences
from bot.app.gitops import configured
from bot.app.leader_tasks import LeaderTasks
from bot.app.leadership import Membership, membership
from bot.app.metrics import Metrics, Sources
from bot.app.probes import Probes
from bot.app.remediation import build_remediation, clock, nobody_asks
from bot.app.serve import Process, serve
from bot.charts.process import Artist, Draw
from bot.chat.client import Client
from bot.digest.composer import Composer, nobody, nothing
from bot.digest.delivery import DigestDelivery
from bot.digest.discord_channel import DiscordDigestChannel
from bot.digest.domain.config import DigestPlan
from bot.digest.ports import DigestOutcome
from bot.digest.service import Digests, unprepared
from bot.doctor.domain.facts import Setup, Use
from bot.domain.authorization import Circles
from bot.domain.election import Alone, Leadership
from bot.domain.record import Store
from bot.domain.report import Report
from bot.domain.resources.core import Namespace
from bot.errors import MeshmedicError
from bot.gitops.service import PullRequests
from bot.health.report_store import Memory
from bot.health.service import Health
from bot.history.recorder import EVERY as HISTORY_EVERY
from bot.history.recorder import HistoryRecorder
from bot.kube.cache import WatchCache
from bot.kube.change_events import ChangeEvents
from bot.kube.change_store import KubernetesChangeStore, NoChangeStore
from bot.kube.change_writer import KubernetesStepWriter
from bot.kube.client import Api
from bot.kube.connect import connect, own_namespace
from bot.kube.doctor_facts import AccessReader
from bot.kube.exec import PodCommands
from bot.kube.flux_objects import FluxObjects
from bot.kube.own_image import OwnImage
from bot.kube.prober_daemonset import ProbeAgents
from bot.kube.tool_jobs import ToolJobs
from bot.kube.traefik_reader import TraefikReader
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.monitor import EVERY as ROUNDS_EVERY
from bot.net.mesh.monitor import Reader, Rounds
from bot.net.mesh.service import Mesh
from bot.net.ports import Prober
from bot.net.probing import agent_keys, agent_peers
from bot.net.request.service import Reach
from bot.net.tools import targets
from bot.net.tools.service import Netshoot
from bot.remediation.change.approval import Policy
from bot.remediation.change.change import waiting
from bot.remediation.journal import ChangeListener, ChangeNotifier
from bot.remediation.pull_request_flow import AskFlux
from bot.remediation.reconciler import TICK
from bot.remediation.service import RemediationService
from bot.runbook import service as runbook
from bot.runtime.memory_store import Unkept
from bot.runtime.scheduler import REDISCOVER, Schedule
from bot.traefik.service import Traefik
from commands import registry
from commands.alerts import controls as alert_controls
from commands.alerts.cog import AlertsCog
from commands.digest import refresh_button
from commands.digest.cog import DigestCog
from commands.doctor import DoctorCog
from commands.fix.announcements import Announcer
from commands.fix.cog import FixCog
from commands.health.cog import HealthCog
from commands.net.cog import NetCog
from commands.runbook import RunbookCog
from commands.traefik import TraefikCog

if TYPE_CHECKING:  # the package belongs to an extra that production lacks
    from bot.sandbox.opening import SandboxParts

SANDBOX = "meshmedic"
"""Where the sandbox keeps Changes."""


@dataclass(frozen=True, slots=True)
class BotOptions:
    """What the settings say of people, channels and permissions.

    `look_every` and `board_every` are seconds between two looks of the alerts and two edits of
    their board. A look takes some 30 ms of ten thousand pods, from memory.
    """

    circles: Circles
    guild_id: int
    policy: Policy = field(default_factory=Policy)
    audit_channel: int | None = None
    digests: DigestPlan = field(default_factory=DigestPlan)
    rules: Rules = NO_ALERTS
    board: int | None = None
    uses: frozenset[Use] = frozenset()
    look_every: int = LOOK_EVERY
    board_every: float = BOARD_EVERY


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """A call that the process repeats; `seconds` between two of them."""

    seconds: int
    name: str
    call: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ClusterParts:
    """The cluster as this process may use it.

    Without a `membership` the process is alone: it always acts. Without a `prober` a diagnosis
    rests on the objects; `reader` reads the rounds of agents. `state_namespace` is where Changes
    are kept, and empty where there is no such place. `prepare` may go on beside everything else.
    """

    cache: WatchCache
    netshoot: Netshoot
    prober: Prober | None = None
    reader: Reader | None = None
    store: Store = field(default_factory=Unkept)
    state_namespace: str = ""
    membership: Membership | None = None
    repository: PullRequests | None = None
    ask_flux: AskFlux = nobody_asks
    jobs: tuple[ScheduledCall, ...] = ()
    prepare: Callable[[], Awaitable[None]] | None = None

    @property
    def leadership(self) -> Leadership:
        """Whether this process acts."""
        return self.membership.elector if self.membership else Alone()


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases that know nothing of Discord; `memory` keeps reports where there is a store."""

    health: Health
    diagnose: Diagnose
    mesh: Mesh
    reach: Reach
    traefik: Traefik
    silences: Silences
    remediation: RemediationService
    rounds: Rounds | None
    memory: Memory | None


class Background:
    """What runs beside the connection; `closing` is undone in reverse order at the end."""

    def __init__(self, cache: WatchCache) -> None:
        self.schedule = Schedule()
        self.jobs: list[Callable[[], None]] = []
        self.closing = AsyncExitStack()
        self._cache = cache
        self.closing.push_async_callback(cache.close)

    def every(self, job: ScheduledCall, *, at_once: bool = False) -> None:
        """Do this again and again from the start on."""
        self.jobs.append(
            partial(self.schedule.every, job.seconds, job.name, job.call, at_once=at_once)
        )

    async def start(self) -> None:
        """Fill the cache, then begin with the jobs."""
        await self._cache.start()
        # Only now: a job that was added long before the scheduler starts would count as missed.
        for add in self.jobs:
            add()
        self.schedule.start()


def run() -> int:
    """Answer on Discord until SIGTERM or SIGINT. Returns the exit code."""
    read = settings.load()
    log_setup.configure(read.log_level, read.log_format)
    token, guild_id = read.for_discord()
    # What was imported is never garbage: looking through it would hold the event loop up.
    gc.collect()
    gc.freeze()
    return asyncio.run(_run(read, token, guild_id))


async def _run(read: settings.Settings, token: str, guild_id: int) -> int:
    async with connect(kubeconfig=read.kubeconfig, context=read.context) as api:
        cluster = build_cluster(api, read)
        options = BotOptions(
            read.circles,
            guild_id,
            policy=read.policy,
            audit_channel=read.audit_channel,
            digests=read.digests,
            rules=read.alert_rules,
            board=read.board_channel,
            uses=read.uses,
        )
        return await serve(build_process(cluster, options), token, read.http_port)


def sandbox(scenario: str, kubeconfig: Path | None, port: int) -> int:
    """The bot in a browser, against a scenario or a real cluster. Returns the exit code."""
    try:
        from bot.sandbox import opening  # noqa: PLC0415  # needs an extra that production lacks
    except ModuleNotFoundError as error:
        msg = f"The sandbox needs the package {error.name}: run `make setup`."
        if error.name == "bot.sandbox":
            msg = (
                "The image for clusters has no sandbox. Run `make sandbox` in a clone of meshmedic."
            )
        raise MeshmedicError(msg) from error
    log_setup.configure("info")
    with suppress(KeyboardInterrupt):
        asyncio.run(opening.open_sandbox(scenario, kubeconfig, port, make_client))
    return 0


def make_client(parts: SandboxParts) -> Client:
    """The bot alone, for the sandbox."""
    cluster = ClusterParts(
        parts.cache,
        Netshoot(parts.cache, parts.tools),
        parts.prober,
        parts.reader,
        parts.store,
        SANDBOX,
    )
    options = BotOptions(
        parts.circles,
        parts.guild_id,
        digests=parts.plan,
        rules=parts.rules,
        board=parts.plan.channel,
        look_every=parts.look or LOOK_EVERY,
        board_every=parts.look or BOARD_EVERY,
    )
    return build_process(cluster, options).client


def build_cluster(api: Api, read: settings.Settings) -> ClusterParts:
    """The cluster of the settings: its watches, probes, place for state, and repository."""
    cache = WatchCache(api, secret_inventory=read.secret_inventory, namespaces=read.namespaces)
    namespace = read.state_namespace or own_namespace(read.kubeconfig, read.context)
    member = membership(api, namespace) if namespace else None
    image = OwnImage(api, read.probe_image)
    prober = ProbeAgents(api, image, host_network=read.probe_host_network)
    flux = FluxObjects(api)
    return ClusterParts(
        cache,
        Netshoot(cache, ToolJobs(api, read.tool_image), targets.allowed(read.net_targets)),
        prober,
        prober.rounds,
        member.state if member else Unkept(),
        namespace,
        member,
        configured(read, flux),
        flux.reconcile,
        (
            ScheduledCall(int(agent_keys.AGAIN), "publish the key of probes", prober.refresh),
            ScheduledCall(
                int(agent_peers.AGAIN), "tell agents their peers", prober.agents.publish_peers
            ),
        ),
        prober.begin,
    )


def build_process(cluster: ClusterParts, options: BotOptions) -> Process:
    """The bot over a cluster, ready to be served."""
    leadership, member = cluster.leadership, cluster.membership
    metrics, background = Metrics(), Background(cluster.cache)
    client = Client(
        options.circles,
        options.guild_id,
        on_start=background.start,
        on_stop=background.closing.aclose,
        on_answered=metrics.answered,
        leadership=leadership,
    )
    announcer = Announcer(client, clock, options.audit_channel)
    services = build_services(cluster, options, metrics, announcer.announce)
    build_chat(client, cluster, services, options=options, metrics=metrics, background=background)
    health, memory = services.health, services.memory
    tally = member.changes.tally if member else dict
    metrics.read_from(
        Sources(client, cluster.cache.watches, lambda: health.latest, leadership.may_act, tally)
    )
    leader_tasks = None
    if member and memory:
        restore = partial(memory.restore, health, services.diagnose)
        leader_tasks = LeaderTasks(member.elector, client, member.state, restore)
    probes = Probes(client, cluster.cache, background.schedule, member.ended if member else tuple)
    return Process(client, probes, metrics, leader_tasks, member, memory, cluster.prepare)


def build_services(
    cluster: ClusterParts, options: BotOptions, metrics: Metrics, on_change: ChangeListener
) -> Services:
    """The use cases; `on_change` shows each change of a repair that moves."""
    cache, leadership, namespace = cluster.cache, cluster.leadership, cluster.state_namespace
    memory = Memory(cluster.store, leadership) if cluster.membership else None
    traefik = Traefik(cache, TraefikReader(cache.api))
    diagnose = Diagnose(
        cache, cluster.prober, traefik, on_proofs=memory.note_proofs if memory else None
    )
    rounds = Rounds(cache, cluster.reader, cluster.store) if cluster.reader else None
    health = Health(
        cache,
        around=metrics.around,
        on_report=memory.note if memory else None,
        diagnosed=lambda: diagnose.remembered,
        rounds=lambda: rounds.links if rounds else None,
    )
    remediation = build_remediation(
        cache,
        diagnose,
        traefik,
        cluster.prober,
        store=(
            KubernetesChangeStore(cache.api, namespace, leadership)
            if namespace
            else NoChangeStore()
        ),
        writer=KubernetesStepWriter(cache.api, leadership.may_act),
        circles=options.circles,
        policy=options.policy,
        may_act=leadership.may_act,
        notifier=ChangeNotifier((ChangeEvents(cache.api).tell, on_change)),
        pulls=cluster.repository,
        ask=cluster.ask_flux,
    )
    return Services(
        health=health,
        diagnose=diagnose,
        mesh=Mesh(cache, cluster.prober),
        reach=Reach(cache, cluster.prober, PodCommands(cache.api)),
        traefik=traefik,
        silences=Silences(cluster.store, health, partial(cache.names, Namespace)),
        remediation=remediation,
        rounds=rounds,
        memory=memory,
    )


def build_chat(
    client: Client,
    cluster: ClusterParts,
    services: Services,
    *,
    options: BotOptions,
    metrics: Metrics,
    background: Background,
) -> None:
    """Offer the services to people: by commands, and by what is sent without being asked for."""
    cache, leadership, remediation = cluster.cache, cluster.leadership, services.remediation
    artist = Artist()
    background.closing.push_async_callback(artist.close)
    background.closing.callback(remediation.reconciler.stop)
    background.closing.callback(background.schedule.stop)

    async def approvals() -> tuple[str, ...]:
        return waiting(await remediation.every(), clock())

    digests = build_digests(
        options.digests,
        health=services.health,
        store=cluster.store,
        leadership=leadership,
        client=client,
        draw=artist.draw,
        prepare=artist.prepare,
        on_outcome=metrics.digest,
        muted=services.silences.muted,
        approvals=approvals,
    )
    namespaces = partial(cache.names, Namespace)
    setup = Setup(
        options.guild_id,
        options.circles,
        registry.definitions(),
        cache.namespaces,
        cache.secret_inventory,
        cluster.state_namespace,
        options.uses,
    )
    registry.register(
        client,
        HealthCog(services.health, namespaces),
        DigestCog(digests, services.health, namespaces),
        NetCog(services.diagnose, services.mesh, services.reach, cluster.netshoot, artist.draw),
        TraefikCog(services.traefik),
        FixCog(remediation, services.diagnose),
        RunbookCog(runbook.load()),
        DoctorCog(AccessReader(cache.api), setup, digests.facts, cluster.repository),
        AlertsCog(services.silences, services.health),
    )
    _add_jobs(
        client,
        cluster,
        services,
        options=options,
        metrics=metrics,
        background=background,
        digests=digests,
    )


def _add_jobs(
    client: Client,
    cluster: ClusterParts,
    services: Services,
    *,
    options: BotOptions,
    metrics: Metrics,
    background: Background,
    digests: Digests,
) -> None:
    """Everything that this process does by the clock."""
    background.every(ScheduledCall(REDISCOVER, "look for new kinds", cluster.cache.rediscover))
    if cluster.state_namespace:
        reconciler = services.remediation.reconciler
        background.every(ScheduledCall(TICK, "go on with changes", reconciler.go_on))
    if services.rounds:
        rounds = ScheduledCall(ROUNDS_EVERY, "read the agents' rounds", services.rounds.look)
        background.every(rounds, at_once=True)
    for job in cluster.jobs:
        background.every(job)
    background.jobs.append(partial(background.schedule.each_minute, "digests", digests.turn))
    history = HistoryRecorder(
        services.health, cluster.store, cluster.leadership, services.health.rounds
    )
    background.every(ScheduledCall(HISTORY_EVERY, "history", history.record))
    if options.rules.routes or options.board:
        delivery = AlertDelivery(
            cluster.store,
            DiscordAlertChannel(
                client, lambda incident: alert_controls.rows(incident.head), client.guild_id
            ),
            cluster.leadership,
            options.rules,
            fallback=options.digests.fallback,
            on_outcome=metrics.alert,
        )
        alerts = AlertService(services.health, delivery, options.board, options.board_every)
        background.every(ScheduledCall(options.look_every, "alerts", alerts.turn))


def build_digests(
    plan: DigestPlan,
    *,
    health: Health,
    store: Store,
    leadership: Leadership,
    client: discord.Client,
    draw: Draw,
    on_outcome: Callable[[DigestOutcome], None],
    muted: Callable[[Report], Awaitable[Mapping[str, str]]] = nobody,
    approvals: Callable[[], Awaitable[tuple[str, ...]]] = nothing,
    prepare: Callable[[], Awaitable[None]] = unprepared,
) -> Digests:
    """The digests, delivered to Discord's channels."""
    composer = Composer(health, store, draw, plan.zone, muted=muted, approvals=approvals)
    delivery = DigestDelivery(
        composer,
        DiscordDigestChannel(client, refresh_button.rows),
        leadership,
        process=secrets.token_hex(4),
        fallback=plan.fallback,
        on_outcome=on_outcome,
    )
    return Digests(delivery, plan.schedules(), prepare)
