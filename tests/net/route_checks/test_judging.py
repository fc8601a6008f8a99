"""What route checks say of a route, and what of it they end."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.domain.finding import Judgement
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net.route_checks import judging
from bot.net.route_checks.checks import CheckedHost, RouteChecks, noted
from bot.routing.site_state import SiteState
from tests.net.networks import MOMENT
from tests.net.route_checks.checked import (
    BAD,
    GOOD,
    HOST,
    MINUTE,
    ROUTE,
    SILENT,
    UNKNOWN,
    a_check,
    a_host,
    checks_of,
)

OUTCOMES = {SiteState.ANSWERS: GOOD, SiteState.FAILS: BAD, SiteState.NOT_TESTED: UNKNOWN}


def with_checks(*hosts: CheckedHost, every: timedelta = MINUTE) -> Snapshot:
    return Snapshot(MOMENT, {}, supplements={RouteChecks: checks_of(*hosts, every=every)})


def judged(*hosts: CheckedHost) -> Judgement | None:
    return judging.judgement(ROUTE, with_checks(*hosts))


def test_a_host_that_does_not_answer_makes_its_route_fail() -> None:
    said = judged(a_host(GOOD, BAD, BAD))
    assert said is not None
    assert (said.verdict, said.reason) == (Verdict.FAILED, "DoesNotAnswer")
    assert said.message == f"{HOST} does not answer: HTTP 502 of Traefik itself."
    assert said.since == MOMENT - MINUTE


def test_several_hosts_of_a_route_are_one_finding_since_the_first_of_them() -> None:
    others = (a_host(SILENT, SILENT, check=a_check(f"{name}.example")) for name in "ab")
    said = judged(a_host(BAD), *others)
    assert said is not None
    assert said.message.endswith("Nor do 2 more of its hosts.")
    assert said.since == MOMENT - MINUTE
    assert len(said.evidence) == 3


def test_a_failure_that_is_long_ago_says_nothing_any_more() -> None:
    """Nobody asked since, which is neither good nor bad."""
    assert judged(a_host(BAD, minutes=3)) is not None
    assert judged(a_host(BAD, minutes=4)) is None


@pytest.mark.parametrize("answer", [GOOD, UNKNOWN])
def test_what_answers_or_was_not_tested_is_no_finding(answer) -> None:
    said = judged(a_host(answer))
    assert said is None or said.verdict is Verdict.HEALTHY


def test_nothing_is_said_of_other_routes_and_without_checks() -> None:
    other = a_host(BAD, check=a_check(route=replace(ROUTE, name="other")))
    assert judged(other) is None
    assert judging.judgement(ROUTE, Snapshot(MOMENT, {})) is None


def test_a_host_that_answers_again_was_seen_well() -> None:
    said = judged(a_host(BAD, GOOD))
    assert said is not None
    assert said.seen_well


def test_an_answer_is_no_recovery_of_other_rules() -> None:
    """The host never failed by its checks, and they speak for one rule of several."""
    assert judged(a_host(GOOD, GOOD, check=a_check(sole=False))) is None
    assert judged(a_host(GOOD, GOOD, check=a_check(sole=True))) is not None


def test_as_long_as_one_host_is_not_seen_to_answer_nothing_is_seen_well() -> None:
    assert judged(a_host(BAD, GOOD), a_host(UNKNOWN, check=a_check("b.example"))) is None


def test_failures_are_over_once_three_checks_in_a_row_were_answered() -> None:
    """One answer may have come from the other of two endpoints."""
    for answers in ((BAD, GOOD), (BAD, GOOD, GOOD)):
        assert [*judging.passed(ROUTE, with_checks(a_host(*answers)))] == []
    assert [*judging.passed(ROUTE, with_checks(a_host(BAD, GOOD, GOOD, GOOD)))] == [
        MOMENT - 2 * MINUTE
    ]


def test_each_node_of_traefik_has_to_answer_before_anything_is_over() -> None:
    """They are asked in turn, so that a failure by one of them stands until its next turn."""
    check = a_check(nodes=("edge", "attic"), sole=True)
    assert a_host(BAD, GOOD, check=check).outcome is SiteState.FAILS
    later = a_host(BAD, GOOD, GOOD, GOOD, GOOD, check=check)
    assert later.outcome is SiteState.ANSWERS
    assert [*judging.passed(ROUTE, with_checks(later))] == []
    assert [*judging.passed(ROUTE, with_checks(a_host(BAD, *[GOOD] * 5, check=check)))]


def test_checks_of_one_rule_end_no_failures_of_others() -> None:
    host = a_host(GOOD, GOOD, GOOD, check=a_check(sole=False))
    assert [*judging.passed(ROUTE, with_checks(host))] == []


def test_a_host_whose_rule_changed_begins_anew() -> None:
    """What another rule answered says nothing of this one."""
    before = a_host(BAD, BAD)
    assert before.failed
    changed = a_check(match="Host(`web.example`) && PathPrefix(`/`)")
    from_then = a_host(GOOD, check=changed)
    again = noted(before, changed, from_then.answers[0])
    assert (again.failed, len(again.answers), again.since) == (None, 1, from_then.since)


@given(st.lists(st.sampled_from(list(OUTCOMES)), min_size=1, max_size=8))
def test_a_host_is_as_its_last_answer_by_one_node_and_since_when_that_began(states) -> None:
    host = a_host(*(OUTCOMES[state] for state in states))
    run = 1
    for later, earlier in pairwise(reversed(states)):
        if later is not earlier:
            break
        run += 1
    assert host.outcome is states[-1]
    assert host.since == MOMENT - MINUTE * (run - 1)
    assert (host.failed is not None) == (SiteState.FAILS in states)
    over = host.well_before(MINUTE)
    assert (over is not None) == (states[-3:] == [SiteState.ANSWERS] * 3)
