"""Makes the route checks: in the background, by the leader alone, and by agents alone.

A host is asked at most once a minute, whatever happens: its next time is counted from when the
answer came, and a job whose answer was lost counts as under way for a minute more. A process that
begins to lead waits that long first: another one may have begun a job just before.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.domain.resources import core, gateway, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import AWAY, Snapshot, SnapshotReader
from bot.errors import ClusterError, MeshmedicError
from bot.net.entrances import NOWHERE, Entrance
from bot.net.ports import AgentProber
from bot.net.probing.protocol import Probe, ProbeAnswer, ProbeKind, WebFacts
from bot.net.route_checks.answered import (
    REFUSES_HEAD,
    TRAEFIK_IS_GONE,
    Answerer,
    Need,
    RouteAnswer,
    classify,
)
from bot.net.route_checks.checks import (
    KEEP_EVERY,
    CheckedHost,
    NodeAnswer,
    RouteChecks,
    noted,
    supplement,
    without_traefik,
)
from bot.net.route_checks.interval import SHORTEST
from bot.net.route_checks.plan import MOST_HOSTS, NOTHING, READS, CheckPlan, RouteCheck, plan
from bot.net.route_checks.record import CHECKS, kept
from bot.net.tools.targets import Allowed
from bot.routing.site_state import SiteState

log = logging.getLogger(__name__)

DECIDING: tuple[type[Object], ...] = (traefik.IngressRoute, networking.Ingress, core.Pod)
"""Kinds without which nobody knows which hosts there are, and where Traefik is."""

OPTIONAL: tuple[type[Object], ...] = (gateway.HTTPRoute, gateway.Gateway, gateway.GatewayClass)
"""The same where the Gateway API is installed, and where the bot may read it."""

EVERY = 10
"""Seconds between two turns; in most of them nothing is due."""

JITTER = 0.1
"""The part of the interval by which it is longer at random."""

SECONDS = 10.0
"""Seconds that a site may take: a slow one answers too."""

BATCH = 5
"""Hosts of one job: all of them slow, it ends within the minute that an agent may work on it."""

ORPHANED = 60.0
"""Seconds for which an agent may go on with a job of which nobody reads the answer."""

LONGEST = 60.0
"""Seconds after which a turn begins no further job: what is due then is first in the next one."""

MOST_WHY = 200
PORT_SECONDS = 3.0
KEPT = 600.0
"""Seconds for which a host is remembered that no plan has: Traefik may only be restarting."""

MOST_KEPT = 2 * MOST_HOSTS

SPREAD = 30.0
"""Seconds over which the first checks of many hosts are spread."""

CONTROL_KEPT = 600.0
"""Seconds for which Traefik's own not-found page is remembered."""


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """How often a host is asked, in seconds, and which hosts never are.

    shortest: The seconds between two requests at the least, whatever `interval` is.
    first: The seconds until a new host is asked: another process may have begun a job just before.
    """

    interval: float
    excepted: Allowed = NOTHING
    shortest: float = SHORTEST
    first: float = SHORTEST + ORPHANED


@dataclass(slots=True)
class _Course:
    """What is remembered of a host for its next check.

    `due` is by the monotonic clock, and so is `planned`, when it was in a plan last.
    """

    due: float
    planned: float
    turns: int = 0
    by_get: bool = False


@dataclass
class RouteMonitor:
    """Checks hosts on a schedule while this process leads, and remembers what came of it."""

    cluster: SnapshotReader
    prober: AgentProber
    leadership: Leadership
    settings: CheckSettings
    store: Store
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    timer: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    checks: RouteChecks | None = field(default=None, init=False)
    """What is known; None before the first plan."""
    _hosts: dict[str, CheckedHost] = field(default_factory=dict, init=False)
    _courses: dict[str, _Course] = field(default_factory=dict, init=False)
    _paused: dict[str, float] = field(default_factory=dict, init=False)
    """Until when the agent of a node is left alone."""
    _controls: dict[Entrance, tuple[float, ProbeAnswer]] = field(default_factory=dict, init=False)
    _stored: tuple[object, ...] = field(default=(), init=False)
    """The states that were stored last, and when."""
    _stored_at: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    async def restore(self) -> None:
        """Recall what the process knew that led last, but what is known here. Never raises."""
        try:
            before = await self.store.read(CHECKS)
        except MeshmedicError as error:
            log.warning("what route checks knew before is not known: %s", error)
            return
        for host in before.hosts if before else ():
            self._hosts.setdefault(host.host, host)

    @property
    def remembered(self) -> tuple[CheckedHost, ...]:
        """Every host of which anything is known, those of the latest plan first."""
        planned = {item.host: item for item in self.checks.hosts} if self.checks else {}
        return tuple((planned | self._hosts).values())

    async def turn(self) -> None:
        """Check what is due. Called on a schedule, one call at a time.

        Raises:
            MeshmedicError: The cluster cannot be read.
        """
        if not self.leadership.may_act():
            self._courses.clear()
            return
        snapshot = await self.cluster.snapshot(READS)
        if not _decides(snapshot):
            # What was not read is not gone: what is known of hosts is kept.
            return
        # Hundreds of rules: in a thread, so that the event loop goes on.
        planned = await asyncio.to_thread(plan, snapshot, self.settings.excepted)
        self._follow(planned)
        by_node: dict[str, list[tuple[RouteCheck, Entrance]]] = {}
        now = self.timer()
        for check in sorted(planned.checks, key=lambda check: self._courses[check.host].due):
            course = self._courses[check.host]
            if course.due <= now:
                entrance = check.by[course.turns % len(check.by)]
                by_node.setdefault(entrance.node, []).append((check, entrance))
        await asyncio.gather(*(self._on(node, due) for node, due in by_node.items()))
        await self._keep(self._publish(planned))

    def _follow(self, planned: CheckPlan) -> None:
        """Begin with new hosts, and forget those that have been gone for a while."""
        now = self.timer()
        orphans = self._without_traefik(planned)
        for host in (*(check.host for check in planned.checks), *orphans):
            first = now + self.settings.first + self._part(min(SPREAD, self.settings.first))
            self._courses.setdefault(host, _Course(first, now)).planned = now
        for host in orphans:
            self._hosts[host] = without_traefik(self._hosts[host], self.clock())
        latest = sorted(self._courses.items(), key=lambda item: -item[1].planned)[:MOST_KEPT]
        self._courses = {host: item for host, item in latest if now - item.planned < KEPT}
        self._hosts = {host: item for host, item in self._hosts.items() if host in self._courses}
        self._paused = {node: until for node, until in self._paused.items() if until > now}
        entrances = {at for check in planned.checks for at in check.by}
        self._controls = {
            at: known for at, known in self._controls.items() if at in entrances and known[0] > now
        }
        self._publish(planned)

    async def _keep(self, checks: RouteChecks) -> None:
        """Store what is known, where it is other than what was stored, or that is long ago."""
        now = self.clock()
        states = tuple((host.host, host.outcome) for host in checks.hosts)
        if not states or (states == self._stored and now - self._stored_at < KEEP_EVERY):
            return
        # Also where it fails: it is tried again after a while, and not every few seconds.
        self._stored, self._stored_at = states, now
        try:
            await self.store.change(CHECKS, lambda _: kept(checks))
        except MeshmedicError as error:
            log.warning("route checks are not kept: %s", error)

    def _publish(self, planned: CheckPlan) -> RouteChecks:
        interval = timedelta(seconds=self._interval)
        names = (*(check.host for check in planned.checks), *self._without_traefik(planned))
        hosts = (self._hosts.get(name) for name in names)
        self.checks = supplement(interval, filter(None, hosts), planned.left_out)
        return self.checks

    def _without_traefik(self, planned: CheckPlan) -> list[str]:
        """The hosts that were checked before, where no Traefik pod is left to ask."""
        left = (item.host for item in planned.left_out if item.why == TRAEFIK_IS_GONE)
        return [host for host in left if host in self._hosts]

    async def _on(self, node: str, due: Sequence[tuple[RouteCheck, Entrance]]) -> None:
        """Ask by the agent of one node, a few hosts at a time and one after the other."""
        if node in self._paused:
            return
        end = self.timer() + LONGEST
        for at in range(0, len(due), BATCH):
            if self.timer() >= end or not self.leadership.may_act():
                return
            batch = due[at : at + BATCH]
            try:
                await self._ask(node, batch)
            except ClusterError as error:
                log.info("no route checks by the agent on %s: %s", node, error)
                self._paused[node] = self.timer() + ORPHANED
                for check, entrance in due[at:]:
                    self._unasked(check, entrance, str(error)[:MOST_WHY])
                return

    async def _ask(self, node: str, batch: Sequence[tuple[RouteCheck, Entrance]]) -> None:
        probes = [self._request(check, entrance) for check, entrance in batch]
        answers = {answer.id: answer for answer in await self.prober.by_agent(node, probes)}
        for check, _ in batch:
            self._next(check)
        pairs = [(check, at, answers[check.host]) for check, at in batch if check.host in answers]
        more = await self._more(node, pairs)
        for check, entrance in batch:
            if check.host not in answers:
                self._note(check, entrance, _untested("its agent ran out of time"), None)
        for check, entrance, answer in pairs:
            control = self._controls.get(entrance)
            ports = [it for it in more if it.id.startswith(f"port/{check.host}/")]
            said = classify(
                answer, check.asked, control=control[1] if control else None, ports=ports
            )
            self._courses[check.host].by_get |= answer.status in REFUSES_HEAD
            self._note(check, entrance, said, answer)

    async def _more(
        self, node: str, pairs: Sequence[tuple[RouteCheck, Entrance, ProbeAnswer]]
    ) -> tuple[ProbeAnswer, ...]:
        """What else has to be asked: endpoints' ports, and Traefik's own not-found page."""
        controls: dict[str, Entrance] = {}
        probes: list[Probe] = []
        for check, entrance, answer in pairs:
            needs = classify(answer, check.asked).needs
            if needs is Need.CONTROL and entrance not in self._controls:
                controls[f"control/{entrance.address}/{entrance.port}"] = entrance
            elif needs is Need.PORTS:
                probes += _ports(check)
        probes += (_least(name, NOWHERE, at) for name, at in controls.items())
        if not probes:
            return ()
        try:
            answers = await self.prober.by_agent(node, probes)
        except ClusterError as error:
            log.info("no second look by the agent on %s: %s", node, error)
            return ()
        for answer in answers:
            if at := controls.get(answer.id):
                self._controls[at] = self.timer() + CONTROL_KEPT, answer
        return answers

    def _request(self, check: RouteCheck, entrance: Entrance) -> Probe:
        by_get = self._courses[check.host].by_get
        kind = ProbeKind.ROUTE_GET if by_get else ProbeKind.ROUTE_HEAD
        return replace(_least(check.host, check.host, entrance), kind=kind)

    def _unasked(self, check: RouteCheck, entrance: Entrance, why: str) -> None:
        """Note that nobody could ask; the agent may be doing it all the same."""
        self._next(check, ORPHANED)
        self._note(check, entrance, _untested(why), None)

    def _next(self, check: RouteCheck, more: float = 0.0) -> None:
        course = self._courses[check.host]
        course.turns += 1
        course.due = self.timer() + self._interval + more + self._part(JITTER * self._interval)

    def _note(
        self, check: RouteCheck, entrance: Entrance, said: RouteAnswer, answer: ProbeAnswer | None
    ) -> None:
        facts = (answer.web if answer else None) or WebFacts()
        own = facts.latency if said.by is Answerer.BACKEND else None
        news = NodeAnswer(entrance.node, self.clock(), said, facts.certificate, own)
        self._hosts[check.host] = noted(self._hosts.get(check.host), check, news)

    def _part(self, of: float) -> float:
        return self.chance() * of

    @property
    def _interval(self) -> float:
        return max(self.settings.shortest, self.settings.interval)


def _least(name: str, host: str, entrance: Entrance) -> Probe:
    return Probe(
        id=name,
        kind=ProbeKind.ROUTE_HEAD,
        address=entrance.address,
        port=entrance.port,
        name=host,
        tls=entrance.tls,
        seconds=SECONDS,
        again=0,
    )


def _ports(check: RouteCheck) -> list[Probe]:
    return [
        Probe(
            id=f"port/{check.host}/{number}",
            kind=ProbeKind.TCP,
            address=at.address,
            port=at.port,
            seconds=PORT_SECONDS,
            again=0,
        )
        for number, at in enumerate(check.ports)
    ]


def _untested(why: str) -> RouteAnswer:
    return RouteAnswer(Answerer.NOBODY, SiteState.NOT_TESTED, why)


def _decides(snapshot: Snapshot) -> bool:
    """Whether it shows which hosts there are; what may never be read holds nothing back."""
    away = {gap.kind for gap in snapshot.gaps if gap.why in AWAY}
    return all(kind in snapshot.objects for kind in DECIDING) and not any(
        kind not in snapshot.objects and kind.kind_name() in away for kind in OPTIONAL
    )
