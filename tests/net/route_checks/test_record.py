"""What is kept of route checks, and what the terminal and the next leader know by it."""

from datetime import timedelta

from msgspec.structs import replace

from bot.domain.record import MOST, TooLarge, read, written
from bot.net.route_checks.checks import KEEP_EVERY, RouteChecks
from bot.net.route_checks.plan import LeftOut
from bot.net.route_checks.record import CHECKS, kept
from bot.routing.site_state import SiteState
from tests.net.networks import MOMENT
from tests.net.route_checks.checked import (
    BAD,
    GOOD,
    MINUTE,
    ROUTE,
    a_certificate,
    a_check,
    a_host,
    checks_of,
)


def recalled(checks: RouteChecks) -> RouteChecks:
    text = written(CHECKS, kept(checks))
    assert isinstance(text, str)
    again = read(CHECKS, text)
    assert isinstance(again, RouteChecks)
    return again


def test_state_since_when_and_latency_are_the_same_when_they_are_read_again() -> None:
    before = a_host(BAD, *[GOOD] * 20, certificate=a_certificate())
    (after,) = recalled(checks_of(before)).hosts
    told = ("host", "route", "match", "outcome", "since", "failed", "worst", "certificate")
    assert [getattr(after, name) for name in told] == [getattr(before, name) for name in told]
    assert after.latency == before.latency
    assert len(after.latencies) == 1


def test_what_was_kept_counts_for_as_long_again_as_nothing_was_stored() -> None:
    """Else what does not change would be out of date in between."""
    before = a_host(GOOD)
    (after,) = recalled(checks_of(before)).hosts
    assert after.until(MINUTE) - before.until(MINUTE) == KEEP_EVERY


def test_requests_are_counted_by_one_process_alone() -> None:
    """The next one would count those of this one again."""
    before = a_host(GOOD, BAD, GOOD)
    (after,) = recalled(checks_of(before)).hosts
    assert (before.asked, before.answered) == (3, 2)
    assert (after.asked, after.answered) == (0, 0)


def test_what_is_left_out_is_not_kept() -> None:
    """The plan says it anew, and it may be long."""
    assert recalled(checks_of(left_out=(LeftOut(ROUTE, "a", "why"),))).left_out == ()


def test_of_more_hosts_than_fit_those_that_fail_stay() -> None:
    long = "x" * 200
    hosts = [
        a_host(BAD if number % 50 == 0 else GOOD, check=a_check(f"{number}{long}.example"))
        for number in range(600)
    ]
    text = written(CHECKS, kept(checks_of(*hosts)))
    assert not isinstance(text, TooLarge)
    assert len(text) <= MOST
    again = read(CHECKS, text)
    assert isinstance(again, RouteChecks)
    failing = [host for host in again.hosts if host.outcome is SiteState.FAILS]
    assert len(failing) == 12
    assert len(again.hosts) < 600


def test_the_usual_homelab_takes_little_room() -> None:
    hosts = [a_host(GOOD, check=a_check(f"site-{number}.example.org")) for number in range(50)]
    text = written(CHECKS, kept(checks_of(*hosts)))
    assert isinstance(text, str)
    assert len(text) < 64 * 1024


def test_a_host_that_is_asked_again_is_no_longer_a_kept_one() -> None:
    (after,) = recalled(checks_of(a_host(BAD))).hosts
    assert after.kept
    fresh = replace(after, kept=False)
    assert fresh.until(MINUTE) == MOMENT + MINUTE * 2 * 1.2 + timedelta(minutes=1)
