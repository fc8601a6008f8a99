"""Findings that rest on a test of the last day, and on nothing else."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.resources.discovery import EndpointSlice
from bot.domain.resources.networking import Ingress
from bot.domain.resources.traefik import IngressRoute
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health.checks import routes_ingress, routes_ingressroute
from bot.health.service import Health
from bot.net.diagnosis import recent as lasting
from bot.net.diagnosis.diagnosis import (
    Confidence,
    Diagnosed,
    Diagnoses,
    Diagnosis,
    Effect,
    Row,
    Seen,
)
from bot.net.diagnosis.subject import Native, Subject
from bot.net.route_resolution import resolve
from tests.builders import Plain
from tests.fakes import FakeCluster
from tests.net.networks import MOMENT, a_service, a_slice
from tests.net.test_route_resolution import a_cluster, a_route, an_ingress, placed


def found(row: Row = Row.REDIRECT, effect: Effect = Effect.HELPS, **rest: Any) -> Diagnosis:
    given = {
        "confidence": Confidence.PROVEN,
        "because": "Refused on edge.",
        "effect_because": "The VIP worked 8 of 8 times.",
        "evidence": (
            Seen("edge -> 10.42.1.5", "refused 8 of 8", bears=True),
            Seen("more", "ok"),
        ),
        **rest,
    }
    return Diagnosis(row=row, effect=effect, **given)  # type: ignore[arg-type]


def with_tests(snapshot: Snapshot, *tests: Diagnosed) -> Snapshot:
    """The same objects, and what these tests found."""
    known: dict[type, object] = {Diagnoses: Diagnoses(tests)}
    return Snapshot(snapshot.taken_at, snapshot.objects, supplements=known)


def judged(
    diagnosis: Diagnosis, *more: Plain, hours: float = 1, was: Any = None, **rest: Any
) -> Judgement:
    """What a check says of the route after such a test, in a cluster that is as it was then."""
    snapshot = a_cluster(*more)
    subject = resolve(was or snapshot, "web.example")
    assert isinstance(subject, Subject)
    subject = msgspec.structs.replace(subject, **rest)
    tested = Diagnosed(MOMENT - timedelta(hours=hours), subject, diagnosis)
    after = Snapshot(
        snapshot.taken_at, snapshot.objects, supplements={Diagnoses: Diagnoses((tested,))}
    )
    if routes := snapshot.of(IngressRoute):
        return routes_ingressroute.judge(routes[0], after)
    return routes_ingress.judge(snapshot.of(Ingress)[0], after)


@pytest.mark.parametrize("route", [an_ingress(), a_route()])
def test_nativelb_that_was_proven_to_help_is_a_finding(route: Plain):
    """Of a plain Ingress and of an IngressRoute, with when it was tested and what was seen."""
    said = judged(found(), route)
    assert (said.verdict, said.reason) == (Verdict.FAILED, "NativeLBHelps")
    assert "nativeLB would lead past it" in said.message
    assert [each.label for each in said.evidence] == ["tested", "edge -> 10.42.1.5"]


def test_a_route_that_was_seen_failing_is_a_finding_without_a_prescription():
    """The overlay is to be mended."""
    said = judged(found(Row.OVERLAY_DOWN, Effect.USELESS), an_ingress())
    assert (said.verdict, said.reason) == (Verdict.FAILED, "OverlayDown")
    assert "nativeLB" not in said.message


@pytest.mark.parametrize(
    ("row", "effect", "rest"),
    [
        (Row.HEALTHY, Effect.NEEDLESS, {}),
        (Row.INCONCLUSIVE, Effect.UNKNOWN, {"confidence": Confidence.NONE}),
        (Row.POLICY, Effect.USELESS, {"confidence": Confidence.LIKELY}),
        (Row.DNS, Effect.USELESS, {}),
        (Row.SLOW_PATH, Effect.USELESS, {}),
        (Row.VIP_BROKEN, Effect.HARMS, {}),
        (Row.NO_ENDPOINTS, Effect.USELESS, {}),
    ],
)
def test_what_does_not_prove_that_the_route_fails_is_no_finding(
    row: Row, effect: Effect, rest: Any
):
    """Pod-IP routing that nobody saw failing is healthy."""
    assert judged(found(row, effect, **rest), an_ingress()).verdict is Verdict.HEALTHY


def test_a_healthy_cluster_with_pod_ip_routing_is_healthy():
    """No test, no finding."""
    snapshot = a_cluster(an_ingress())
    assert routes_ingress.judge(snapshot.of(Ingress)[0], snapshot).verdict is Verdict.HEALTHY


def test_a_test_shows_for_a_day_how_a_route_is():
    """A fault of long ago is unknown then, and not over; a test from the future is none."""
    assert judged(found(), an_ingress(), hours=25).verdict is Verdict.UNKNOWN
    assert judged(found(), an_ingress(), hours=-1).verdict is Verdict.HEALTHY
    passed = found(Row.HEALTHY, Effect.NEEDLESS)
    assert judged(passed, an_ingress(), hours=25).verdict is Verdict.HEALTHY


def test_a_test_counts_while_the_endpoints_are_the_same():
    """Another pod may be reached where that one was not."""
    other = a_cluster(an_ingress(), a_slice("web", placed("10.42.1.77")))
    assert judged(found(), an_ingress(), was=other).verdict is Verdict.HEALTHY


def test_a_route_whose_nativelb_was_turned_on_since_is_healthy_with_a_note():
    """What was proposed was done. The fault stays, which is said and is no fault of the route."""
    was = a_cluster(a_route())
    said = judged(found(), a_route(nativeLB=True), was=was)
    assert (said.verdict, said.reason, said.noted) == (Verdict.HEALTHY, "WorkedAround", True)
    assert said.message == (
        "The route answers by the VIP (nativeLB), past a fault that stays: Refused on edge. "
        "Requests got through at 2026-11-23 11:00 UTC (a test)."
    )


@pytest.mark.parametrize("row", [Row.REDIRECT, Row.SOURCE_ADDRESS])
def test_a_route_that_gets_through_by_the_vip_is_healthy_with_a_note(row: Row):
    """A test says so in the same words whether it came before nativeLB or after."""
    native = {"native": Native.ON}
    seen = found(row, Effect.ALREADY, passed=True, **native)
    said = judged(seen, a_route(nativeLB=True), **native)
    assert (said.verdict, said.reason, said.noted) == (Verdict.HEALTHY, "WorkedAround", True)
    assert seen.verdict is Verdict.HEALTHY


@pytest.mark.parametrize("row", [Row.REDIRECT, Row.SOURCE_ADDRESS])
def test_a_route_that_was_not_seen_to_get_through_by_the_vip_is_not_called_healthy(row: Row):
    """That the fault spares the VIP does not prove that the VIP works from everywhere."""
    native = {"native": Native.ON}
    seen = found(row, Effect.ALREADY, passed=False, **native)
    said = judged(seen, a_route(nativeLB=True), **native)
    assert (said.verdict, said.reason, said.noted) == (Verdict.DEGRADED, row.reason, False)
    assert seen.verdict is Verdict.DEGRADED


@pytest.mark.parametrize("row", [Row.VIP_BROKEN, Row.CHECKSUM_OFFLOAD])
def test_a_route_by_pod_ips_past_a_broken_vip_is_healthy_with_a_note(row: Row):
    """The same fault stops a route that goes by the VIP, as soon as it does."""
    seen = found(row, Effect.HARMS, passed=True)
    said = judged(seen, a_route())
    assert (said.verdict, said.reason, said.noted) == (Verdict.HEALTHY, "WorkedAround", True)
    assert "answers by pod IPs" in said.message
    assert seen.verdict is Verdict.HEALTHY
    since = judged(seen, a_route(nativeLB=True), was=a_cluster(a_route()))
    assert (since.verdict, since.reason, since.noted) == (Verdict.FAILED, row.reason, False)


@pytest.mark.parametrize(
    "row", [Row.OVERLAY_DOWN, Row.NO_ROUTE, Row.MTU, Row.POLICY, Row.TARGET_PORT, Row.APPLICATION]
)
def test_what_stops_the_vip_as_well_is_not_worked_around(row: Row):
    """Its packets are those to the pod IP by then, so requests fail."""
    said = judged(found(row, Effect.ALREADY), a_route(nativeLB=True))
    assert (said.verdict, said.reason) == (Verdict.FAILED, row.reason)


@pytest.mark.parametrize("native", [Native.ON, Native.OFF])
@pytest.mark.parametrize("row", list(Row))
def test_a_route_that_a_diagnosis_calls_failed_is_failed_in_the_checks_too(
    row: Row, native: Native
):
    """One verdict, also where nativeLB is on; `NoEndpoints` is told by the route's references."""
    diagnosis = found(row, Effect.ALREADY if native is Native.ON else Effect.UNKNOWN, native=native)
    route = a_route(nativeLB=True) if native is Native.ON else a_route()
    said = judged(diagnosis, route, native=native)
    if diagnosis.verdict is Verdict.FAILED and row is not Row.NO_ENDPOINTS:
        assert said.verdict is Verdict.FAILED
    elif said.verdict is not Verdict.HEALTHY:
        assert said.verdict is diagnosis.verdict


def test_a_fault_that_was_only_likely_is_not_worked_around():
    """No finding without proof."""
    diagnosis = msgspec.structs.replace(
        found(Row.REDIRECT, Effect.ALREADY), confidence=Confidence.LIKELY
    )
    assert judged(diagnosis, a_route(nativeLB=True)).verdict is Verdict.HEALTHY


def test_a_broken_vip_is_a_finding_where_nativelb_is_on():
    """Then the route uses it."""
    said = judged(found(Row.VIP_BROKEN, Effect.HARMS), a_route(nativeLB=True), native=Native.ON)
    assert said.reason == "VipBroken"


def test_a_test_of_another_route_says_nothing_of_this_one():
    """Even where both lead to one Service."""
    other = Ref("Ingress", "apps", "other")
    assert judged(found(), an_ingress(), route=other).verdict is Verdict.HEALTHY


def test_a_broken_reference_goes_before_a_test():
    """It explains the failure by itself."""
    said = judged(found(), an_ingress(to="gone"), was=a_cluster(an_ingress()))
    assert said.reason == "ServiceNotFound"


def remembered(
    diagnosis: Diagnosis, *more: Plain, hours: float = 1, ask: str = "web.example"
) -> Diagnosed:
    """What was remembered of a test some hours ago, of a route in a cluster with these objects."""
    subject = resolve(a_cluster(*more or (an_ingress(),)), ask)
    assert isinstance(subject, Subject)
    return Diagnosed(MOMENT - timedelta(hours=hours), subject, diagnosis)


PROVEN = found()
UNKNOWN = found(Row.INCONCLUSIVE, Effect.UNKNOWN, confidence=Confidence.NONE)
PASSED = found(Row.HEALTHY, Effect.NEEDLESS, passed=True)


@pytest.mark.parametrize(
    "later",
    [
        UNKNOWN,
        found(Row.POLICY, Effect.USELESS, confidence=Confidence.LIKELY),
        found(Row.REDIRECT, Effect.UNKNOWN, confidence=Confidence.LIKELY),
        found(Row.DNS, Effect.USELESS),
        found(Row.VIP_BROKEN, Effect.HARMS),
    ],
    ids=lambda each: each.row,
)
def test_a_proven_fault_stands_until_a_test_passes(later: Diagnosis):
    """What is likely, or is wrong elsewhere, is no proof that its requests get through."""
    proven = remembered(PROVEN, hours=2)
    assert lasting.standing(proven, remembered(later)) is proven


@pytest.mark.parametrize(
    "later",
    [
        PASSED,
        msgspec.structs.replace(PASSED, confidence=Confidence.LIKELY),
        found(Row.DNS, Effect.USELESS, confidence=Confidence.LIKELY, passed=True),
        found(Row.OVERLAY_DOWN, Effect.USELESS),
        found(Row.NO_ROUTE, Effect.HELPS, confidence=Confidence.LIKELY),
    ],
    ids=lambda each: each.row,
)
def test_a_test_that_passed_or_proved_a_fault_stands_in_place_of_an_older_one(later: Diagnosis):
    """Whatever else is wrong: every way of the route was tried, or it is proven to fail."""
    after = remembered(later)
    assert lasting.standing(remembered(PROVEN, hours=2), after) is after


@pytest.mark.parametrize(
    "before", [None, remembered(UNKNOWN, hours=2), remembered(PASSED, hours=2)]
)
def test_what_proved_no_fault_is_replaced_by_whatever_comes(before: Diagnosed | None):
    """There is nothing that could be lost."""
    after = remembered(UNKNOWN)
    assert lasting.standing(before, after) is after


def test_a_proven_fault_of_long_ago_stands_too():
    """Nobody saw that it is over."""
    within = remembered(PROVEN, hours=50)
    assert lasting.standing(within, remembered(UNKNOWN, hours=0)) is within


def test_a_fault_that_nativelb_goes_round_stands_when_nativelb_was_turned_on():
    """The route leads to the same endpoints, and the fault of the network is there still."""
    was = remembered(PROVEN, a_route(), hours=2)
    assert lasting.standing(was, remembered(UNKNOWN, a_route(nativeLB=True))) is was


def test_another_service_or_another_endpoint_is_another_route():
    """Nobody saw it fail, so what was proven of the first ends without a test."""
    after = remembered(UNKNOWN, an_ingress(), a_slice("web", placed("10.42.1.77")))
    assert lasting.standing(remembered(PROVEN, hours=2), after) is after


def test_endpoints_that_were_not_seen_are_no_others():
    """Neither when it is tested again, nor when it is judged."""
    proven = remembered(PROVEN, hours=2)
    blind = a_cluster(an_ingress(), unseen=(EndpointSlice,))
    subject = resolve(blind, "web.example")
    assert isinstance(subject, Subject)
    assert lasting.standing(proven, Diagnosed(MOMENT, subject, UNKNOWN)) is proven
    seen = with_tests(blind, proven)
    said = routes_ingress.judge(seen.of(Ingress)[0], seen)
    assert said.reason == "NativeLBHelps"


@pytest.mark.parametrize("other", [UNKNOWN, PASSED])
def test_a_test_of_one_rule_says_nothing_of_what_is_worked_around_in_another(other: Diagnosis):
    """One object may have several rules, and each is asked about by its own name."""
    route = a_route(nativeLB=True)
    elsewhere = {"name": "other", "port": 80}
    rule = {"match": "Host(`other.example`)", "services": [elsewhere]}
    route["spec"]["routes"].append(rule)
    another = a_slice("other", placed("10.42.1.8", pod="other-1"))
    objects = (route, a_service("other", clusterIP="10.43.0.8"), another)
    around = remembered(found(Row.REDIRECT, Effect.ALREADY, passed=True), *objects, hours=2)
    beside = remembered(other, *objects, ask="other.example")
    seen = a_cluster(*objects)
    after = Snapshot(
        seen.taken_at, seen.objects, supplements={Diagnoses: Diagnoses((around, beside))}
    )
    said = routes_ingressroute.judge(seen.of(IngressRoute)[0], after)
    assert said.reason == "WorkedAround"


async def test_health_asks_for_the_latest_tests():
    """They are part of what the checks look at."""
    web = a_cluster(an_ingress())
    subject = resolve(web, "web.example")
    assert isinstance(subject, Subject)
    asked: list[int] = []

    def latest() -> tuple[Diagnosed, ...]:
        asked.append(1)
        return (Diagnosed(MOMENT, subject, found()),)

    await Health(FakeCluster(), diagnosed=latest).check(("routes",))
    assert asked
