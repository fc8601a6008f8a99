"""When hosts are asked, by whom, and what is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.domain.record import RecordType
from bot.domain.resources import gateway, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.errors import ClusterError
from bot.net.entrances import NOWHERE
from bot.net.probing.protocol import (
    CertificateFault,
    Outcome,
    Probe,
    ProbeAnswer,
    ProbeKind,
    ServedCertificate,
)
from bot.net.route_checks.answered import TRAEFIK_IS_GONE, Answerer
from bot.net.route_checks.checks import HOUR, MOST_SAMPLES, CheckedHost
from bot.net.route_checks.monitor import KEPT, ORPHANED, SECONDS, CheckSettings, RouteMonitor
from bot.routing.site_state import SiteState
from bot.runtime.memory_store import Unkept
from tests.builders import Plain
from tests.examples import examples
from tests.net.route_checks import traefik_answers as seen
from tests.net.route_checks.sites import a_backend, a_cluster, a_middleware, a_site, a_traefik

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
T = TypeVar("T")
CHECKS = (ProbeKind.ROUTE_HEAD, ProbeKind.ROUTE_GET)


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def time(self) -> datetime:
        return BEGAN + timedelta(seconds=self.now - 1060.0)


@dataclass
class Leading:
    """Whether this process leads."""

    leads: bool = True

    def may_act(self) -> bool:
        return self.leads


@dataclass
class Objects:
    """A cluster of these objects."""

    snapshot_: Snapshot

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        return self.snapshot_


@dataclass
class Agents:
    """Agents that answer as told, each request after some seconds, and note when it was made.

    `fails` is raised after the job was taken, which is done all the same.
    """

    clock: Clock
    answers: dict[str, ProbeAnswer] = field(default_factory=dict)
    takes: float = 0.0
    fails: ClusterError | None = None
    absent: frozenset[str] = frozenset()
    made: list[tuple[float, str, Probe]] = field(default_factory=list)

    async def by_agent(self, node: str, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        if node in self.absent:
            raise ClusterError(f"no agent answers on {node}")
        at = self.clock.now
        for probe in probes:
            self.made.append((at, node, probe))
            at += self.takes
        if self.fails:
            raise self.fails
        self.clock.now = at
        return tuple(self._answer(probe) for probe in probes)

    def asked(self, *kinds: ProbeKind) -> list[str]:
        return [probe.name for _, _, probe in self.made if probe.kind in (kinds or CHECKS)]

    def _answer(self, probe: Probe) -> ProbeAnswer:
        said = self.answers.get(probe.id) or self.answers.get(probe.name) or seen.FINE
        if probe.kind is ProbeKind.TCP:
            said = self.answers.get("port", ProbeAnswer(id="", outcome=Outcome.OK))
        return ProbeAnswer(
            id=probe.id,
            outcome=said.outcome,
            status=said.status,
            backend=said.backend,
            web=said.web,
        )


class Counting(Unkept):
    """A store that counts, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.writes = 0

    async def read(self, record_type: RecordType[T]) -> T | None:
        if self.fails:
            raise ClusterError("it is gone")
        return await super().read(record_type)

    async def change(
        self, record_type: RecordType[T], change: Callable[[T | None], T]
    ) -> tuple[T | None, T]:
        self.writes += 1
        if self.fails:
            raise ClusterError("it is gone")
        return await super().change(record_type, change)


@dataclass
class Situation:
    """A monitor over made-up time, agents and objects."""

    clock: Clock
    agents: Agents
    cluster: Objects
    leading: Leading
    monitor: RouteMonitor

    async def after(self, seconds: float) -> None:
        """A turn after so many seconds."""
        self.clock.now += seconds
        await self.monitor.turn()

    def of(self, host: str = "a.example") -> CheckedHost:
        assert self.monitor.checks
        checked = next((it for it in self.monitor.checks.hosts if it.host == host), None)
        assert checked
        return checked


def a_situation(*plain: Plain, waits: bool = True, **more: Any) -> Situation:
    """A monitor that has begun, and has waited all but a minute; without chance."""
    clock = Clock()
    agents, leading, store = Agents(clock), Leading(), Unkept()
    cluster = Objects(a_cluster(*plain, **more))
    monitor = RouteMonitor(
        cluster,
        agents,
        leading,
        CheckSettings(60.0),
        store,
        clock=clock.time,
        timer=clock,
        chance=lambda: 0.0,
    )
    asyncio.run(monitor.turn())
    clock.now += 60.0 if waits else 0.0
    return Situation(clock, agents, cluster, leading, monitor)


SITE = (a_site(), *a_backend())


def a_login(host: str = "a.example") -> tuple[Plain, ...]:
    """A site behind basicAuth."""
    route = a_site(host, rule={"middlewares": [{"name": "login"}]})
    return route, a_middleware("login", basicAuth={"secret": "s"}), *a_backend()


async def test_whoever_begins_waits_since_another_process_may_have_asked_just_before() -> None:
    """A minute, and the one that a job may last of which that process reads no answer any more."""
    it = await asyncio.to_thread(a_situation, *SITE, waits=False)
    await it.after(119)
    assert it.agents.asked() == []
    await it.after(1)
    assert it.agents.asked() == ["a.example"]
    it.leading.leads = False
    await it.after(600)
    assert it.agents.asked() == ["a.example"]
    it.leading.leads = True
    await it.after(0)
    await it.after(119)
    assert it.agents.asked() == ["a.example"]


async def test_a_host_that_answers_has_its_state_since_when_and_the_last_hours_latencies() -> None:
    it = await asyncio.to_thread(a_situation, *SITE)
    assert it.monitor.checks
    assert it.monitor.checks.hosts == ()
    for _ in range(90):
        await it.after(60)
    checked = it.of()
    assert (checked.outcome, checked.worst.answer.by) == (SiteState.ANSWERS, Answerer.BACKEND)
    assert checked.since == BEGAN + timedelta(minutes=1)
    assert checked.worst.at == BEGAN + timedelta(minutes=90)
    assert (len(checked.latencies), checked.latency) == (MOST_SAMPLES, 1.0)
    assert all(checked.worst.at - sample.at < HOUR for sample in checked.latencies)


async def test_when_an_answer_changes_its_kind_that_is_since_then() -> None:
    it = await asyncio.to_thread(a_situation, *SITE)
    await it.after(60)
    it.agents.answers["a.example"] = seen.DEAD
    await it.after(60)
    it.agents.answers["a.example"] = seen.HANGS
    await it.after(60)
    checked = it.of()
    assert checked.outcome is SiteState.FAILS
    assert checked.worst.answer.what == "HTTP 504 of Traefik itself"
    assert checked.since == BEGAN + timedelta(minutes=2)
    assert len(checked.latencies) == 1, "Traefik's own answer is none of the site"


async def test_a_site_without_head_is_asked_by_get_from_the_next_time_on() -> None:
    """Both at once would be two requests in a minute."""
    it = await asyncio.to_thread(a_situation, *SITE)
    it.agents.answers["a.example"] = seen.NO_HEAD
    for _ in range(3):
        await it.after(60)
    kinds = [probe.kind for _, _, probe in it.agents.made]
    assert kinds == [ProbeKind.ROUTE_HEAD, ProbeKind.ROUTE_GET, ProbeKind.ROUTE_GET]


async def test_behind_a_login_the_endpoints_port_is_asked_from_the_same_node() -> None:
    it = await asyncio.to_thread(a_situation, *a_login())
    it.agents.answers["a.example"] = seen.LOGIN
    await it.after(60)
    (_, node, probe) = it.agents.made[-1]
    assert (node, probe.kind) == ("edge", ProbeKind.TCP)
    assert (probe.address, probe.port) == ("10.42.1.5", 8080)
    assert it.of().outcome is SiteState.ANSWERS
    it.agents.answers["port"] = ProbeAnswer(id="", outcome=Outcome.REFUSED)
    await it.after(60)
    assert it.of().outcome is SiteState.FAILS


async def test_traefiks_own_not_found_page_is_asked_for_once_and_remembered() -> None:
    it = await asyncio.to_thread(a_situation, *SITE)
    it.agents.answers = {"a.example": seen.NOT_FOUND, NOWHERE: seen.NOT_FOUND}
    for _ in range(5):
        await it.after(60)
    assert it.agents.asked().count(NOWHERE) == 1
    assert it.of().worst.answer.by is Answerer.TRAEFIK
    it.agents.answers["a.example"] = seen.NOT_FOUND_OF_GO
    await it.after(60)
    assert it.of().worst.answer.by is Answerer.BACKEND


async def test_a_certificate_that_is_wrong_is_told_beside_an_answer_that_is_well() -> None:
    it = await asyncio.to_thread(a_situation, *SITE)
    served = ServedCertificate(ends=1, faults=(CertificateFault.EXPIRED,))
    it.agents.answers["a.example"] = seen.an_answer(200, **seen.NAMED, certificate=served)
    await it.after(60)
    assert it.of().outcome is SiteState.ANSWERS
    assert it.of().worst.certificate == served


async def test_of_two_nodes_with_traefik_the_one_that_fails_is_not_hidden_by_the_other() -> None:
    pods = (a_traefik("edge"), a_traefik("hall", address="10.42.3.2"))
    it = await asyncio.to_thread(a_situation, *SITE, traefik=pods)
    it.agents.absent = frozenset({"hall"})
    for _ in range(4):
        await it.after(130)
    assert {node for _, node, _ in it.agents.made} == {"edge"}
    assert it.of().outcome is SiteState.ANSWERS
    assert {item.node for item in it.of().answers} == {"edge", "hall"}
    it.agents.absent = frozenset()
    it.agents.answers["a.example"] = seen.DEAD
    await it.after(130)
    it.agents.answers["a.example"] = seen.FINE
    await it.after(130)
    assert it.of().outcome is SiteState.FAILS
    it.cluster.snapshot_ = a_cluster(*SITE, traefik=pods[:1])
    await it.after(130)
    assert {item.node for item in it.of().answers} == {"edge"}


async def test_without_an_agent_nothing_was_tested_and_it_says_so() -> None:
    """And the same where it is older than the bot, while a DaemonSet is updated."""
    it = await asyncio.to_thread(a_situation, *SITE)
    it.agents.absent = frozenset({"edge"})
    await it.after(60)
    checked = it.of()
    assert (checked.outcome, checked.worst.answer.what) == (
        SiteState.NOT_TESTED,
        "no agent answers on edge",
    )


async def test_what_is_gone_is_forgotten_and_what_is_left_out_is_kept_beside() -> None:
    it = await asyncio.to_thread(a_situation, *SITE)
    await it.after(60)
    it.cluster.snapshot_ = a_cluster(a_site(match="HostRegexp(`.*`)"))
    await it.after(0)
    assert it.monitor.checks
    assert it.monitor.checks.hosts == ()
    assert [item.host for item in it.monitor.checks.left_out] == [""]


async def test_a_traefik_that_is_restarted_elsewhere_does_not_end_what_is_known() -> None:
    it = await asyncio.to_thread(a_situation, *SITE)
    await it.after(60)
    it.cluster.snapshot_ = a_cluster(*SITE, traefik=())
    await it.after(30)
    assert it.of().outcome is SiteState.FAILS
    it.cluster.snapshot_ = a_cluster(*SITE, traefik=(a_traefik("hall"),))
    await it.after(30)
    checked = it.of()
    assert [item.node for item in checked.answers] == ["hall"]
    assert (checked.outcome, len(checked.latencies)) == (SiteState.ANSWERS, 2)


async def test_requests_are_counted_while_their_host_is_remembered() -> None:
    """What was not tested counts for nothing, and a plan without the host changes no count."""
    it = await asyncio.to_thread(a_situation, *SITE)
    for answer in (seen.FINE, seen.DEAD, seen.FINE):
        it.agents.answers["a.example"] = answer
        await it.after(60)
    it.agents.absent = frozenset({"edge"})
    await it.after(60)
    assert it.of().outcome is SiteState.NOT_TESTED
    assert (it.of().asked, it.of().answered) == (3, 2)
    it.cluster.snapshot_ = a_cluster(
        a_site("b.example"), *a_backend(), traefik=(a_traefik("hall"),)
    )
    it.agents.absent = frozenset()
    await it.after(130)
    await it.after(130)
    known = [(item.host, item.asked, item.answered) for item in it.monitor.remembered]
    assert known == [("b.example", 1, 1), ("a.example", 3, 2)]
    await it.after(KEPT)
    assert [item.host for item in it.monitor.remembered] == ["b.example"]


async def test_another_rule_of_a_host_ends_what_was_answered_and_no_count() -> None:
    """Its requests were made all the same."""
    it = await asyncio.to_thread(a_situation, *SITE)
    it.agents.answers["a.example"] = seen.DEAD
    await it.after(60)
    it.agents.answers["a.example"] = seen.FINE
    it.cluster.snapshot_ = a_cluster(
        a_site(match="Host(`a.example`) && PathPrefix(`/`)"), *a_backend()
    )
    await it.after(60)
    assert it.of().failed is None
    assert (it.of().asked, it.of().answered) == (2, 1)


async def test_routes_that_could_not_be_read_are_not_taken_for_gone() -> None:
    it = await asyncio.to_thread(a_situation, *SITE)
    await it.after(60)
    it.cluster.snapshot_ = a_cluster(unseen=(traefik.IngressRoute,))
    await it.after(60)
    assert it.of().since == BEGAN + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("why", "kept"), [(Why.UNREACHABLE, True), (Why.NOT_YET, True), (Why.FORBIDDEN, False)]
)
async def test_http_routes_that_cannot_be_read_for_now_are_not_taken_for_gone(
    why: Why, kept: bool
) -> None:
    """Where they may never be read, the other sites are checked all the same."""
    it = await asyncio.to_thread(a_situation, *SITE)
    await it.after(60)
    gaps = (Gap("HTTPRoute", why),)
    it.cluster.snapshot_ = a_cluster(unseen=(gateway.HTTPRoute,), gaps=gaps)
    await it.after(60)
    assert it.monitor.checks is not None
    assert bool(it.monitor.checks.hosts) is kept


async def test_many_slow_hosts_are_asked_a_few_in_a_turn_and_none_is_passed_over() -> None:
    """A turn ends, so that it follows the cluster; the next one goes on where it ended."""
    sites = [a_site(f"s{number:02}.example") for number in range(30)]
    it = await asyncio.to_thread(a_situation, *sites)
    it.agents.takes = SECONDS
    for _ in range(8):
        await it.after(60)
    counts = [it.agents.asked().count(f"s{number:02}.example") for number in range(30)]
    assert min(counts) >= 1
    assert max(counts) - min(counts) <= 1


ALL = frozenset(f"{name}.example" for name in "abcdefg")
HOSTS = st.sampled_from([ALL, frozenset({"a.example"}), frozenset({"b.example"}), frozenset()])


class OnceAMinute(RuleBasedStateMachine):
    """Routes come and go, leaders change, agents are slow, break off or are missing."""

    @initialize()
    def begin(self) -> None:
        self.it = a_situation(*(a_site(host) for host in sorted(ALL)))
        self.seen = 0
        self.last: dict[str, float] = {}

    @rule(hosts=HOSTS, two=st.booleans(), twice=st.booleans())
    def change_routes(self, hosts: frozenset[str], two: bool, twice: bool) -> None:
        pods = (a_traefik("edge"), a_traefik("hall", address="10.42.3.2"))[: 1 + two]
        sites = [a_site(host) for host in sorted(hosts)]
        sites += [a_site(host, name=f"{host}-2", tls=None) for host in sorted(hosts) if twice]
        self.it.cluster.snapshot_ = a_cluster(*sites, *a_backend(), traefik=pods)

    @rule(takes=st.sampled_from([0.0, 0.1, 3.0, SECONDS]), fails=st.booleans())
    def change_agents(self, takes: float, fails: bool) -> None:
        self.it.agents.takes = takes
        self.it.agents.fails = ClusterError("cut off") if fails else None

    @rule(status=st.sampled_from([seen.FINE, seen.NO_HEAD, seen.DEAD, seen.NOT_FOUND]))
    def change_answers(self, status: ProbeAnswer) -> None:
        self.it.agents.answers = dict.fromkeys(ALL, status)

    @rule(leads=st.booleans())
    def change_leader(self, leads: bool) -> None:
        self.it.leading.leads = leads
        asyncio.run(self.it.monitor.turn())

    @rule(times=st.lists(st.sampled_from([0.0, 1.0, 10.0, 50.0, 59.0, 60.0]), max_size=5))
    def turns(self, times: list[float]) -> None:
        for seconds in times:
            asyncio.run(self.it.after(seconds))

    @rule()
    def restart(self) -> None:
        """Another process begins, which knows nothing of this one."""
        old = self.it
        self.it.monitor = RouteMonitor(
            old.cluster,
            old.agents,
            old.leading,
            old.monitor.settings,
            Unkept(),
            clock=old.clock.time,
            timer=old.clock,
            chance=lambda: 0.0,
        )

    @invariant()
    def each_host_is_asked_at_most_once_a_minute(self) -> None:
        if not hasattr(self, "it"):
            return
        for at, _, probe in self.it.agents.made[self.seen :]:
            assert probe.path == "/"
            assert probe.address in ("10.42.0.2", "10.42.3.2", "10.42.1.5")
            if probe.kind in CHECKS and probe.name != NOWHERE:
                assert at - self.last.get(probe.name, -1e9) >= 60.0
                self.last[probe.name] = at
        self.seen = len(self.it.agents.made)


OnceAMinute.TestCase.settings = settings(max_examples=examples(150), stateful_step_count=30)
TestOnceAMinute = OnceAMinute.TestCase


def test_an_agent_may_go_on_for_no_longer_than_is_waited_for_it() -> None:
    """As long as a job of the agents may last."""
    from bot.kube.prober_jobs import LONGEST  # noqa: PLC0415

    assert ORPHANED >= LONGEST


async def test_the_next_process_knows_what_this_one_knew() -> None:
    """Since when a site does not answer outlasts a restart."""
    it = await asyncio.to_thread(a_situation, *SITE)
    it.agents.answers["a.example"] = seen.DEAD
    for _ in range(5):
        await it.after(60)
    before = it.of()
    assert before.outcome is SiteState.FAILS
    other = RouteMonitor(
        it.cluster,
        it.agents,
        it.leading,
        it.monitor.settings,
        it.monitor.store,
        clock=it.clock.time,
    )
    await other.restore()
    await other.turn()
    assert other.checks
    (after,) = other.checks.hosts
    assert (after.outcome, after.since, after.kept) == (SiteState.FAILS, before.since, True)


async def test_what_is_known_is_stored_when_it_changes_and_every_five_minutes() -> None:
    """The API server has more to do than to hear that nothing changed."""
    it = await asyncio.to_thread(a_situation, *SITE)
    counting = it.monitor.store = Counting()
    for _ in range(20):
        await it.after(60)
    assert counting.writes == 4
    it.agents.answers["a.example"] = seen.DEAD
    await it.after(60)
    assert counting.writes == 5


async def test_a_store_that_fails_stops_no_checks() -> None:
    it = await asyncio.to_thread(a_situation, *SITE)
    it.monitor.store = Counting(fails=True)
    await it.monitor.restore()
    for _ in range(3):
        await it.after(60)
    assert it.of().outcome is SiteState.ANSWERS


async def test_a_site_does_not_answer_once_the_last_pod_of_traefik_is_gone() -> None:
    """Nobody can ask it, and that is why. It is asked again as soon as there is one."""
    it = await asyncio.to_thread(a_situation, *SITE)
    with_traefik = it.cluster.snapshot_
    await it.after(60)
    assert it.of().outcome is SiteState.ANSWERS
    it.cluster.snapshot_ = a_cluster(*SITE, traefik=())
    for _ in range(200):
        await it.after(10)
    gone = it.of()
    assert (gone.outcome, gone.worst.answer.what) == (SiteState.FAILS, TRAEFIK_IS_GONE)
    assert it.clock.time() - gone.since > timedelta(minutes=30)
    it.cluster.snapshot_ = with_traefik
    await it.after(60)
    assert it.of().outcome is SiteState.ANSWERS


async def test_a_site_that_was_never_asked_is_not_tested_without_traefik() -> None:
    """Something else may serve it."""
    it = await asyncio.to_thread(a_situation, *SITE, traefik=())
    await it.after(60)
    assert it.monitor.checks
    assert it.monitor.checks.hosts == ()
    assert [item.why for item in it.monitor.checks.left_out] == [TRAEFIK_IS_GONE]
