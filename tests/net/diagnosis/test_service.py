"""The use case: what it asks whom, what it leaves behind, and what it remembers."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.domain import principal
from bot.domain.finding import Ref
from bot.domain.principal import acting_as
from bot.domain.verdict import Verdict
from bot.errors import ClusterError, InputError, Refused
from bot.net.diagnosis import collector as observing
from bot.net.diagnosis import service as diagnosing
from bot.net.diagnosis.diagnosis import Effect, RouteFault, Row
from bot.net.diagnosis.observation import Belief, VantagePoint
from bot.net.diagnosis.service import Diagnose
from bot.net.diagnosis.subject import Subject
from bot.net.ports import Progress
from bot.net.probing.protocol import ListenerAddress, Probe, ProbeAnswer
from bot.net.views import text
from tests.builders import a_pod, an_object
from tests.fakes import FakeCluster
from tests.net.diagnosis.probing_world import WorldProber
from tests.net.diagnosis.world import World, a_subject, around
from tests.net.diagnosis.world import an_endpoint as at
from tests.net.networks import MOMENT, a_service, a_slice, an_endpoint
from tests.people import OPERATOR, Fickle


def a_cluster() -> FakeCluster:
    """`apps/web` behind an Ingress, on home-2; Traefik on home-1; home-3 beside."""
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": "web.example", "http": {"paths": [{"path": "/", "backend": backend}]}}
    ingress = an_object("Ingress", "web", "networking.k8s.io/v1", spec={"rules": [rule]})
    traefik = a_pod("traefik-1", namespace="traefik", node="home-1")
    traefik["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
    pod = {"kind": "Pod", "name": "web-2-20"}
    endpoint = {**an_endpoint("10.42.2.20"), "nodeName": "home-2", "targetRef": pod}
    nodes = [
        an_object(
            "Node",
            f"home-{number}",
            namespace="",
            status={"addresses": [{"type": "InternalIP", "address": f"100.64.0.{number}"}]},
        )
        for number in (1, 2, 3)
    ]
    service = a_service(clusterIP="10.43.0.80")
    return FakeCluster(
        [ingress, service, a_slice("web", endpoint, ports=({"port": 80},)), traefik, *nodes]
    )


def a_world(**faults: object) -> World:
    return World(a_subject(endpoints=(at("home-2"),)), **faults)  # type: ignore[arg-type]


async def test_a_route_is_diagnosed_from_what_was_typed():
    """Objects, probes and verdict together; it says how to ask again and by what it was tested."""
    diagnose = Diagnose(a_cluster(), WorldProber(a_world(redirected={"home-1": 80})))
    found = (await diagnose.diagnose("web.example")).diagnosis
    assert (found.row, found.effect) == (Row.REDIRECT, Effect.HELPS)
    assert (found.subject, found.prober) == ("ingress/apps/web web.example/", "a model")


async def test_it_says_at_once_what_it_does():
    """Before the first request."""
    said: list[str] = []
    cluster = a_cluster()
    cluster.fails = ClusterError("away")
    with pytest.raises(ClusterError):
        await Diagnose(cluster).diagnose("web.example", said.append)
    assert said == ["Reading routes, Services and endpoints."]


async def test_what_is_not_there_is_an_input_error_with_near_names():
    """A person mistyped."""
    with pytest.raises(InputError, match=r"ingress/apps/web web\.example/"):
        await Diagnose(a_cluster()).diagnose("web.exampel")


async def test_a_healthy_route_is_asked_in_one_pass():
    """Nothing is repeated where nothing is wrong."""
    said: list[str] = []
    found = (
        await Diagnose(a_cluster(), WorldProber(a_world())).diagnose("web", said.append)
    ).diagnosis
    assert found.row is Row.HEALTHY
    assert not [each for each in said if "again" in each]


async def test_without_a_prober_the_objects_still_speak():
    """And it says what was not tested, and how to allow it."""
    found = (await Diagnose(a_cluster()).diagnose("web.example")).diagnosis
    assert (found.row, found.prober) == (Row.INCONCLUSIVE, "")
    assert diagnosing.NO_PROBER in found.untested
    assert "Install the prober" in found.next


async def test_no_endpoint_needs_no_prober():
    """The objects decide, and nothing is probed."""
    cluster = a_cluster()
    cluster.objects = [each for each in cluster.objects if each["kind"] != "EndpointSlice"]
    prober = WorldProber(a_world())
    found = (await Diagnose(cluster, prober).diagnose("web.example")).diagnosis
    assert found.row is Row.NO_ENDPOINTS
    assert not prober.asked
    assert text.method(found) == "nothing: the Service has no endpoint"


@pytest.mark.parametrize(
    ("left_out", "prober", "words"),
    [
        ("Pod", WorldProber, "nothing: no pod of Traefik was seen on a node"),
        ("", None, "nothing: no prober is installed"),
        ("", WorldProber, "a model"),
    ],
)
async def test_that_there_is_no_prober_is_said_only_where_there_is_none(
    left_out: str, prober: type[WorldProber] | None, words: str
):
    cluster = a_cluster()
    cluster.objects = [each for each in cluster.objects if each["kind"] != left_out]
    asked = prober(a_world()) if prober else None
    found = (await Diagnose(cluster, asked).diagnose("web.example")).diagnosis
    assert text.method(found) == words


@dataclass
class Traefik:
    """A TraefikView that fails, or hangs."""

    fails: Exception | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def belief(self, subject: Subject) -> Belief:
        self.reached.set()
        if self.fails:
            raise self.fails
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_traefik_that_cannot_be_read_is_said_and_costs_no_verdict():
    """The API is off by default."""
    view = Traefik(ClusterError("Traefik's API is off: turn it on."))
    found = (
        await Diagnose(a_cluster(), WorldProber(a_world()), view).diagnose("web.example")
    ).diagnosis
    assert found.row is Row.HEALTHY
    assert "Traefik's API is off: turn it on." in found.untested


async def test_a_traefik_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch):
    """Within its limit."""
    monkeypatch.setattr(diagnosing, "READING", 0.05)
    found = (
        await Diagnose(a_cluster(), WorldProber(a_world()), Traefik()).diagnose("web.example")
    ).diagnosis
    assert any("did not come within" in each for each in found.untested)


@dataclass
class Stubborn(WorldProber):
    """A prober some of whose places hang or fail; `begun` is set when one hangs."""

    hangs: frozenset[VantagePoint] = frozenset()
    fails: Mapping[VantagePoint, Exception] = field(default_factory=dict)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        if source in self.hangs:
            self.begun.set()
            await asyncio.Event().wait()
        if source in self.fails:
            raise self.fails[source]
        return await super().probe(source, probes, progress)


async def test_a_place_that_hangs_costs_its_own_answers_only(monkeypatch: pytest.MonkeyPatch):
    """The others decide, and it is said."""
    monkeypatch.setattr(observing, "PASS", 0.3)
    prober = Stubborn(a_world(), hangs=frozenset({VantagePoint("home-3")}))
    found = (await Diagnose(a_cluster(), prober).diagnose("web.example")).diagnosis
    assert found.row is Row.HEALTHY
    assert any("home-3" in each and "No answer within" in each for each in found.untested)


async def test_nothing_decides_where_traefiks_place_cannot_be_asked():
    """The reason is passed on."""
    reason = ClusterError("pods is forbidden: apply the component prober.")
    prober = Stubborn(a_world(), fails={VantagePoint("home-1"): reason})
    found = (await Diagnose(a_cluster(), prober).diagnose("web.example")).diagnosis
    assert found.row is Row.INCONCLUSIVE
    assert any(str(reason) in each for each in found.untested)


async def test_a_bug_in_a_prober_is_no_verdict_and_leaves_nothing_behind():
    """A surprise is an exception."""
    prober = Stubborn(a_world(), fails={VantagePoint("home-1"): ZeroDivisionError()})
    with pytest.raises(ExceptionGroup):
        await Diagnose(a_cluster(), prober).diagnose("web.example")
    assert not prober.alive


async def test_who_stops_waiting_leaves_nothing_behind():
    """Listeners and temporary Services are removed when a diagnosis is cancelled."""
    prober = Stubborn(a_world(), hangs=frozenset({VantagePoint("home-1")}))
    task = asyncio.create_task(Diagnose(a_cluster(), prober).diagnose("web.example"))
    await asyncio.wait_for(prober.begun.wait(), 20)
    assert prober.alive
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not prober.alive


@dataclass
class Unwilling(WorldProber):
    """A prober that may not listen, or cannot clean up."""

    leaves: bool = False

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        if not self.leaves:
            msg = "Listeners are not allowed."
            raise ClusterError(msg)
        yield {each: self.world.listener(each) for each in nodes}
        msg = "Pod probe-1 could not be deleted."
        raise ClusterError(msg)


async def test_listeners_that_are_not_allowed_are_done_without():
    """A dead overlay cannot be told from a policy then: no verdict, and what to allow."""
    prober = Unwilling(a_world(lost=around("home-2")))
    found = (await Diagnose(a_cluster(), prober).diagnose("web.example")).diagnosis
    assert found.row is Row.INCONCLUSIVE
    assert "Listeners: Listeners are not allowed." in found.untested
    assert "Allow test pods" in found.next


async def test_what_may_be_left_behind_is_said():
    """And the verdict stands."""
    prober = Unwilling(a_world(), leaves=True)
    found = (await Diagnose(a_cluster(), prober).diagnose("web.example")).diagnosis
    assert found.row is Row.HEALTHY
    assert any("left behind" in each for each in found.untested)


async def test_the_latest_diagnosis_of_each_route_is_remembered():
    """By how it is asked for, with the moment of its objects."""
    diagnose = Diagnose(a_cluster(), WorldProber(a_world(redirected={"home-1": 80})))
    found = (await diagnose.diagnose("web.example")).diagnosis
    (kept,) = diagnose.remembered
    assert kept.diagnosis == found
    assert kept.subject.name == found.subject


@dataclass
class AskingProber(WorldProber):
    """Its writes are asked for; the person loses the role before the second pass."""

    discord: Fickle = field(default_factory=Fickle)

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        await principal.authorize()
        answers = await super().probe(source, probes, progress)
        self.discord.roles, self.discord.now = frozenset(), self.discord.now + 60
        return answers


async def test_half_of_a_test_is_told_to_nobody_and_not_remembered():
    """The earlier diagnosis of everybody stands; the bot's own tests ask nobody."""
    prober = AskingProber(a_world())
    diagnose = Diagnose(a_cluster(), prober)
    await diagnose.diagnose("web.example")
    before = diagnose.remembered
    prober.discord.roles = frozenset({OPERATOR})
    with acting_as(prober.discord.person()), pytest.raises(Refused):
        await diagnose.diagnose("web.example")
    assert len(before) == 1
    assert diagnose.remembered == before


async def test_that_a_repair_helped_is_kept_with_the_fault_that_it_goes_round():
    """Over a restart, and over a later diagnosis that could not tell."""
    diagnose = Diagnose(a_cluster(), WorldProber(a_world(redirected={"home-1": 80})))
    name = (await diagnose.diagnose("web.example")).subject.name
    diagnose.note_worked(name, MOMENT)
    diagnose.note_worked("of nobody", MOMENT)
    assert [kept.worked for kept in diagnose.remembered] == [MOMENT]
    after = Diagnose(a_cluster())
    after.restore(diagnose.proofs)
    assert [kept.worked for kept in after.remembered] == [MOMENT]
    await after.diagnose("web.example")
    assert [kept.worked for kept in after.remembered] == [MOMENT]


async def test_no_more_than_so_many_are_remembered():
    """The eldest goes first."""
    diagnose = Diagnose(FakeCluster())
    for number in range(diagnosing.KEPT + 1):
        await diagnose.examine(a_subject(name=f"route-{number}"), MOMENT)
    names = [kept.subject.name for kept in diagnose.remembered]
    assert len(names) == diagnosing.KEPT
    assert "route-0" not in names


async def test_suggestions_come_from_the_cluster():
    """For autocomplete."""
    offered = await Diagnose(a_cluster()).suggestions("web")
    assert offered == ("ingress/apps/web web.example/", "service/apps/web:80")


async def test_what_is_wrong_with_the_objects_of_a_route_is_part_of_its_answer() -> None:
    """By the health checks; a cluster that cannot be read leaves it unknown."""
    asked: list[Ref] = []

    async def objects(route: Ref) -> RouteFault | None:
        asked.append(route)
        if len(asked) > 1:
            raise ClusterError("away")
        return RouteFault(Verdict.FAILED, "MiddlewareNotFound", "It is gone.")

    diagnose = Diagnose(a_cluster(), WorldProber(a_world()), objects=objects)
    found = [(await diagnose.diagnose("web.example")).diagnosis for _ in range(2)]
    assert {route.name for route in asked} == {"web"}
    assert [each.by_objects and each.by_objects.reason for each in found] == [
        "MiddlewareNotFound",
        "NotSeen",
    ]
    assert found[0].verdict is Verdict.FAILED
    assert found[0].by_tests is found[1].by_tests
