"""Of what is known of a route, what is public is said before what only a private test shows."""

from datetime import timedelta

import pytest

from bot.domain.finding import Judgement
from bot.domain.resources.networking import Ingress
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import observed
from bot.net.diagnosis.diagnosis import Confidence, Diagnosed, Diagnoses, Effect, Row
from bot.net.diagnosis.subject import Subject
from bot.net.route_resolution import resolve
from bot.routing.traefik_word import FailedRequests, TraefikWord
from tests.net.diagnosis.test_recent import found
from tests.net.networks import MOMENT
from tests.net.test_route_resolution import a_cluster, an_ingress


def judged(by_objects: Judgement | None, **word: object) -> Judgement:
    """Of a route that a test in private proved to fail."""
    cluster = a_cluster(an_ingress())
    (route,) = cluster.of(Ingress)
    subject = resolve(cluster, "web.example")
    assert isinstance(subject, Subject)
    tests = Diagnoses((Diagnosed(MOMENT, subject, found(), private=True),))
    refused = {route.ref: ("no",)} if word else {}
    facts: dict[type, object] = {Diagnoses: tests, TraefikWord: TraefikWord(refused)}
    snapshot = Snapshot(cluster.taken_at, cluster.objects, supplements=facts)
    return observed.worst(route.ref, snapshot, by_objects)


@pytest.mark.parametrize("verdict", [Verdict.DEGRADED, Verdict.FAILED])
def test_a_test_in_private_hides_no_incident_that_is_public(verdict: Verdict) -> None:
    """Who may not know of the test still hears of the fault."""
    public = Judgement(verdict, "Broken")
    assert judged(public) == public


@pytest.mark.parametrize("verdict", [None, Verdict.PROGRESSING, Verdict.UNKNOWN])
def test_a_test_in_private_counts_where_nothing_public_is_an_incident(
    verdict: Verdict | None,
) -> None:
    said = judged(Judgement(verdict, "Odd") if verdict else None)
    assert (said.verdict, said.private) == (Verdict.FAILED, True)


def test_the_worst_of_what_is_public_is_said() -> None:
    """Traefik refuses what is degraded by its objects."""
    said = judged(Judgement(Verdict.DEGRADED, "Odd"), refused=True)
    assert (said.reason, said.private) == ("RefusedByTraefik", False)


@pytest.mark.parametrize(
    ("worked", "reason"),
    [(None, "RequestsFail"), (-1, "RequestsFail"), (0, ""), (5, "")],
)
def test_what_failed_before_a_repair_was_seen_to_help_tells_nothing_any_more(
    worked: int | None, reason: str
) -> None:
    """Else a repaired route would stay degraded for as long as its old failures are remembered."""
    cluster = a_cluster(an_ingress())
    (route,) = cluster.of(Ingress)
    subject = resolve(cluster, "web.example")
    assert isinstance(subject, Subject)
    failed_at = MOMENT - timedelta(minutes=5)
    proof = None if worked is None else failed_at + timedelta(minutes=worked)
    inconclusive = found(Row.INCONCLUSIVE, Effect.UNKNOWN, confidence=Confidence.NONE)
    facts: dict[type, object] = {
        Diagnoses: Diagnoses((Diagnosed(MOMENT, subject, inconclusive, worked=proof),)),
        TraefikWord: TraefikWord(
            failed={route.ref: (FailedRequests(7, "502", failed_at, "10.42.1.5"),)}
        ),
    }
    snapshot = Snapshot(cluster.taken_at, cluster.objects, supplements=facts)
    said = observed.worst(route.ref, snapshot, None)
    assert said.reason == reason
    # Silence is no proof that it works; that a request was answered since is one.
    assert said.seen_well == (reason == "")
