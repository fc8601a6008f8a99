"""When incidents begin, develop and end."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.alerting.domain.actions import due
from bot.alerting.domain.incident import ALERTS, Alerts, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.alerting.domain.visibility import WATCH
from bot.domain.finding import Finding, Ref
from bot.domain.record import read, written
from bot.domain.report import Report, collapse
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from tests.examples import examples

START = datetime(2026, 11, 1, tzinfo=UTC)
RULES = Rules(routes=(AlertRoute(1),))
NODE = Ref("Node", "", "one")


def a_finding(name: str, verdict: Verdict = Verdict.FAILED, *follows: Ref) -> Finding:
    return Finding(
        check="pods",
        subject=Ref("Pod", "apps", name),
        verdict=verdict,
        reason="CrashLoopBackOff",
        message="it crashes",
        follows=follows,
    )


def a_node() -> Finding:
    return Finding(
        check="nodes", subject=NODE, verdict=Verdict.FAILED, reason="NotReady", message=""
    )


def a_report(minutes: float, *findings: Finding, gaps: tuple[Gap, ...] = ()) -> Report:
    return Report(START + timedelta(minutes=minutes), collapse(findings), gaps, {"Pod": 1})


def after(*reports: Report) -> Alerts:
    state = None
    for each in reports:
        state = advance(state, each, RULES)
    assert state is not None
    return state


def test_what_was_wrong_at_the_start_is_no_alarm_until_it_is_worse():
    """No flood at the start."""
    bad, worse = a_finding("web", Verdict.DEGRADED), a_finding("web")
    state = after(*(a_report(n, bad) for n in range(30)))
    assert state.incidents == ()
    state = after(*(a_report(n, bad) for n in range(5)), *(a_report(n, worse) for n in range(5, 9)))
    assert [each.head.verdict for each in state.incidents] == [Verdict.FAILED]


def test_what_lasts_is_one_incident_and_what_does_not_is_none():
    """The grace of its kind."""
    web = a_finding("web")
    assert after(a_report(0), a_report(1, web), a_report(2)).incidents == ()
    state = after(a_report(0), *(a_report(n, web) for n in range(1, 30)))
    assert len(state.incidents) == 1


def test_a_node_that_goes_away_with_sixty_pods_is_one_incident():
    """The node's grace is the shorter one, so that its pods are part of it from the start."""
    pods = [a_finding(f"web-{n}", Verdict.FAILED, NODE) for n in range(60)]
    state = after(a_report(0), *(a_report(n, a_node(), *pods) for n in range(1, 9)))
    assert [each.head.subject for each in state.incidents] == [NODE]
    assert len(state.incidents[0].keys) == 61


def test_a_cause_of_more_effects_than_are_stored_is_one_incident_with_one_end():
    """What is beyond the stored ones is part of it too, and no id is used twice."""
    pods = [a_finding(f"web-{n}", Verdict.FAILED, NODE) for n in range(230)]
    state = after(a_report(0), *(a_report(n, a_node(), *pods) for n in range(1, 60)))
    (incident,) = state.incidents
    assert incident.head.subject == NODE
    acts = due(state, START + timedelta(minutes=60), RULES)
    assert len(acts) == 1
    for minute in range(60, 64):
        well = Report(START + timedelta(minutes=minute), (), (), {"Pod": 1, "Node": 1})
        state = advance(state, well, RULES)
    (incident,) = state.incidents
    assert incident.ended == START + timedelta(minutes=60)
    assert (state.known, state.pending) == ((), ())


def test_a_muted_cause_takes_what_follows_from_it_along():
    """Before it is an incident and while it is one: the alert does not pass on to an effect."""
    node, web = a_node(), a_finding("web", Verdict.FAILED, NODE)
    state = after(a_report(0))
    for minute in range(1, 9):
        state = advance(state, a_report(minute, node, web), RULES, {node.key})
    assert state.incidents == ()
    begun = after(a_report(0), *(a_report(n, node, web) for n in range(1, 9)))
    still = advance(begun, a_report(9, node, web), RULES, {node.key})
    assert still.incidents == begun.incidents
    assert still.incidents[0].head.subject == NODE


def test_not_seen_is_not_recovered():
    """An incident ends only when its absence is evidence, for a while."""
    web, gap = a_finding("web"), Gap("Pod", Why.STALE)
    broken = [a_report(0), *(a_report(n, web) for n in range(1, 5))]
    blind = [a_report(n, gaps=(gap,)) for n in range(5, 60)]
    assert after(*broken, *blind).incidents[0].ended is None
    well = [a_report(n) for n in range(60, 64)]
    assert after(*broken, *blind, *well).incidents[0].ended == START + timedelta(minutes=60)


def test_not_seen_is_not_new():
    """A finding whose cause may be hidden waits until it can be named."""
    pod, gap = a_finding("web", Verdict.FAILED, NODE), Gap("Node", Why.UNREACHABLE)
    state = after(a_report(0), *(a_report(n, pod, gaps=(gap,)) for n in range(1, 20)))
    assert state.incidents == ()


def test_flapping_is_said_once():
    """The third time within the hour is flapping, and stays one incident."""
    web = a_finding("web")
    reports = [a_report(0)]
    for turn in range(12):
        at = turn * 8
        reports += [a_report(at + n, web) for n in range(1, 5)]
        reports += [a_report(at + n) for n in range(5, 9)]
    state = after(*reports)
    assert [each.flapping for each in state.incidents] == [False, False, True]


def test_the_same_report_again_changes_nothing():
    """So a relist and a quiet cluster cost no write."""
    web = a_finding("web")
    state = after(a_report(0), *(a_report(n, web) for n in range(1, 6)))
    assert advance(state, a_report(5, web), RULES) == state
    assert advance(state, a_report(6, web), RULES) == state


@given(
    st.lists(
        st.tuples(
            st.frozensets(st.sampled_from("abcdef")), st.booleans(), st.sampled_from((1, 3, 40))
        ),
        max_size=30,
    )
)
def test_any_stream_keeps_the_invariants(stream):
    """A finding is in one open incident at most; ids are unique; the state survives being kept."""
    state, at = advance(None, a_report(0), RULES), 0.0
    for names, blind, minutes in stream:
        at += minutes
        gaps = (Gap("Pod", Why.STALE),) if blind else ()
        open_before = {each.id for each in state.incidents if not each.ended and not _blind(each)}
        state = advance(state, a_report(at, *map(a_finding, sorted(names)), gaps=gaps), RULES)
        open_now = [each for each in state.incidents if not each.ended]
        keys = [key for each in open_now for key in each.keys]
        assert len(keys) == len(set(keys))
        assert len({each.id for each in state.incidents}) == len(state.incidents)
        if blind:
            assert {each.id for each in open_now if not _blind(each)} == open_before
        text = written(ALERTS, state)
        assert isinstance(text, str)
        assert read(ALERTS, text) == state
    assert msgspec.json.encode(state)


@pytest.mark.slow
@given(
    open_ones=st.integers(0, 1500),
    over=st.integers(0, 300),
    keys=st.integers(1, 200),
    lines=st.integers(0, 20),
)
@settings(max_examples=examples(25))
def test_a_full_place_keeps_what_matters_most(open_ones: int, over: int, keys: int, lines: int):
    """What is over goes first; an open incident that goes gives no second alarm."""
    made = [an_incident(number, keys, lines) for number in range(open_ones + over)]
    ended = tuple(replace(one, ended=START) for one in made[open_ones:])
    text = written(ALERTS, Alerts(incidents=(*made[:open_ones], *ended)))
    assert isinstance(text, str), "it fits, whatever it takes"
    kept = read(ALERTS, text)
    assert isinstance(kept, Alerts)
    if len(kept.incidents) < open_ones:
        assert not any(one.ended for one in kept.incidents)
    if kept.known:
        known = {each.key for each in kept.known}
        assert known.isdisjoint(key for one in kept.incidents for key in one.keys)


def _blind(one: Incident) -> bool:
    """Whether it tells that something cannot be seen."""
    return one.head.subject == WATCH


def an_incident(number: int, keys: int, lines: int) -> Incident:
    names = tuple(f"pods/Pod/apps/web-{number}-{key}" for key in range(keys))
    one = Incident(
        id=f"{number:016}",
        head=a_finding(f"web-{number}-0"),
        keys=names,
        opened=START,
        worst=Verdict.FAILED,
    )
    for line in range(lines):
        one = one.with_line(START, f"line {line}")
    return one


def test_a_long_message_is_kept_with_its_beginning_and_its_end():
    """Errors end with what began them."""
    long = replace(a_finding("web"), message="begin " + "x" * 5000 + " end")
    state = after(a_report(0), *(a_report(n, long) for n in range(1, 5)))
    (one,) = state.incidents
    assert one.head.message.startswith("begin ")
    assert one.head.message.endswith(" end")
    assert len(one.head.message) < 700


def test_what_an_incident_began_with_ends_it_though_an_effect_has_another_cause_by_now():
    """The pod is mended. Its site fails all the same, with others, as the node says."""
    pod, site = a_finding("web"), a_finding("site", Verdict.FAILED, Ref("Pod", "apps", "web"))
    moved = a_finding("site", Verdict.FAILED, NODE)
    others = a_finding("other", Verdict.FAILED, NODE)
    state = after(
        a_report(-1),
        *(a_report(minute, pod, site) for minute in range(10)),
        *(a_report(minute, pod, a_node(), moved, others) for minute in range(10, 30)),
        *(a_report(minute, a_node(), moved, others) for minute in range(30, 60)),
    )
    first, second = state.incidents
    assert (first.head.subject.name, bool(first.ended)) == ("web", True)
    assert (second.head.subject, second.ended) == (NODE, None)
    assert moved.key in second.keys


def test_a_cause_that_is_found_for_what_an_incident_began_with_is_no_other_incident():
    web, maker = a_finding("web"), a_finding("maker")
    of_maker = a_finding("web", Verdict.FAILED, maker.subject)
    state = after(
        a_report(-1),
        *(a_report(minute, web) for minute in range(10)),
        *(a_report(minute, maker, of_maker) for minute in (10, 11)),
    )
    (incident,) = state.incidents
    assert incident.head.subject == maker.subject


def test_a_node_that_is_found_to_be_the_cause_has_its_own_message_all_the_same():
    """The pod's incident may be one of many that nobody reads, and calls nobody."""
    pod = a_finding("web")
    state = after(
        a_report(-1),
        *(a_report(minute, pod) for minute in range(10)),
        *(
            a_report(minute, a_node(), a_finding("web", Verdict.FAILED, NODE))
            for minute in (10, 11)
        ),
    )
    assert [incident.head.subject for incident in state.incidents] == [pod.subject, NODE]
