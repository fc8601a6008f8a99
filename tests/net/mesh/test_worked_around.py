"""The network's own fault, while all routes that it is known to hurt lead past it."""

from collections.abc import Collection
from datetime import timedelta

import msgspec
import pytest

from bot.domain.check import SCOPES
from bot.domain.finding import Ref
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.next_steps.steps import next_step
from bot.health.service import Health, reads
from bot.net import route_resolution
from bot.net.diagnosis.diagnosis import Confidence, Effect, Row
from bot.net.mesh.matrix import By
from bot.net.mesh.rounds import Unseen
from bot.net.probing.protocol import Outcome
from bot.routing.traefik_word import FailedRequests, TraefikWord
from tests.fakes import FakeCluster
from tests.net.diagnosis.test_recent import found
from tests.net.mesh.around import (
    FROM_EDGE,
    notes_of_links,
    of_links,
    proven,
    report,
    rounds,
)
from tests.net.networks import MOMENT

WEB, SHOP = proven("web", repaired=1), proven("shop", repaired=0.5)


def test_a_fault_past_which_every_hurt_route_leads_is_a_note_and_no_finding():
    """It says what is broken, how many lead past it since when, and what may still fail."""
    said = report(WEB, SHOP)
    assert said.verdict is Verdict.HEALTHY
    assert of_links(said) == []
    (note,) = notes_of_links(said)
    assert (str(note.subject), note.reason, note.verdict) == (
        "Node edge",
        "WorkedAround",
        Verdict.HEALTHY,
    )
    assert note.message == (
        "Nothing gets from edge by pod IP: refused. 2 routes that it hurts lead past it since "
        "2026-11-23 11:00 UTC, and requests got through at 2026-11-23 11:00 UTC (the proof of a "
        "repair). Connections of other pods may still fail there."
    )
    assert note.since == MOMENT - timedelta(hours=1)
    assert "/net diagnose" in next_step(note).text
    assert "1 route that it hurts leads past it" in notes_of_links(report(WEB))[0].message


def test_without_a_test_or_without_nativelb_it_is_a_finding():
    """As it is before a repair, and after one is taken back."""
    for said in (report(), report(WEB, SHOP, native=())):
        (fault,) = of_links(said)
        assert (fault.verdict, str(fault.subject)) == (Verdict.FAILED, "Node edge")
        assert notes_of_links(said) == []


def test_one_route_that_is_still_hurt_keeps_the_finding():
    """The repaired one is well; the path is not worked around."""
    said = report(WEB, proven("shop"), native=("web",))
    assert len(of_links(said)) == 1
    assert notes_of_links(said) == []
    assert [str(note.subject) for note in said.notes] == ["IngressRoute apps/web"]


def test_a_proof_of_yesterday_takes_nothing_back():
    """25 hours after the repair, unless the route was seen to answer since."""
    old = proven("web", hours=30, repaired=25)
    assert len(of_links(report(old))) == 1
    answered = {(Ref("IngressRoute", "apps", "web"), "Host(`web.example`)"): MOMENT}
    assert of_links(report(old, word=TraefikWord(answered=answered))) == []


def test_requests_that_failed_since_take_nothing_back():
    """Of one of the routes."""
    failed = (FailedRequests(1, "502", MOMENT - timedelta(minutes=10), "10.42.1.6"),)
    word = TraefikWord(failed={Ref("IngressRoute", "apps", "shop"): failed})
    assert len(of_links(report(WEB, SHOP, word=word))) == 1
    assert of_links(report(WEB, SHOP)) == []


def test_other_endpoints_take_nothing_back():
    """Of a route that leads elsewhere nobody knows what it meets."""
    (endpoint,) = WEB.subject.endpoints
    moved = msgspec.structs.replace(endpoint, address="10.42.1.77")
    subject = msgspec.structs.replace(WEB.subject, endpoints=(moved,))
    assert len(of_links(report(msgspec.structs.replace(WEB, subject=subject)))) == 1


def test_links_of_other_nodes_stay_findings():
    """The test explains what begins on its own node; each link is judged for itself."""
    back, across = ("attic", "edge"), ("attic", "cellar")
    for other in (back, across):
        said = report(WEB, SHOP, known=rounds({*FROM_EDGE, other}))
        (fault,) = of_links(said)
        assert fault.message.startswith(f"{other[0]} -> {other[1]} by pod IP: refused")
        assert all(row.label.startswith(f"{other[0]} -> {other[1]}") for row in fault.evidence)
    assert len(notes_of_links(report(WEB, known=rounds({*FROM_EDGE, across})))) == 1


def test_a_node_with_a_finding_of_its_own_has_no_note():
    """One judgement a node: the worse one, which names what is left alone."""
    lost = {("attic", "edge"), ("cellar", "edge")}
    said = report(WEB, known=rounds(lost=lost))
    (fault,) = of_links(said)
    assert str(fault.subject) == "Node edge"
    assert fault.message.startswith("Nothing gets to edge by pod IP: timeout")
    assert {row.label.partition(" by ")[0] for row in fault.evidence} == {
        "attic -> edge",
        "cellar -> edge",
    }
    assert notes_of_links(said) == []


def test_what_could_not_be_seen_is_not_hidden_by_a_note():
    """A node of which the rounds cannot be read is unknown, whatever is worked around there."""
    known = msgspec.structs.replace(rounds(), unseen=(Unseen("edge", "its log cannot be read"),))
    said = report(WEB, known=known)
    assert said.verdict is Verdict.UNKNOWN
    assert notes_of_links(said) == []


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.NO_ROUTE, Outcome.RESET])
def test_a_link_that_fails_in_another_way_stays_a_finding(outcome: Outcome):
    """Nothing arrives there, by a VIP neither: that is another fault."""
    assert len(of_links(report(WEB, SHOP, known=rounds(outcome=outcome)))) == 1


@pytest.mark.parametrize("tests", [(By.UDP,), (By.LARGE,), (By.UDP, By.LARGE)])
def test_what_fails_while_connections_come_about_stays_a_finding(tests: tuple[By, ...]):
    """The test of a route proved that connections are refused, and nothing of the others."""
    assert len(of_links(report(WEB, SHOP, known=rounds(tests=tests)))) == 1


@pytest.mark.parametrize(
    ("places", "bad", "around"),
    [
        (("edge -> attic",), {("edge", "attic")}, True),
        (("edge -> attic",), {("edge", "cellar")}, False),
        (("attic -> edge",), {("edge", "attic")}, False),
        (("attic",), {("edge", "attic")}, False),
        ((), {("edge", "attic")}, False),
    ],
)
def test_a_test_explains_its_own_path_or_what_begins_on_its_node(
    places: tuple[str, ...], bad: set[tuple[str, str]], *, around: bool
):
    """Proofs of earlier versions have no places, and explain nothing."""
    test = proven("web", diagnosis=found(Row.SOURCE_ADDRESS), places=places, repaired=1)
    assert (of_links(report(test, known=rounds(bad))) == []) == around


@pytest.mark.parametrize("row", [Row.OVERLAY_DOWN, Row.ONE_WAY, Row.NO_ROUTE, Row.POLICY])
def test_another_route_that_is_stopped_on_that_path_keeps_the_finding(row: Row):
    """By whatever fault: it is known to be hurt there."""
    fault = found(row, Effect.USELESS)
    for place in ("edge -> attic", "attic", "edge"):
        stopped = proven("shop", diagnosis=fault, places=(place,))
        said = report(WEB, stopped, native=("web",), known=rounds({("edge", "attic")}))
        assert len(of_links(said)) == 1
    elsewhere = proven("shop", diagnosis=fault, places=("cellar",))
    known = rounds({("edge", "attic")})
    assert of_links(report(WEB, elsewhere, native=("web",), known=known)) == []


def test_what_one_person_saw_in_private_takes_nothing_back():
    """Everybody sees the finding. A repair is public, whoever tested before it."""
    helps = proven("web", private=True)
    assert len(of_links(report(helps))) == 1
    assert of_links(report(proven("web", private=True, repaired=1))) == []


def test_what_was_only_likely_explains_nothing():
    """No finding without proof, and none is taken back without it."""
    likely = found(effect=Effect.UNKNOWN, confidence=Confidence.LIKELY)
    assert len(of_links(report(proven("web", diagnosis=likely, repaired=1)))) == 1


def test_in_a_part_of_the_namespaces_nothing_is_taken_back():
    """There may be other routes that it hurts."""
    assert of_links(report(WEB)) == []
    assert len(of_links(report(WEB, namespaces=("apps",)))) == 1


class Reading(FakeCluster):
    """A cluster that remembers which kinds were read of it."""

    read: frozenset[type[Object]] = frozenset()

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """Nothing is there."""
        self.read = frozenset(types)
        return await super().snapshot(types, namespace)


@pytest.mark.parametrize("scope", SCOPES)
async def test_whatever_is_asked_for_the_routes_of_known_faults_are_read(scope: str):
    """Else `check nodes` would tell a fault that `check` calls worked around."""
    cluster = Reading()
    await Health(cluster, diagnosed=lambda: (WEB,)).check((scope,))
    assert cluster.read.issuperset(route_resolution.READS)
    plain = Reading()
    await Health(plain).check((scope,))
    checks = [check for check in CHECKS if check.scope == scope]
    assert plain.read == set(reads(checks, CHECKS))
