"""A card says who keeps an incident quiet: each change is a line, and nothing else is."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident
from bot.alerting.domain.quiet import with_silences
from bot.alerting.domain.silences import Mute, Mutes
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.verdict import Verdict

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HEAD = Finding(
    check="pods", subject=Ref("Pod", "apps", "web"), verdict=Verdict.FAILED, reason="X", message=""
)
OPEN = Incident(id="1", head=HEAD, keys=(HEAD.key,), opened=NOW, worst=Verdict.FAILED).with_line(
    NOW, "failed: X"
)
ACKNOWLEDGED = Mute(
    by="olga",
    since=NOW,
    until=NOW + timedelta(hours=8),
    finding=HEAD.key,
    reason="a new disk",
    acknowledged=True,
)
OF_NAMESPACE = Mute(by="anna", since=NOW, until=NOW + timedelta(days=1), namespace="apps")


def quiet(
    incident: Incident, *mutes: Mute, after: timedelta = timedelta(), **report: str
) -> Incident:
    """The incident at a look some time later, with these mutes; `by` is an annotation's line."""
    muted = {HEAD.key: report["by"]} if report else {}
    look = Report(NOW + after, (HEAD,), (), {"Pod": 1}, muted=muted)
    (shown,) = with_silences(Alerts((incident,)), Mutes(mutes), look).incidents
    return shown


def test_an_acknowledgement_is_a_line_once_and_an_edit_is_due() -> None:
    """By whom, and until when; looking again changes nothing."""
    shown = quiet(OPEN, ACKNOWLEDGED)
    assert shown.silence
    assert (shown.silence.by, shown.silence.until) == ("olga", ACKNOWLEDGED.until)
    assert shown.silence.acknowledged
    assert shown.timeline[-1].what == "acknowledged by olga"
    assert shown.revision == OPEN.revision + 1
    assert quiet(shown, ACKNOWLEDGED) == shown


def test_that_it_runs_out_or_is_ended_is_a_line_too() -> None:
    """Then it can be acknowledged again."""
    ended = quiet(quiet(OPEN, ACKNOWLEDGED))
    late = quiet(quiet(OPEN, ACKNOWLEDGED), ACKNOWLEDGED, after=timedelta(hours=8))
    for shown in (ended, late):
        assert shown.silence is None
        assert shown.timeline[-1].what == "no longer acknowledged"


def test_a_namespace_that_is_muted_is_named() -> None:
    """Its mute is for others too."""
    shown = quiet(OPEN, OF_NAMESPACE)
    assert shown.silence
    assert shown.silence.within == "namespace apps"
    assert shown.timeline[-1].what == "namespace apps muted by anna"
    assert quiet(shown).timeline[-1].what == "no longer muted"


def test_an_annotation_says_so_itself_and_people_go_before_it() -> None:
    line = "muted by the annotation of Pod apps/web until 2026-12-24 00:00 UTC"
    shown = quiet(OPEN, by=line)
    assert shown.silence
    assert (shown.silence.by, shown.silence.reason) == ("", line)
    both = quiet(OPEN, ACKNOWLEDGED, by=line)
    assert both.silence
    assert both.silence.by == "olga"


def test_what_is_over_keeps_what_it_said() -> None:
    over = replace(quiet(OPEN, ACKNOWLEDGED), ended=NOW)
    assert quiet(over) == over
    assert quiet(OPEN) == OPEN
