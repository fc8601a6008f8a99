"""All routes are diagnosed with each question asked once, and told by what they have in common."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict
from bot.errors import InputError
from bot.net.diagnosis.all_routes import (
    BEYOND,
    MOST_ROUTES,
    DiagnosedRoutes,
    Unreached,
    every_route,
    namespace_of,
)
from bot.net.diagnosis.diagnosis import Diagnosed, Row
from bot.net.diagnosis.observation import VantagePoint
from bot.net.diagnosis.proofs import Proofs
from bot.net.diagnosis.service import LATE, Diagnose
from bot.net.diagnosis.standing_prober import STAND, StandingProber
from bot.net.ports import Progress
from bot.net.probing.protocol import ListenerAddress, Outcome, Probe, ProbeAnswer, ProbeKind
from bot.net.views import discord as cards
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.net.views.text import all_title
from bot.render import terminal
from bot.routing.site_state import SiteState
from tests.builders import Plain, an_object
from tests.fakes import FakeCluster, snapshot_of
from tests.golden.shapes import card
from tests.json_schema import validate
from tests.net.diagnosis.probing_world import WorldProber
from tests.net.diagnosis.test_service import Unwilling, a_cluster
from tests.net.diagnosis.world import World, a_subject
from tests.net.diagnosis.world import an_endpoint as at
from tests.net.networks import a_service, a_slice, an_endpoint


@dataclass
class CountingProber(WorldProber):
    """Keeps every question that it is asked, with its place, and where it began listeners."""

    questions: list[tuple[VantagePoint, Probe]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        self.begun += nodes
        async with super().listening(nodes, progress) as listeners:
            yield listeners

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        answers = await super().probe(source, probes, progress)
        self.questions += ((source, probe) for probe in probes)
        return answers

    def at_listeners(self) -> Counter[tuple[VantagePoint, str, ProbeKind, int]]:
        """How often each listener was asked for from each place."""
        return Counter(
            (source, probe.address, probe.kind, probe.size)
            for source, probe in self.questions
            if probe.address.endswith(".99")
        )


def an_ingress(name: str, to: str = "web", namespace: str = "apps") -> Plain:
    backend = {"service": {"name": to, "port": {"number": 80}}}
    rule = {"host": f"{name}.example", "http": {"paths": [{"path": "/", "backend": backend}]}}
    return an_object(
        "Ingress", name, "networking.k8s.io/v1", namespace=namespace, spec={"rules": [rule]}
    )


def another_service() -> list[Plain]:
    """`apps/api` with a pod on home-2, where that of `apps/web` is."""
    pod = {"kind": "Pod", "name": "api-2-21"}
    endpoint = {**an_endpoint("10.42.2.21"), "nodeName": "home-2", "targetRef": pod}
    return [
        a_service("api", clusterIP="10.43.0.81"),
        a_slice("api", endpoint, ports=({"port": 80},)),
    ]


def with_more(*more: Plain) -> FakeCluster:
    cluster = a_cluster()
    cluster.objects = [*cluster.objects, *more]
    return cluster


def a_world(**faults: object) -> World:
    endpoints = (at("home-2"), at("home-2", 21))
    return World(a_subject(endpoints=endpoints), **faults)  # type: ignore[arg-type]


BROKEN = {"redirected": {"home-1": 80}}


@pytest.mark.parametrize("faults", [{}, BROKEN], ids=["healthy", "broken"])
async def test_routes_to_one_service_cost_as_many_probes_as_one(
    faults: dict[str, object],
) -> None:
    """In both passes: a fault is tried twice, and not twice a route."""
    alone, many = CountingProber(a_world(**faults)), CountingProber(a_world(**faults))
    await Diagnose(a_cluster(), alone).diagnose_all()
    cluster = with_more(*(an_ingress(f"site-{number}") for number in range(9)))
    found = await Diagnose(cluster, many).diagnose_all()
    assert len(found.diagnosed) == 10
    assert len(many.questions) == len(alone.questions) > 0
    assert many.asked == alone.asked


async def test_what_is_between_two_nodes_is_asked_once_for_all_services() -> None:
    prober = CountingProber(a_world(**BROKEN))
    cluster = with_more(an_ingress("api", "api"), *another_service())
    found = await Diagnose(cluster, prober).diagnose_all()
    assert {one.diagnosis.row for one in found.diagnosed} == {Row.REDIRECT}
    alone = CountingProber(a_world(**BROKEN))
    await Diagnose(a_cluster(), alone).diagnose_all()
    assert prober.at_listeners() == alone.at_listeners()
    assert sorted(prober.begun) == sorted(alone.begun) == ["home-1", "home-2", "home-3"]
    assert not prober.alive


async def test_listeners_are_begun_anew_before_they_end_and_never_left() -> None:
    """Those of a prober end by themselves, so that none is left behind after a crash."""
    now = 0.0
    prober = CountingProber(a_world())
    standing = StandingProber(prober, lambda: now)
    for moment, nodes in ((0.0, "a"), (10.0, "ab"), (STAND - 1, "b"), (STAND, "ab"), (70.0, "a")):
        now = moment
        async with standing.listening([f"home-{'ab'.index(node) + 1}" for node in nodes], str):
            assert prober.alive
    assert prober.begun == ["home-1", "home-2", "home-1", "home-2"]
    await standing.close()
    assert not prober.alive


async def test_what_cannot_be_removed_takes_no_answer_away() -> None:
    """It is told, and Kubernetes removes it later."""
    said: list[str] = []
    prober = Unwilling(a_world(), leaves=True)
    found = await Diagnose(a_cluster(), prober).diagnose_all(progress=said.append)
    assert [one.diagnosis.row for one in found.diagnosed] == [Row.HEALTHY]
    assert said[-1] == "Something may be left behind: Pod probe-1 could not be deleted."


@pytest.mark.parametrize(
    "faults",
    [
        {},
        BROKEN,
        {"lost": frozenset({("home-1", "home-2"), ("home-2", "home-1")})},
        {"lost": frozenset({("home-1", "home-2")})},
        {"narrow": frozenset({("home-1", "home-2"), ("home-2", "home-1")})},
        {"closed": frozenset({"10.42.2.21"})},
        {"no_vip": {"home-1": Outcome.REFUSED}},
    ],
    ids=["healthy", "redirect", "overlay", "one-way", "mtu", "application", "vip"],
)
async def test_each_route_is_told_what_a_diagnosis_of_it_alone_says(
    faults: dict[str, object],
) -> None:
    """What is shared changes no verdict."""
    cluster = with_more(an_ingress("api", "api"), an_ingress("blog"), *another_service())
    found = await Diagnose(cluster, WorldProber(a_world(**faults))).diagnose_all()
    assert len(found.diagnosed) == 3
    for one in found.diagnosed:
        alone = Diagnose(cluster, WorldProber(a_world(**faults)))
        told = (await alone.diagnose(one.subject.name)).diagnosis
        same = one.diagnosis
        assert (same.row, same.places, same.verdict) == (told.row, told.places, told.verdict)


async def test_what_another_host_was_answered_is_not_said_of_a_route() -> None:
    """An application may fail for one host alone: the others were not asked by theirs."""
    found = await Diagnose(
        with_more(an_ingress("blog")), WorldProber(a_world(status=500))
    ).diagnose_all()
    rows = {one.subject.host: one.diagnosis.row for one in found.diagnosed}
    assert sorted(rows.values()) == [Row.APPLICATION, Row.HEALTHY]
    (other,) = (one for one in found.diagnosed if one.diagnosis.row is Row.HEALTHY)
    assert any("the route's own request wasn't sent" in why for why in other.diagnosis.untested)


async def test_every_diagnosis_is_remembered_as_that_of_one_route_is() -> None:
    """So `/sites` and the health checks know of it, and it outlasts a restart."""
    told: list[Proofs] = []
    diagnose = Diagnose(
        with_more(an_ingress("blog")), WorldProber(a_world(**BROKEN)), on_proofs=told.append
    )
    await diagnose.diagnose_all(private=True)
    assert {one.subject.host for one in diagnose.remembered} == {"web.example", "blog.example"}
    assert all(one.private for one in diagnose.remembered)
    assert {proof.places for proof in told[-1].proofs} == {("home-1",)}


async def test_a_namespace_limits_it_and_one_without_routes_is_an_error() -> None:
    cluster = with_more(an_ingress("shop", namespace="shop"), an_ingress("blog"))
    diagnose = Diagnose(cluster, WorldProber(a_world()))
    found = await diagnose.diagnose_all("apps")
    assert {one.subject.route for one in found.diagnosed} == {
        Ref("Ingress", "apps", "web"),
        Ref("Ingress", "apps", "blog"),
    }
    with pytest.raises(InputError, match="No namespace with routes `nowhere`"):
        await diagnose.diagnose_all("nowhere")


async def test_a_route_whose_service_is_absent_is_told_and_not_tested() -> None:
    found = await Diagnose(
        with_more(an_ingress("lost", "nobody")), WorldProber(a_world())
    ).diagnose_all()
    assert [one.route for one in found.untested] == ["ingress/apps/lost lost.example/"]
    assert found.verdict is Verdict.UNKNOWN
    assert all_title(found) == "1 of 2 routes works, the other wasn't tested"


def a_title(tested: Sequence[Diagnosed], untested: int) -> str:
    rest = (Unreached(f"ingress/apps/site-{number}", BEYOND) for number in range(untested))
    return all_title(DiagnosedRoutes(tuple(tested), tuple(rest)))


async def test_routes_that_nobody_tested_are_counted_in_the_title() -> None:
    """Two routes that work say nothing of thirty others."""
    well = (await Diagnose(a_cluster(), WorldProber(a_world())).diagnose_all()).diagnosed
    bad = (await Diagnose(a_cluster(), WorldProber(a_world(**BROKEN))).diagnose_all()).diagnosed
    assert a_title(well * 2, 30) == "2 of 32 routes work, the others weren't tested"
    assert a_title(well * 2, 0) == "All 2 routes work"
    assert a_title(well, 0) == "The only route works"
    assert a_title(bad, 30) == "1 of 31 routes fails, for 1 cause; 30 weren't tested"
    assert a_title(bad + well, 1) == "1 of 3 routes fails, for 1 cause; 1 wasn't tested"
    assert a_title((), 30) == "No route could be tested"


async def test_the_failing_and_the_untested_go_first_and_no_more_than_the_limit() -> None:
    """What answered lately can wait."""
    names = [f"site-{number:02}" for number in range(MOST_ROUTES + 5)]
    cluster = with_more(*map(an_ingress, names))
    failing = Ref("Ingress", "apps", names[-1])

    async def states() -> Mapping[Ref, SiteState]:
        answering = dict.fromkeys(
            (Ref("Ingress", "apps", name) for name in names), SiteState.ANSWERS
        )
        return {**answering, failing: SiteState.FAILS}

    found = await Diagnose(cluster, WorldProber(a_world()), states=states).diagnose_all()
    first, second = found.diagnosed[:2]
    assert (first.subject.route, second.subject.host) == (failing, "web.example")
    assert len(found.diagnosed) == MOST_ROUTES
    assert {one.why for one in found.untested} == {BEYOND}
    assert len(found.untested) == 6


async def test_what_the_time_does_not_suffice_for_is_said_not_to_be_tested() -> None:
    prober = CountingProber(a_world())
    found = await Diagnose(a_cluster(), prober, seconds_for_all=0.0).diagnose_all()
    assert [one.why for one in found.untested] == [LATE]
    assert not prober.questions
    assert found.verdict is Verdict.UNKNOWN


async def test_it_says_how_far_it_is() -> None:
    said: list[str] = []
    cluster = with_more(an_ingress("api", "api"), *another_service())
    await Diagnose(cluster, WorldProber(a_world())).diagnose_all(progress=said.append)
    assert any(step.startswith("1 of 2 routes, now ingress/apps/web") for step in said)


async def found_all(**faults: object) -> DiagnosedRoutes:
    cluster = with_more(
        an_ingress("api", "api"),
        an_ingress("blog"),
        an_ingress("lost", "nobody"),
        *another_service(),
    )
    return await Diagnose(cluster, WorldProber(a_world(**faults))).diagnose_all()


async def test_routes_with_one_cause_stand_together_and_the_cause_goes_first() -> None:
    found = await found_all(closed=frozenset({"10.42.2.21"}))
    bad, well = found.causes
    assert (bad.diagnosis.row, [one.subject.host for one in bad.routes]) == (
        Row.APPLICATION,
        ["api.example"],
    )
    assert {one.subject.host for one in well.routes} == {"web.example", "blog.example"}
    for said in (
        card(cards.diagnoses(found, [])),
        terminal.plain(net_terminal.diagnoses(found)),
    ):
        assert "1 of 4 routes fails, for 1 cause; 1 wasn't tested" in said
        assert said.index("api.example") < said.index("blog.example")
        assert "not tested" in said.lower()
        assert "does not exist" in said


async def test_its_json_is_valid_by_its_schema() -> None:
    told = json.loads(net_json.diagnoses(await found_all(**BROKEN)))
    validate(told, net_json.schema(net_json.DIAGNOSES))
    assert told["causes"][0]["row"] == "redirect"
    assert len(told["causes"][0]["routes"]) == len(told["diagnoses"]) == 3


@pytest.mark.parametrize(
    ("typed", "namespace"),
    [
        ("all", ""),
        (" ALL ", ""),
        ("all shop", "shop"),
        ("default/all", None),
        ("service/default/all", None),
        ("all.example.com", None),
        ("all of them", None),
        ("", None),
    ],
)
def test_what_is_called_all_is_meant_by_its_full_name(typed: str, namespace: str | None) -> None:
    assert namespace_of(typed) == namespace


async def test_a_service_called_all_can_be_diagnosed() -> None:
    endpoint = {**an_endpoint("10.42.2.20"), "nodeName": "home-2"}
    named = [a_service("all", clusterIP="10.43.0.82"), a_slice("all", endpoint)]
    diagnosed = await Diagnose(with_more(*named), WorldProber(a_world())).diagnose("apps/all")
    assert diagnosed.subject.service == Ref("Service", "apps", "all")


@given(st.lists(st.sampled_from(SiteState), max_size=70))
def test_no_route_is_lost_and_none_is_tested_twice(states: list[SiteState]) -> None:
    """Whatever is known of them: each is tested, or it is said why not."""
    names = [f"site-{number:02}" for number in range(len(states))]
    snapshot = snapshot_of(*with_more(*map(an_ingress, names)).objects)
    known = {Ref("Ingress", "apps", name): state for name, state in zip(names, states, strict=True)}
    subjects, untested = every_route(snapshot, "", known)
    every = [subject.name for subject in subjects] + [one.route for one in untested]
    assert len(every) == len(set(every)) == len(names) + 1
    assert len(subjects) <= MOST_ROUTES
