"""A note on a healthy object: every view shows it, and none takes it for a problem."""

import json
from datetime import timedelta

import msgspec
import pytest

from bot.alerting.domain.incident import Alerts
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.alerting.views.discord import board
from bot.digest.domain.diff import base
from bot.digest.domain.digest import Digest, compose
from bot.digest.domain.open_items import StandingItem
from bot.digest.views import discord as digest_cards
from bot.digest.views import json as digest_json
from bot.digest.views import text as digest_text
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.report import Report, examine, focus
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import report_store
from bot.health.views import discord as cards
from bot.health.views import json as report_json
from bot.health.views import terminal
from bot.net.diagnosis.diagnosis import Row
from bot.net.diagnosis.subject import Native
from bot.net.views import text as net_text
from bot.render.terminal import plain
from bot.traefik.domain.answers import RoutesAnswer
from bot.traefik.domain.routes import read_routes
from bot.traefik.views import discord as traefik_cards
from bot.traefik.views import terminal as traefik_terminal
from tests.builders import Plain, an_object
from tests.fakes import snapshot_of
from tests.health.views.test_discord import texts
from tests.net.diagnosis.test_recent import MOMENT, found, remembered, with_tests
from tests.net.test_route_resolution import a_cluster, a_route

REASON = "WorkedAround"
STAYS = "past a fault that stays"


def judge(service: core.Service, _: Snapshot) -> Judgement:
    """Notes the same of every Service, but of one whose name says that it is plain."""
    if service.name == "plain":
        return HEALTHY
    return Judgement(
        Verdict.HEALTHY,
        REASON,
        f"It works, {STAYS}.",
        private=service.name == "secret",
        noted=True,
    )


CHECK = Check(
    name="endpoints",
    scope="endpoints",
    title="Services with notes.",
    judges={core.Service: judge},
    documented_as="kubectl get services",
    advice="Nothing.",
)


def noted(*names: str, namespace: str | None = None) -> Report:
    """The report on Services of these names, each in a namespace of its own name."""
    services = (an_object("Service", name, namespace=name) for name in names)
    return examine(snapshot_of(*services, now=MOMENT), (CHECK,), namespace=namespace)


def test_a_note_leaves_the_report_healthy_and_is_no_finding():
    """It counts nowhere: not among the causes, the findings, or the kinds with a problem."""
    report = noted("web", "plain")
    assert report.verdict is Verdict.HEALTHY
    assert not report.findings
    assert [note.reason for note in report.notes] == [REASON]
    assert focus(report, (CHECK,)).notes == report.notes
    assert not focus(report, ()).notes


def test_a_note_belongs_to_its_namespace():
    """As findings do."""
    assert [note.subject.name for note in noted("web", "db", namespace="db").notes] == ["db"]


def test_what_only_a_test_in_private_shows_is_no_public_note():
    """The board and digests are for everybody."""
    report = noted("secret", "web")
    assert [note.subject.name for note in report.public.notes] == ["web"]
    shown = "".join(texts(board(report, Alerts())))
    assert "web/web" in shown
    assert "secret" not in shown


def test_a_note_is_looked_up_by_its_code():
    """`/why` tells its story."""
    report = noted("web")
    (note,) = report.notes
    assert report.with_code(note.code) == (note,)


def test_every_view_of_a_report_shows_a_note():
    """`/health` and `check`, as a card, as text and as JSON."""
    report = noted("web")
    shown = "".join(texts(cards.report(report)))
    assert "✅ All healthy: 1 of 1 Services" in shown
    assert f"**note** `{REASON}: Service web/web: It works, {STAYS}." in shown
    printed = plain(terminal.report(report), width=80)
    assert printed.startswith("HEALTHY")
    assert f"note: {REASON}: Service web/web: It works, {STAYS}." in printed
    document = json.loads(report_json.report(report))
    assert (document["verdict"], document["findings"]) == ("healthy", [])
    assert [note["reason"] for note in document["notes"]] == [REASON]


def test_the_same_note_on_many_objects_is_one_line():
    """With the first names and the number of the others."""
    (line,) = (
        line
        for line in plain(terminal.report(noted(*"abcdefg")), width=200).splitlines()
        if line.startswith("note")
    )
    assert "Service e/e and 2 more" in line


def a_digest(report: Report, before: Report | None = None) -> Digest:
    """A digest of that report; `before` is what the digest before it was made of."""
    earlier = a_digest(before) if before else None
    known = base(before, None, earlier.noted) if before and earlier else base(report, None, ())
    return compose("digest", report, StandingItem(), known)


def test_a_digest_has_a_note_among_what_is_open_and_calls_nothing_wrong():
    """In the message, in its file, and as JSON."""
    digest = a_digest(noted("web"))
    assert digest.verdict is Verdict.HEALTHY
    assert not digest.shown
    for text in ("".join(texts(digest_cards.digest(digest, None))), digest_text.text(digest)):
        assert "Still open" in text
        assert REASON in text
        assert "1 note" in text
    document = json.loads(digest_json.digest(digest))
    assert any(REASON in line for line in document["open"])


def test_a_note_is_new_to_digests_once():
    """One that posts only changes is quiet about the same note the next day."""
    assert not a_digest(noted("web"), before=noted("plain")).quiet
    assert a_digest(noted("web"), before=noted("web")).quiet


def test_a_note_raises_no_alert_and_ends_that_of_the_fault():
    """What was worked around was an incident, and is resolved when it is healthy for a while."""
    rules = Rules((AlertRoute(channel=1),))
    failed = msgspec.structs.replace(noted("web").notes[0], verdict=Verdict.FAILED)
    state: Alerts | None = None
    for minute in range(60):
        report = noted("web")
        at = MOMENT + timedelta(minutes=minute)
        findings = (failed,) if 10 <= minute < 30 else ()
        notes = () if findings else report.notes
        report = Report(at, findings, (), report.counts, ("endpoints",), notes=notes)
        state = advance(state, report, rules, {})
        if minute == 9:
            assert not state.incidents
        if minute == 29:
            assert [incident.ended for incident in state.incidents] == [None]
    assert state
    assert all(incident.ended for incident in state.incidents)


def test_a_stored_report_keeps_its_notes_until_there_is_no_room():
    """Findings are worth more, so notes are dropped first."""
    record = report_store.remembered(noted("web"))
    assert [note.reason for note in report_store.recalled(record).notes] == [REASON]
    smaller = report_store.REPORT.spare(record)
    assert smaller is not None
    assert not smaller.notes


@pytest.mark.parametrize(
    ("route", "row", "native"),
    [
        (a_route(nativeLB=True), Row.REDIRECT, Native.ON),
        (a_route(nativeLB=True), Row.SOURCE_ADDRESS, Native.ON),
        (a_route(), Row.VIP_BROKEN, Native.OFF),
    ],
    ids=lambda value: str(value) if isinstance(value, Row) else "",
)
def test_health_traefik_and_a_diagnosis_call_a_route_healthy_that_leads_past_a_fault(
    route: Plain, row: Row, native: Native
):
    """And each of them says that the fault stays."""
    diagnosis = found(row, passed=True, native=native)
    test = remembered(diagnosis, route)
    subject = msgspec.structs.replace(test.subject, native=native)
    test = msgspec.structs.replace(test, subject=subject)
    snapshot = with_tests(a_cluster(route), test)
    (view,) = read_routes(snapshot, ())
    assert (view.verdict, view.problems) == (Verdict.HEALTHY, ())
    assert diagnosis.verdict is Verdict.HEALTHY
    assert " works, although " in net_text.situation(diagnosis)
    answer = RoutesAnswer(taken_at=MOMENT, verdict=view.verdict, routes=(view,))
    for text in (
        "".join(texts(traefik_cards.routes(answer))),
        "".join(texts(traefik_cards.route(view, answer))),
        plain(traefik_terminal.routes(answer)),
    ):
        assert f"{REASON}: The route answers" in text
