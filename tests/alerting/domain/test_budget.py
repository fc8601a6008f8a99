"""The messages of an hour: a share for each namespace, and what goes beyond it in summaries."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.alerting.domain import actions
from bot.alerting.domain.actions import Edit, End, OpenIncident, Summary, due
from bot.alerting.domain.incident import ALERTS, Alerts, Incident, KnownFinding, Pending
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.domain.finding import Finding, Ref
from bot.domain.record import read, written
from bot.domain.verdict import Verdict
from tests.examples import examples

START = datetime(2026, 11, 1, tzinfo=UTC)
ROLE = 42
RULES = Rules(routes=(AlertRoute(1, Verdict.FAILED, role=ROLE), AlertRoute(1)))


def an_incident(
    number: int, namespace: str, verdict: Verdict = Verdict.DEGRADED, kind: str = "Service"
) -> Incident:
    subject = Ref(kind, namespace, f"{namespace or 'node'}-{number}")
    head = Finding(check="some", subject=subject, verdict=verdict, reason="Broken", message="")
    return Incident(
        id=f"{namespace}-{number:04}-{verdict}",
        head=head,
        keys=(head.key,),
        opened=START,
        worst=verdict,
    )


def minute_by_minute(state: Alerts, minutes: int) -> list[tuple[int, actions.Act]]:
    """What is posted, with its minute."""
    said: list[tuple[int, actions.Act]] = []
    for minute in range(minutes):
        now = START + timedelta(minutes=minute)
        for act in due(state, now, RULES):
            said.append((minute, act))
            if isinstance(act, Edit):
                state = actions.edited(state, act)
                continue
            claimed = actions.claimed(state, act, now)
            assert claimed is not None
            state = actions.posted(claimed, act, 7)
    return said


def test_a_share_is_a_quarter_of_the_hour_and_its_last_message_is_a_summary():
    """What comes later is told within ten minutes, in the next summary."""
    state = Alerts(incidents=tuple(an_incident(number, "loud") for number in range(60)))
    (first, *others) = minute_by_minute(state, 1)
    assert isinstance(first[1], OpenIncident)
    assert [type(act) for _, act in others] == [OpenIncident] * 3 + [Summary]
    assert len(others[-1][1].incidents) == 56


def test_what_comes_to_a_share_that_is_used_up_is_told_every_ten_minutes():
    loud = tuple(an_incident(number, "loud") for number in range(60))
    state = Alerts(incidents=loud[:10])
    for minute in range(30):
        now = START + timedelta(minutes=minute)
        state = with_one(state, loud[10 + minute])
        for act in due(state, now, RULES):
            claimed = actions.claimed(state, act, now)
            assert claimed is not None
            state = actions.posted(claimed, act, 7)
    at = sorted({(one.at - START) / timedelta(minutes=1) for one in state.messages})
    assert at == [0, 10, 20]


def with_one(state: Alerts, incident: Incident) -> Alerts:
    return Alerts(incidents=(*state.incidents, incident), messages=state.messages)


def test_a_summary_calls_the_role_of_what_it_tells():
    """Who is called for what failed has a share of his own, and is called at once."""
    degraded = [an_incident(number, "loud") for number in range(40)]
    failed = [an_incident(number, "loud", Verdict.FAILED) for number in range(40)]
    said = [act for _, act in minute_by_minute(Alerts(incidents=(*degraded, *failed)), 1)]
    calls = [act for act in said if not isinstance(act, End | Edit) and act.role == ROLE]
    assert [type(act) for act in calls].count(OpenIncident) == 4
    (summary,) = (act for act in calls if isinstance(act, Summary))
    assert all(incident.worst is Verdict.FAILED for incident in summary.incidents)


def test_a_channel_that_many_use_up_takes_the_first_of_each_and_sums_up_the_rest():
    crowd = [an_incident(number, f"tenant-{number % 40}") for number in range(120)]
    nodes = [an_incident(number, "", kind="Node") for number in range(3)]
    said = [act for _, act in minute_by_minute(Alerts(incidents=(*crowd, *nodes)), 1)]
    told = Counter(act.incident.party for act in said if isinstance(act, OpenIncident))
    assert len(told) == 41
    assert told["Node"] == 3
    assert sum(told.values()) <= 41 + RULES.budget
    assert sum(isinstance(act, Summary) for act in said) == 1


def test_new_messages_go_before_edits_and_everybody_has_one_in_turn():
    """A hundred incidents of a tenant that change with every look keep nobody waiting."""
    posted = actions.MessageRecord(1, "x", START, 7)
    loud = [an_incident(number, "loud").with_line(START, "worse") for number in range(100)]
    changed = [replace(incident, posted=posted, shown=1) for incident in loud]
    quiet = replace(an_incident(0, "bank").with_line(START, "worse"), posted=posted)
    node = an_incident(0, "", Verdict.FAILED, "Node")
    acts = due(Alerts(incidents=(*changed, quiet, node)), START, RULES)
    assert isinstance(acts[0], OpenIncident)
    assert acts[0].incident == node
    of = Counter(act.incident.party for act in acts if not isinstance(act, Summary | actions.Board))
    assert of["loud"] == actions.AT_ONCE
    assert "bank" in [act.incident.party for act in acts[1:4]]


@given(st.integers(0, 1500), st.integers(0, 3000), st.booleans())
@settings(max_examples=examples(25))
def test_a_full_record_loses_nothing_of_those_who_have_little(incidents, known, over):
    """Neither an incident, nor what waits for its grace, nor what is known."""
    few = (an_incident(0, "bank"), an_incident(0, "", Verdict.FAILED, "Node"))
    ended = an_incident(1, "bank", Verdict.FAILED)
    if over:
        few = (*few, replace(ended, ended=START))
    waiting = Pending("pods/Pod/zoo/web", START)
    old = KnownFinding("pods/Pod/shop/web", Verdict.DEGRADED)
    loud = (an_incident(number, "loud") for number in range(incidents))
    noise = (KnownFinding(f"pods/Pod/loud/{number}", Verdict.FAILED) for number in range(known))
    state = Alerts(
        incidents=(*few, *loud), pending=(waiting,), known=(old, *noise), ends=(waiting,)
    )
    kept = read(ALERTS, str(written(ALERTS, state)))
    assert isinstance(kept, Alerts)
    assert kept.incidents[: len(few)] == few
    assert (kept.pending, kept.ends, kept.known[0]) == ((waiting,), (waiting,), old)
