"""What fails, tries and fails again is one incident, until it is seen well or gone."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.domain.incident import ALERTS, Alerts, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.domain.finding import Finding, Ref
from bot.domain.record import read
from bot.domain.report import Report, collapse
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from tests.alerting.domain.retrying import KINDS, in_cluster

START = datetime(2026, 11, 1, tzinfo=UTC)
RULES = Rules(routes=(AlertRoute(1),))
LOOK = timedelta(seconds=15)
APPS = Ref("Kustomization", "flux-system", "apps")
WELL, TRYING, DEGRADED, FAILED, UNKNOWN, SUSPENDED = (
    Verdict.HEALTHY,
    Verdict.PROGRESSING,
    Verdict.DEGRADED,
    Verdict.FAILED,
    Verdict.UNKNOWN,
    Verdict.SUSPENDED,
)

Stretch = tuple[Verdict, float]
"""A state and how many minutes it lasts."""


def a_finding(
    verdict: Verdict, subject: Ref = APPS, check: str = "flux-kustomizations", *follows: Ref
) -> Finding:
    return Finding(
        check=check,
        subject=subject,
        verdict=verdict,
        reason="HealthCheckFailed",
        message="health check failed",
        follows=follows,
    )


def a_report(at: datetime, *findings: Finding, gaps: tuple[Gap, ...] = ()) -> Report:
    bad = tuple(each for each in findings if each.verdict is not WELL)
    return Report(at, collapse(bad), gaps, {"Kustomization": 1})


def looks(stretches: Iterable[Stretch]) -> list[Verdict]:
    """The verdict at each look."""
    return [
        verdict
        for verdict, minutes in stretches
        for _ in range(int(timedelta(minutes=minutes) / LOOK))
    ]


def after(
    *stretches: Stretch,
    shown: Callable[[datetime, Verdict], Report] = lambda at, v: a_report(at, a_finding(v)),
) -> Alerts:
    state = None
    for number, verdict in enumerate(looks(stretches)):
        state = advance(state, shown(START + number * LOOK, verdict), RULES)
    assert state is not None
    return state


def only(state: Alerts) -> Incident:
    (one,) = state.incidents
    return one


def said_of(one: Incident) -> list[str]:
    return [each.what for each in one.timeline]


ROWS = [
    (15, 15),
    (15, 45),
    (30, 60),
    (60, 300),
    (120, 300),
    (170, 300),
    (240, 300),
    (600, 600),
    (300, 900),
]
"""Seconds of failing and of waiting, in turn: as kustomize-controller shows a health check that
never passes, by `retryInterval` and `timeout`."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("failing", "waiting"), ROWS)
def test_what_fails_and_tries_in_turn_is_one_incident_that_stays_open(kind, failing, waiting):
    """Said within a turn and its grace, and no word of a recovery in a quarter of an hour."""
    long = max(5, -(-15 * 60 // (failing + waiting)))
    turns = [(TRYING, waiting / 60), (DEGRADED, failing / 60)] * long
    one = only(after((WELL, 10), *turns, shown=in_cluster(kind)))
    assert one.ended is None
    assert not one.flapping
    assert "recovered" not in said_of(one)
    first_failed = START + timedelta(minutes=10, seconds=waiting)
    turn = timedelta(seconds=failing + waiting)
    assert one.opened - first_failed <= turn + RULES.grace_else


@pytest.mark.parametrize("kind", KINDS)
def test_a_try_that_succeeds_after_a_failure_is_a_recovery(kind):
    """An ordinary rollout of what mends it."""
    broken = [(WELL, 1), (DEGRADED, 10)]
    tried = after(*broken, (TRYING, 4), shown=in_cluster(kind))
    assert only(tried).ended is None
    one = only(after(*broken, (TRYING, 4), (WELL, 3), shown=in_cluster(kind)))
    assert one.ended == START + timedelta(minutes=15), "when it was seen well first"


def test_what_only_ever_tried_is_no_incident():
    """A slow start has not failed."""
    assert after((WELL, 1), (TRYING, 60)).incidents == ()
    assert after((WELL, 1), (TRYING, 60), (WELL, 5)).incidents == ()


def test_a_failure_that_a_try_made_good_leaves_nothing_behind():
    """Each begins anew once it was seen well for long enough."""
    blip = [(DEGRADED, 1), (TRYING, 1), (WELL, 3)]
    assert after((WELL, 1), *blip * 10).incidents == ()


def test_what_is_tried_now_and_then_while_it_is_well_recovers():
    """A healthy Kustomization with `wait` is under way for moments at each interval."""
    renewed = [(WELL, 0.75), (TRYING, 0.25)] * 5
    assert only(after((WELL, 1), (FAILED, 10), *renewed)).ended == START + timedelta(minutes=11)


def test_what_was_wrong_from_the_start_stays_known_while_it_tries():
    """And so does what follows from it, in each of its phases."""
    assert after(*[(DEGRADED, 5), (TRYING, 5)] * 5).incidents == ()
    pod = a_finding(DEGRADED, Ref("Pod", "apps", "web"), "pods", APPS)
    state = None
    for number, verdict in enumerate(looks([(DEGRADED, 5), (TRYING, 9)])):
        effects = (pod,) if number > 20 else ()
        report = a_report(START + number * LOOK, a_finding(verdict), *effects)
        state = advance(state, report, RULES)
    assert state is not None
    assert state.incidents == ()


def test_an_incident_keeps_its_head_while_that_tries():
    """Else each turn would tell of the pod anew, and then of the Kustomization."""
    pod = a_finding(FAILED, Ref("Pod", "apps", "web"), "pods", APPS)

    def shown(at: datetime, verdict: Verdict) -> Report:
        return a_report(at, *(() if verdict is WELL else (a_finding(verdict), pod)))

    one = only(after((WELL, 1), *[(FAILED, 5), (TRYING, 5)] * 6, shown=shown))
    assert one.head.subject == APPS
    assert len(one.timeline) == 1


def test_what_cannot_be_told_ends_nothing():
    """Unknown, suspended, or not seen: none of them is well."""
    for verdict in (UNKNOWN, SUSPENDED):
        assert only(after((WELL, 1), (DEGRADED, 5), (verdict, 60))).ended is None
    gap = Gap("Kustomization", Why.STALE)

    def shown(at: datetime, verdict: Verdict) -> Report:
        blind = (gap,) if verdict is UNKNOWN else ()
        return a_report(at, *(() if blind else (a_finding(verdict),)), gaps=blind)

    rows = [(DEGRADED, 1), (UNKNOWN, 1), (TRYING, 3)] * 5
    assert only(after((WELL, 1), *rows, shown=shown)).ended is None


def test_a_failure_from_before_a_suspension_does_not_shorten_the_grace():
    """What is resumed shows its old failure until it is looked at again."""
    assert after((WELL, 1), (DEGRADED, 1), (SUSPENDED, 60), (DEGRADED, 1)).incidents == ()


def test_a_node_that_is_ready_again_has_recovered_though_it_is_cordoned():
    """Cordoned is said of a node that is well otherwise, and may be so for good."""
    node = Ref("Node", "", "one")

    def shown(at: datetime, verdict: Verdict) -> Report:
        return a_report(at, a_finding(verdict, node, "nodes"))

    one = only(after((WELL, 1), (FAILED, 5), (SUSPENDED, 3), shown=shown))
    assert one.ended == START + timedelta(minutes=6)


def test_what_is_muted_while_it_tries_begins_anew_afterwards():
    """Silence is no time in which it failed."""
    at = START
    state = advance(None, a_report(at), RULES)
    key = a_finding(DEGRADED).key
    for verdict, muted in ((DEGRADED, ()), (TRYING, (key,)), (DEGRADED, ())):
        for _ in range(8):
            at += LOOK
            state = advance(state, a_report(at, a_finding(verdict)), RULES, muted)
    assert state.incidents == ()


def test_a_state_of_before_is_read():
    """What an earlier version kept waits on."""
    text = (
        '{"schema":1,"value":{"pending":[{"key":"flux-kustomizations/Kustomization/flux-system/'
        'apps","since":"2026-11-01T00:00:00Z"}]}}'
    )
    kept = read(ALERTS, text)
    assert isinstance(kept, Alerts)
    tried = advance(kept, a_report(START + timedelta(minutes=1), a_finding(TRYING)), RULES)
    state = advance(tried, a_report(START + timedelta(minutes=5), a_finding(DEGRADED)), RULES)
    assert only(state).opened == START + timedelta(minutes=5)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((WELL, TRYING, SUSPENDED, UNKNOWN, DEGRADED, FAILED)),
            st.sampled_from((0.25, 1, 3, 12)),
        ),
        max_size=25,
    )
)
def test_whatever_it_does_only_being_well_ends_what_only_being_bad_begins(stretches):
    """And the same report again changes nothing."""
    state = advance(None, a_report(START), RULES)
    at, well_since, bad_since = START, None, None
    for verdict in looks(stretches):
        at += LOOK
        before, report = state, a_report(at, a_finding(verdict))
        state = advance(before, report, RULES)
        assert advance(state, report, RULES) == state
        if verdict in (DEGRADED, FAILED):
            well_since, bad_since = None, bad_since or at
        elif verdict is WELL:
            well_since, bad_since = well_since or at, None
        opened = len(state.incidents) > len(before.incidents)
        assert not opened or verdict in (DEGRADED, FAILED)
        ended = sum(bool(one.ended) for one in state.incidents)
        if ended > sum(bool(one.ended) for one in before.incidents):
            assert verdict is WELL
            assert well_since is not None
            assert at - well_since >= RULES.steady
        is_open = any(one.ended is None for one in state.incidents)
        long = bad_since is not None and at - bad_since >= RULES.grace_else
        if long and verdict in (DEGRADED, FAILED) and SUSPENDED not in looks(stretches):
            assert is_open
