"""The composition root: everything is built here, for production and for the sandbox.

`bot.app.serve` runs the process.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.alerting.delivery import AlertDelivery
from bot.alerting.discord_channel import DiscordAlertChannel
from bot.alerting.domain.outage import GONE_AFTER
from bot.alerting.domain.rules import NO_ALERTS, Rules
from bot.alerting.outage import OutageAlerts
from bot.alerting.service import BOARD_EVERY, LOOK_EVERY, AlertService
from bot.alerting.silences import Silences
from bot.app.alert_turns import AlertTurns
from bot.app.chosen import board_of, plan_of, rules_of, setup_of
from bot.app.dead_mans_switch import DeadMansSwitch
from bot.app.gitops import build_pull_requests
from bot.app.leader_tasks import LeaderTasks
from bot.app.leadership import Membership, membership
from bot.app.metrics import Metrics, Sources
from bot.app.probes import Probes
from bot.app.readiness import Readiness
from bot.app.remediation import build_remediation, clock, nobody_asks
from bot.charts.process import Artist
from bot.chat.channel import Channels
from bot.chat.client import Client
from bot.chat.lost_channels import LostChannels
from bot.digest.composer import Composer
from bot.digest.delivery import DigestDelivery
from bot.digest.discord_channel import DiscordDigestChannel
from bot.digest.domain.records import DigestPlan
from bot.digest.ports import DigestOutcome
from bot.digest.service import Digests, unprepared
from bot.doctor.domain.facts import Setup, Use
from bot.doctor.service import AgentsReader, Doctor
from bot.domain.authorization import Roles
from bot.domain.election import Alone, Leadership
from bot.domain.record import Store
from bot.domain.resources.core import Namespace
from bot.gitops.service import PullRequests
from bot.health.report_store import ReportStore
from bot.health.service import Health
from bot.history.domain.record import HISTORY
from bot.history.domain.uptime import of_route_checks, owners_of
from bot.history.recorder import EVERY as HISTORY_EVERY
from bot.history.recorder import HistoryRecorder
from bot.history.requests import RequestRecorder
from bot.kube.agents_facts import AgentsExaminer
from bot.kube.cache import WatchCache
from bot.kube.change_events import ChangeEvents
from bot.kube.change_store import KubernetesChangeStore, NoChangeStore
from bot.kube.change_writer import KubernetesStepWriter
from bot.kube.client import Api
from bot.kube.connect import bot_namespace, own_namespace
from bot.kube.doctor_facts import AccessReader
from bot.kube.exec import PodCommands
from bot.kube.flux_objects import FluxObjects
from bot.kube.own_pod_events import OwnPodEvents
from bot.kube.pods import OwnImage
from bot.kube.prober_daemonset import ProbeAgents
from bot.kube.tool_jobs import ToolJobs
from bot.kube.traefik_reader import TraefikReader
from bot.net.admitted_prober import Admissions, AdmittedAgents, AdmittedProber
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.monitor import EVERY as ROUNDS_EVERY
from bot.net.mesh.monitor import Reader, Rounds
from bot.net.mesh.service import Mesh
from bot.net.ports import AgentProber
from bot.net.probing import agent_configmaps
from bot.net.probing.manifests import ImageSource
from bot.net.request.service import Reach
from bot.net.route_checks.monitor import EVERY as CHECKS_EVERY
from bot.net.route_checks.monitor import CheckSettings, RouteMonitor
from bot.net.tools import targets
from bot.net.tools.service import Netshoot
from bot.remediation.change.approval import Policy
from bot.remediation.change.change import waiting
from bot.remediation.journal import ChangeNotifier
from bot.remediation.pull_request_flow import AskFlux
from bot.remediation.reconciler import TICK
from bot.remediation.service import RemediationService
from bot.runbook import service as runbook
from bot.runtime.child_process import ChildProcesses
from bot.runtime.heartbeat import Heartbeat
from bot.runtime.memory_store import Unkept
from bot.runtime.scheduler import REDISCOVER, Schedule
from bot.settings import Settings
from bot.setup.discord_channel import WelcomeChannel
from bot.setup.domain.choices import NONE, ChannelPurpose, Choices, ServerChoices
from bot.setup.service import ServerSetup
from bot.setup.welcome import Welcome
from bot.traefik.service import Traefik
from bot.traefik.word import WordReader
from commands import help as help_command
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
from commands.setup.cog import SetupCog
from commands.sites import SitesCog
from commands.traefik import TraefikCog

if TYPE_CHECKING:  # the package belongs to an extra that production lacks
    from bot.sandbox.opening import SandboxParts

SANDBOX = "meshmedic"
"""The namespace in which the sandbox stores Changes."""

SANDBOX_POSTS = (ChannelPurpose.ALERTS, ChannelPurpose.DIGEST, ChannelPurpose.BOARD)
"""What the sandbox posts in its one channel; the audit channel is left to `/setup channels`."""

SANDBOX_CHECKS = CheckSettings(5.0, shortest=5.0, first=1.0)
"""Often, for people in front of a page: its sites are simulated."""


@dataclass(frozen=True, slots=True)
class BotOptions:
    """What the settings say about people, channels and permissions.

    route_checks: How sites are asked whether they answer; None where nobody asks.
    look_every: Seconds between two evaluations of the alerts; one takes about 30 ms for ten
    thousand pods. board_every: Seconds between two edits of the live board. gone_after: How long no
    request to the API server succeeds before that is posted.
    cluster_name: Stands in headlines; empty where one cluster alone reports to the server.
    heartbeat_url: Gets a ping each minute while the bot works; None: nobody waits for one.
    choices: The channels and the time zone that the settings name: `/setup` can't change them.
    alert_role: The role that alerts in a channel of `/setup` mention.
    alert_logs: Whether an alert shows the last log lines.
    """

    roles: Roles
    guild_id: int
    policy: Policy = field(default_factory=Policy)
    digests: DigestPlan = field(default_factory=DigestPlan)
    rules: Rules = NO_ALERTS
    board: int | None = None
    uses: frozenset[Use] = frozenset()
    channels: Mapping[str, int] = field(default_factory=dict)
    probe_image: str = ""
    prober_settings: tuple[str, ...] = ()
    route_checks: CheckSettings | None = None
    look_every: int = LOOK_EVERY
    board_every: float = BOARD_EVERY
    gone_after: timedelta = GONE_AFTER
    cluster_name: str = ""
    heartbeat_url: SecretStr | None = None
    choices: Choices = NONE
    alert_role: int | None = None
    alert_logs: bool = False


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """A call that the process repeats; `seconds` between two of them."""

    seconds: int
    name: str
    call: Callable[[], Awaitable[None]]
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class ClusterParts:
    """The cluster as this process may use it.

    prober: None where a diagnosis has to rest on the objects alone.
    reader: Reads the background probes of the agents.
    agents: Examines the agents for the doctor.
    checker: Makes route checks by the agents; None where there can be no agents.
    state_namespace: Where Changes are stored; empty if nowhere.
    membership: None where this is the only process, which always acts.
    prepare: Makes the prober ready, while everything else goes on.
    processes: Draws pictures and reads the repository, one at a time.
    """

    cache: WatchCache
    netshoot: Netshoot
    prober: AdmittedProber | None = None
    reader: Reader | None = None
    store: Store = field(default_factory=Unkept)
    state_namespace: str = ""
    membership: Membership | None = None
    repository: PullRequests | None = None
    ask_flux: AskFlux = nobody_asks
    jobs: tuple[ScheduledCall, ...] = ()
    prepare: Callable[[], Awaitable[None]] | None = None
    agents: AgentsReader | None = None
    checker: AgentProber | None = None
    processes: ChildProcesses = field(default_factory=ChildProcesses)

    @property
    def leadership(self) -> Leadership:
        """Whether this process acts."""
        return self.membership.elector if self.membership else Alone()


def build_cluster(api: Api, read: Settings) -> ClusterParts:
    """The cluster of the settings: its watches, probes, place for state, and repository."""
    cache = WatchCache(
        api,
        secret_inventory=read.secret_inventory,
        namespaces=read.namespaces,
        traefik=read.traefik_namespaces,
    )
    namespace = read.state_namespace or own_namespace(read.kubeconfig, read.context)
    member = membership(api, namespace) if namespace else None
    own = bot_namespace(read.kubeconfig, read.context, namespace)
    image = OwnImage(api, read.probe_image, own)
    pull = read.image_pull_seconds
    prober = ProbeAgents(
        api,
        image,
        traefik=read.traefik_namespaces,
        host_network=read.probe_host_network,
        pull=pull,
        source=ImageSource.of_prober(read.probe_image),
    )
    flux, processes = FluxObjects(api), ChildProcesses()
    also = targets.allowed(read.net_targets)
    admissions = Admissions(cache, also)
    return ClusterParts(
        cache,
        Netshoot(cache, ToolJobs(api, read.tool_image, pull), also),
        AdmittedProber(prober, admissions),
        prober.rounds,
        member.state if member else Unkept(),
        namespace,
        member,
        build_pull_requests(read, flux, processes),
        flux.reconcile,
        (
            ScheduledCall(
                int(agent_configmaps.LOOK_EVERY), "publish the key of probes", prober.refresh
            ),
            ScheduledCall(
                int(agent_configmaps.LOOK_EVERY),
                "tell agents their peers",
                prober.agents.publish_peers,
            ),
        ),
        prober.begin,
        AgentsExaminer(api, prober.agents),
        AdmittedAgents(prober, admissions),
        processes,
    )


class Bot:
    """The bot over a cluster, each part built of those before it.

    Its services know nothing of Discord; `memory` keeps reports where there is a store.
    """

    def __init__(self, cluster: ClusterParts, options: BotOptions) -> None:
        self.cluster = cluster
        self._options = options
        self.metrics = Metrics()
        self._schedule = Schedule()
        self._closing = AsyncExitStack()
        cache, leadership, member = cluster.cache, cluster.leadership, cluster.membership
        traefik = TraefikReader(cache.api, cache.traefik)
        self.client = Client(
            options.roles,
            options.guild_id,
            on_start=self._start,
            on_stop=self._closing.aclose,
            on_answered=self.metrics.answered,
            leadership=leadership,
            cluster_name=options.cluster_name,
        )
        self._channels = Channels(self.client, options.guild_id)
        self._lost = LostChannels(cluster.store, self._channels, options.digests.fallback)
        self.probes = Probes(
            self.client,
            cache,
            self._schedule,
            member.ended if member else tuple,
            member.elector if member else None,
            lambda: self.leader_tasks.refusal if self.leader_tasks else "",
        )
        self.readiness = Readiness(self.probes, OwnPodEvents(cache.api, cluster.state_namespace))
        self.memory = ReportStore(cluster.store, leadership) if member else None
        self._rounds = Rounds(cache, cluster.reader, cluster.store) if cluster.reader else None
        self._checks = self._route_monitor()
        self._health = Health(
            cache,
            traefik=WordReader(cache, traefik, traefik).read,
            around=self.metrics.around,
            on_report=self.memory.note if self.memory else None,
            diagnosed=lambda: self._diagnose.remembered,
            rounds=lambda: self._rounds.links if self._rounds else None,
            unknown=lambda: self._rounds.gaps if self._rounds else (),
            route_checks=lambda: self._checks.checks if self._checks else None,
            failing_since=lambda: self._history.failing,
        )
        self._history = HistoryRecorder(
            self._health,
            cluster.store,
            leadership,
            self._health.rounds,
            self._request_recorder(self._checks),
        )
        # By the snapshots of the health checks, so that both say the same of a route.
        self._traefik = Traefik(self._health, traefik)
        self._diagnose = Diagnose(
            cache,
            cluster.prober,
            self._traefik,
            on_proofs=self.memory.note_proofs if self.memory else None,
            objects=self._health.of_objects,
            states=self._health.route_states,
        )
        self._namespaces = partial(cache.names, Namespace)
        self._silences = Silences(cluster.store, self._health, self._namespaces)
        self._setup = ServerSetup(cluster.store, options.choices, on_change=self._follow)
        self._remediation = self._build_remediation()
        self._artist = Artist(cluster.processes)
        composer = Composer(
            self._health,
            cluster.store,
            self._artist.draw,
            options.digests.zone,
            muted=self._silences.muted,
            approvals=self._approvals,
        )
        self._digests = build_digests(
            options.digests,
            composer,
            leadership,
            self._channels,
            self._lost,
            on_outcome=self.metrics.digest,
            prepare=self._artist.prepare,
        )
        logs = self._health.log_tail if options.alert_logs else None
        self._alert_channel = DiscordAlertChannel(self._channels, alert_controls.rows, logs)
        self._outages = self._outage_alerts()
        always = options.heartbeat_url is not None
        self._alerts = AlertTurns(self._build_alerts, self._outages, always=always)
        self._alerts.use(options.rules, options.board)
        self._welcome = Welcome(
            cluster.store,
            WelcomeChannel(self._channels, help_command.rows),
            self._lost,
            leadership,
            self._health,
            lambda: self._setup.known,
            self._is_new,
        )
        self._switch = self._dead_mans_switch()
        self._register_commands()
        counts = member.changes.tally if member else dict
        self.metrics.read_from(
            Sources(
                self.client, cache.watches, lambda: self._health.latest, leadership.may_act, counts
            )
        )
        self.leader_tasks: LeaderTasks | None = None
        if member and self.memory:
            self.leader_tasks = LeaderTasks(
                member.elector, self.client, member.state, partial(self._restore, self.memory)
            )
        # What was added last ends first.
        self._closing.push_async_callback(cache.close)
        self._closing.push_async_callback(cluster.processes.close)
        self._closing.callback(self._remediation.reconciler.stop)
        self._closing.callback(self._schedule.stop)

    def _route_monitor(self) -> RouteMonitor | None:
        cluster, settings = self.cluster, self._options.route_checks
        if settings is None or cluster.checker is None:
            return None
        leadership, store = cluster.leadership, cluster.store
        return RouteMonitor(cluster.cache, cluster.checker, leadership, settings, store)

    def _request_recorder(self, checks: RouteMonitor | None) -> RequestRecorder | None:
        if checks is None:
            return None
        return RequestRecorder(
            self.cluster.store,
            (lambda: of_route_checks(checks.remembered),),
            owners=lambda: owners_of(checks.remembered),
        )

    async def _restore(self, memory: ReportStore) -> None:
        """Recall what the process knew that acted last. Never raises."""
        await memory.restore(self._health, self._diagnose)
        await self._history.restore()
        if self._checks:
            await self._checks.restore()

    async def _start(self) -> None:
        """Fill the cache, then begin with the jobs."""
        jobs = tuple(self._jobs())
        await self.cluster.cache.start()
        # Only now: a job that was added long before the scheduler starts would count as missed.
        for job in jobs:
            self._schedule.every(job.seconds, job.name, job.call, at_once=job.at_once)
        self._schedule.each_minute("digests", self._digests_turn)
        if self._switch:
            self._schedule.each_minute("heartbeat", self._switch.turn)
        self._schedule.start()

    def _build_remediation(self) -> RemediationService:
        api, namespace = self.cluster.cache.api, self.cluster.state_namespace
        leadership = self.cluster.leadership
        store = KubernetesChangeStore(api, namespace, leadership) if namespace else NoChangeStore()
        announcer = Announcer(
            self._channels,
            self._lost,
            clock,
            lambda: self._setup.known.channel(ChannelPurpose.AUDIT),
        )
        return build_remediation(
            self.cluster.cache,
            self._diagnose,
            self._traefik,
            self.cluster.prober,
            store=store,
            writer=KubernetesStepWriter(api, leadership.may_act),
            roles=self._options.roles,
            policy=self._options.policy,
            may_act=leadership.may_act,
            notifier=ChangeNotifier((ChangeEvents(api).record, announcer.announce)),
            pulls=self.cluster.repository,
            ask=self.cluster.ask_flux,
        )

    def _follow(self, choices: ServerChoices) -> None:
        """Post where it is chosen from now on."""
        options = self._options
        rules = rules_of(options.rules, choices, options.alert_role)
        self._alerts.use(rules, board_of(options.board, choices))
        self._digests.follow(plan_of(options.digests, choices))

    async def _alerts_turn(self) -> None:
        if self.cluster.leadership.may_act() and await self._setup.refresh():
            await self._alerts.turn()
            await self._welcome.turn()

    async def _digests_turn(self) -> None:
        # A standby follows the choices too, since it answers people who ask for digests.
        if await self._setup.refresh():
            await self._digests.turn()

    async def _is_new(self) -> bool:
        """Whether nothing was recorded yet: the first record of the history takes minutes.

        A process that keeps nothing would be new at each start.
        """
        return bool(self.cluster.membership) and await self.cluster.store.read(HISTORY) is None

    async def _approvals(self) -> tuple[str, ...]:
        """The changes that wait for an approval, for the digests."""
        return waiting(await self._remediation.every(), clock())

    def _register_commands(self) -> None:
        cache, prober = self.cluster.cache, self.cluster.prober
        health, diagnose, digests = self._health, self._diagnose, self._digests
        mesh, asked = Mesh(cache, prober), prober.for_people() if prober else None
        also, switch = self.cluster.netshoot.also, self._switch
        reach = Reach(cache, asked, PodCommands(cache.api), also)
        setup = Setup(
            self._options.guild_id,
            self._options.roles,
            registry.definitions(),
            cache.namespaces,
            cache.secret_inventory,
            self.cluster.state_namespace,
            self._options.uses,
            self._options.channels,
            self._options.probe_image,
            self._options.prober_settings,
            self._options.route_checks is not None,
            heartbeat=switch is not None,
        )
        doctor = Doctor(
            AccessReader(cache.api, cache.traefik),
            setup,
            digests.facts,
            repository=self.cluster.repository,
            agents=self.cluster.agents,
            heartbeat=switch.facts if switch else None,
            choices=self._setup.read,
            chosen=setup_of,
        )
        registry.register(
            self.client,
            HealthCog(health, self._namespaces),
            SitesCog(health),
            DigestCog(digests, health, self._namespaces),
            NetCog(
                diagnose,
                mesh,
                reach,
                self.cluster.netshoot,
                draw=self._artist.draw,
                prepare=self._artist.prepare,
            ),
            TraefikCog(self._traefik),
            FixCog(self._remediation, diagnose),
            RunbookCog(runbook.load()),
            DoctorCog(doctor),
            AlertsCog(self._silences, health),
            help_command.HelpCog(),
            SetupCog(self._setup),
        )

    def _jobs(self) -> Iterator[ScheduledCall]:
        """What this process repeats at intervals; digests have times of their own."""
        cluster, options = self.cluster, self._options
        yield from cluster.jobs
        yield ScheduledCall(REDISCOVER, "look for new kinds", cluster.cache.rediscover)
        if cluster.state_namespace:
            reconciler = self._remediation.reconciler
            yield ScheduledCall(TICK, "go on with changes", reconciler.go_on)
        if self._rounds:
            turn = self._rounds.turn
            yield ScheduledCall(ROUNDS_EVERY, "read the agents' rounds", turn, at_once=True)
        if self._checks:
            yield ScheduledCall(CHECKS_EVERY, "route checks", self._checks.turn)
        yield ScheduledCall(HISTORY_EVERY, "history", self._history.record)
        yield ScheduledCall(options.look_every, "alerts", self._alerts_turn)
        if cluster.membership:
            yield ScheduledCall(options.look_every, "outages", self._alerts.outages_turn)

    def _build_alerts(self, rules: Rules, board: int | None) -> AlertService:
        delivery = AlertDelivery(
            self.cluster.store,
            self._alert_channel,
            self.cluster.leadership,
            rules,
            self._lost,
            on_outcome=self.metrics.alert,
        )
        return AlertService(self._health, delivery, board, self._options.board_every, self._outages)

    def _outage_alerts(self) -> OutageAlerts | None:
        if self.cluster.membership is None:
            return None
        return OutageAlerts(
            self.cluster.membership.elector,
            self._alert_channel,
            self._options.rules,
            self._lost,
            on_outcome=self.metrics.alert,
            gone_after=self._options.gone_after,
        )

    def _dead_mans_switch(self) -> DeadMansSwitch | None:
        url = self._options.heartbeat_url
        if url is None:
            return None
        return DeadMansSwitch(
            Heartbeat(url, on_ping=self.metrics.heartbeat),
            self.cluster.leadership,
            lambda: self._alerts.healthy_at,
            lambda: self.client.no_session,
            self._digests.facts,
        )


def build_digests(
    plan: DigestPlan,
    composer: Composer,
    leadership: Leadership,
    channels: Channels,
    lost: LostChannels,
    *,
    on_outcome: Callable[[DigestOutcome], None],
    prepare: Callable[[], Awaitable[None]] = unprepared,
) -> Digests:
    """The digests, with their delivery to Discord's channels."""
    delivery = DigestDelivery(
        composer,
        DiscordDigestChannel(channels, refresh_button.rows),
        leadership,
        process=secrets.token_hex(4),
        lost=lost,
        on_outcome=on_outcome,
    )
    return Digests(delivery, plan.schedules(), prepare)


def sandbox_client(parts: SandboxParts) -> Client:
    """The client of a bot over the sandbox's cluster."""
    cluster = ClusterParts(
        parts.cache,
        Netshoot(parts.cache, parts.tools),
        parts.prober,
        parts.reader,
        parts.store,
        SANDBOX,
        checker=parts.checker,
    )
    options = BotOptions(
        parts.roles,
        parts.guild_id,
        digests=parts.plan,
        rules=parts.rules,
        board=parts.plan.channel,
        route_checks=SANDBOX_CHECKS if parts.checker else None,
        choices=Choices(dict.fromkeys(SANDBOX_POSTS, parts.plan.channel)),
        look_every=parts.look or LOOK_EVERY,
        board_every=parts.look or BOARD_EVERY,
    )
    return Bot(cluster, options).client
