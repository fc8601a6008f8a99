"""A route that leads past a fault is well for as long as its requests are seen to get through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from bot.domain.finding import Judgement, Ref
from bot.domain.resources.traefik import IngressRoute
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health.checks import routes_ingressroute
from bot.net.diagnosis import recent
from bot.net.diagnosis.diagnosis import Confidence, Diagnosed, Diagnoses, Diagnosis, Effect, Row
from bot.net.diagnosis.subject import Native
from bot.net.route_checks.answered import Answerer, RouteAnswer
from bot.net.route_checks.checks import CheckedHost, NodeAnswer, RouteChecks
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import FailedRequests, TraefikWord
from tests.builders import Plain, an_object
from tests.net.diagnosis.test_recent import found, remembered
from tests.net.networks import MOMENT, TRAEFIK, a_slice
from tests.net.test_route_resolution import a_cluster, placed

HOST = "web.example"
RULE = f"Host(`{HOST}`)"
ROUTE = Ref("IngressRoute", "apps", "web")


def a_route(match: str = RULE, **service: Any) -> Plain:
    """A route whose `/` is what visitors and route checks ask for."""
    rule = {"match": match, "services": [{"name": "web", "port": 80, **service}]}
    return an_object("IngressRoute", "web", TRAEFIK, spec={"routes": [rule]})


def ago(hours: float) -> datetime:
    return MOMENT - timedelta(hours=hours)


def a_repair(
    hours: float, *, tested: float = 100, diagnosis: Diagnosis | None = None, match: str = RULE
) -> Diagnosed:
    """A test that proved the fault, and a repair that was proven so many hours ago."""
    test = remembered(diagnosis or found(), a_route(match), hours=tested)
    return replace(test, worked=ago(hours))


def checked(*answers: tuple[str, SiteState, Answerer, float], since: float = 50) -> RouteChecks:
    """Route checks of the rule: by which node, how they ended, who answered, hours ago."""
    told = tuple(
        NodeAnswer(node, ago(hours), RouteAnswer(by, state, "HTTP 502 of Traefik itself"))
        for node, state, by, hours in answers
    )
    return RouteChecks(
        interval=timedelta(minutes=1),
        hosts=(CheckedHost(host=HOST, route=ROUTE, match=RULE, answers=told, since=ago(since)),),
    )


def answered(*hours: float, since: float = 50) -> RouteChecks:
    """What each of Traefik's nodes had from the backend."""
    backend = Answerer.BACKEND
    each = ((f"node-{i}", SiteState.ANSWERS, backend, at) for i, at in enumerate(hours))
    return checked(*each, since=since)


def failed(hours: float) -> TraefikWord:
    """Traefik's log: a request of the route failed so many hours ago."""
    requests = FailedRequests(1, "502", ago(hours), "10.42.1.5")
    return TraefikWord(failed={ROUTE: (requests,)})


def judged(
    *tests: Diagnosed, now: Plain | None = None, more: tuple[Plain, ...] = (), **seen: object
) -> Judgement:
    """What the checks say of the route, whose nativeLB is on unless `now` says otherwise."""
    snapshot = a_snapshot(*tests, now=now, more=more, **seen)
    return routes_ingressroute.judge(snapshot.of(IngressRoute)[0], snapshot)


def a_snapshot(
    *tests: Diagnosed, now: Plain | None = None, more: tuple[Plain, ...] = (), **seen: object
) -> Snapshot:
    """The same, with all that was seen of the route."""
    cluster = a_cluster(now or a_route(nativeLB=True), *more)
    known: Mapping[type, object] = {type(item): item for item in seen.values()}
    supplements = {Diagnoses: Diagnoses(tests), **known}
    return Snapshot(cluster.taken_at, cluster.objects, supplements=supplements)


def is_note(said: Judgement) -> bool:
    """Whether the route is well with a note, and nothing between."""
    assert said.noted == (said.verdict is Verdict.HEALTHY)
    return said.noted


def test_a_repaired_route_answers_with_a_note_of_its_proof():
    """The test is older than a day by then; what counts is the repair's own proof."""
    said = judged(a_repair(3))
    assert is_note(said)
    assert said.since == ago(3)
    assert said.message.endswith(
        "Requests got through at 2026-11-23 09:00 UTC (the proof of a repair)."
    )


@pytest.mark.parametrize(("hours", "holds"), [(0, True), (23.9, True), (24, True), (25, False)])
def test_a_proof_holds_for_a_day(hours: float, *, holds: bool):
    """Afterwards nobody knows; it is not called healthy any more, and not failed either."""
    said = judged(a_repair(hours))
    assert is_note(said) == holds
    if not holds:
        assert (said.verdict, said.reason) == (Verdict.UNKNOWN, "Redirect")
        assert said.message.startswith("Not tested for over a day: `/net diagnose ")
        assert "2026-11-22 11:00 UTC (the proof of a repair), past this fault: Refused" in (
            said.message
        )


def test_a_route_check_that_the_backend_answers_renews_the_proof():
    """Each of Traefik's nodes goes its own way, so the oldest of their answers counts."""
    said = judged(a_repair(50), checks=answered(0.1, 2))
    assert is_note(said)
    assert said.message.endswith("Requests got through at 2026-11-23 10:00 UTC (route checks).")
    assert said.since == ago(50)
    assert not is_note(judged(a_repair(50), checks=answered(0.1, 25)))


@pytest.mark.parametrize(
    ("state", "by"),
    [
        (SiteState.ANSWERS, Answerer.MIDDLEWARE),
        (SiteState.NOT_TESTED, Answerer.MIDDLEWARE),
        (SiteState.NOT_TESTED, Answerer.NOBODY),
    ],
)
def test_an_answer_that_is_not_the_backends_renews_nothing(state: SiteState, by: Answerer):
    """Behind a login the backend's port is asked by a way that is not Traefik's."""
    beside = ("node-1", SiteState.ANSWERS, Answerer.BACKEND, 0.1)
    assert not is_note(judged(a_repair(25), checks=checked(("edge", state, by, 0.1), beside)))
    assert is_note(judged(a_repair(23), checks=checked(("edge", state, by, 0.1), beside)))


@pytest.mark.parametrize(
    "other", [{"route": Ref("IngressRoute", "apps", "other")}, {"match": f"{RULE} && Path(`/`)"}]
)
def test_a_check_of_another_route_or_rule_renews_nothing(other: dict[str, Any]):
    """Only one rule of a host is asked, and each has its own Service."""
    asked = replace(answered(0.1).hosts[0], **other)
    assert not is_note(judged(a_repair(25), checks=replace(answered(0.1), hosts=(asked,))))


def test_a_request_that_a_server_answered_by_the_access_log_renews_the_proof():
    """A good request of that very rule; one that seems to come from the future is of now."""
    word = TraefikWord(answered={(ROUTE, RULE): ago(0.5)})
    assert is_note(judged(a_repair(25), word=word))
    assert not is_note(judged(a_repair(25), word=TraefikWord(answered={(ROUTE, "x"): ago(0.5)})))
    ahead = judged(a_repair(25), word=TraefikWord(answered={(ROUTE, RULE): ago(-48)}))
    assert "2026-11-23 12:00 UTC (Traefik's access log)" in ahead.message


@pytest.mark.parametrize(("hours", "holds"), [(0.1, False), (0.9, False), (2.5, True)])
def test_requests_that_failed_since_end_the_proof(hours: float, *, holds: bool):
    """Those of before the repair tell nothing any more."""
    assert is_note(judged(a_repair(2), word=failed(hours))) == holds


def test_a_route_check_that_fails_since_ends_the_proof():
    """By one of Traefik's nodes is enough; one from before the repair tells nothing."""
    good = ("edge", SiteState.ANSWERS, Answerer.BACKEND, 0.1)
    bad = ("home", SiteState.FAILS, Answerer.TRAEFIK, 0.1)
    said = judged(a_repair(2), checks=checked(good, bad))
    assert (said.verdict, said.noted) == (Verdict.UNKNOWN, False)
    assert "A route check has failed since (HTTP 502 of Traefik itself)" in said.message
    assert is_note(judged(a_repair(2), checks=checked(good, (*bad[:3], 3.0))))


@pytest.mark.parametrize(
    ("minutes", "since", "holds"), [(25, 50, True), (29, 50, False), (25, 0.5, True)]
)
def test_three_good_checks_end_what_failed_before(minutes: float, since: float, *, holds: bool):
    """One of them took one way of those that requests may take."""
    failures, checks = failed(0.5), answered(minutes / 60, since=since)
    said = recent.judgement(ROUTE, a_snapshot(a_repair(2), word=failures, checks=checks))
    assert said
    assert is_note(said) == holds


def test_one_good_request_does_not_end_what_failed_before():
    """It took one way."""
    requests = (FailedRequests(1, "502", ago(0.5), "10.42.1.5"),)
    word = TraefikWord(failed={ROUTE: requests}, answered={(ROUTE, RULE): ago(0.1)})
    assert not is_note(judged(a_repair(2), word=word))


def test_other_endpoints_are_another_route():
    """Nobody saw that one fail, and nobody saw it get through."""
    more = (a_slice("web", placed("10.42.1.77")),)
    assert judged(a_repair(1), more=more) == judged(more=more)


@pytest.mark.parametrize("worked", [None, 1.0])
@pytest.mark.parametrize("tested", [Native.OFF, Native.ON])
def test_a_route_whose_nativelb_is_taken_back_fails_again(tested: Native, worked: float | None):
    """Also where the last test was made while nativeLB was on: what it avoided is met again."""
    diagnosis = found() if tested is Native.OFF else found(effect=Effect.ALREADY, passed=True)
    test = remembered(diagnosis, a_route(nativeLB=tested is Native.ON), hours=2)
    test = replace(test, worked=ago(worked) if worked else None)
    assert is_note(judged(test))
    said = judged(test, now=a_route())
    assert (said.verdict, said.noted) == (Verdict.FAILED, False)


def test_a_trial_that_was_proven_is_worked_around_too():
    """That it helps was not known before; by its proof it is. What was only likely is no fault."""
    trial = found(effect=Effect.UNKNOWN)
    assert is_note(judged(a_repair(1, diagnosis=trial)))
    untried = remembered(trial, a_route(), hours=2)
    assert not judged(untried).noted
    likely = replace(trial, confidence=Confidence.LIKELY)
    assert not judged(a_repair(1, diagnosis=likely)).noted


def test_what_nativelb_is_no_cure_for_is_not_worked_around_by_a_repair():
    """No path that carries nothing is led past by another address on it."""
    overlay = found(Row.OVERLAY_DOWN, Effect.LOWERS)
    assert not judged(a_repair(1, diagnosis=overlay)).noted


def test_one_rule_without_a_proof_takes_the_note_from_its_route():
    """One object may have several rules; the note has the oldest proof of them."""
    other = f"Host(`{HOST}`) && PathPrefix(`/api`)"
    both = a_route(nativeLB=True)
    both["spec"]["routes"] += a_route(other, nativeLB=True)["spec"]["routes"]
    was = a_route()
    was["spec"]["routes"] += a_route(other)["spec"]["routes"]

    def tests(*hours: float) -> list[Diagnosed]:
        asked = zip(("web.example/", "web.example/api"), hours, strict=True)
        return [
            replace(remembered(found(), was, hours=90, ask=ask), worked=ago(at))
            for ask, at in asked
        ]

    said = judged(*tests(1, 5), now=both)
    assert is_note(said)
    assert "2026-11-23 07:00 UTC" in said.message
    assert not is_note(judged(*tests(1, 25), now=both))


def test_a_route_by_pod_ips_needs_no_fresh_proof():
    """It was never seen to fail, and goes past a VIP that nobody uses."""
    test = remembered(found(Row.VIP_BROKEN, Effect.HARMS, passed=True), a_route(), hours=25)
    assert is_note(judged(test, now=a_route()))


def test_a_fault_that_a_test_proved_is_over_once_its_backend_answers_checks_in_a_row() -> None:
    """Nobody has to test it again. Behind a login nothing of the backend's way is seen."""
    test = remembered(found(), a_route(), hours=2)
    now = a_route()
    assert judged(test, now=now).verdict is Verdict.FAILED
    assert judged(test, now=now, checks=answered(0, since=1)).verdict is Verdict.HEALTHY
    login = checked(("node-0", SiteState.ANSWERS, Answerer.MIDDLEWARE, 0), since=1)
    assert judged(test, now=now, checks=login).verdict is Verdict.FAILED


@pytest.mark.parametrize("minutes", [0, 1, 1.9])
def test_a_few_answers_may_have_come_from_endpoints_that_were_never_at_fault(
    minutes: float,
) -> None:
    """So it is with answers from before the test."""
    test = remembered(found(), a_route(), hours=2)
    few = answered(0, since=minutes / 60)
    assert judged(test, now=a_route(), checks=few).verdict is Verdict.FAILED
    before = remembered(found(), a_route(), hours=0.01)
    assert judged(before, now=a_route(), checks=answered(0)).verdict is Verdict.FAILED
