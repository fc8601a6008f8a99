"""Routes whose requests lead past a fault of the network, and what shows that they get through.

Such a route is well for as long as its proof holds: it is at most a day old, and no request was
seen to fail since. A good request, such as a route check that the backend answered, renews it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.snapshot import Snapshot
from bot.net.diagnosis.diagnosis import BY_VIP, CURABLE, Confidence, Diagnosed, Effect
from bot.net.diagnosis.subject import Native, Subject
from bot.net.route_checks.answered import Answerer, RouteAnswer
from bot.net.route_checks.checks import CheckedHost, RouteChecks, checked_hosts
from bot.routing import traefik_word
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import TraefikWord

WORKED_AROUND = "WorkedAround"
"""The reason of the note on what is well, or hurts no known route, only since nativeLB, or pod IPs,
lead past a fault that stays."""

NATIVE_LB_HELPS = "NativeLBHelps"
"""The reason of a route that fails, and that a test has proven to work with nativeLB."""

FRESH = timedelta(hours=24)
"""How long a test shows how a route is now."""


class GoodRequests(NamedTuple):
    """When requests of a route were last seen to get through, and by what.

    What failed before `ends` is over by them, if anything is.
    """

    at: datetime
    by: str
    ends: datetime | None = None

    def __str__(self) -> str:
        """`2026-11-23 14:02 UTC (the proof of a repair)`."""
        return f"{self.at:%Y-%m-%d %H:%M} UTC ({self.by})"


class Workaround(NamedTuple):
    """A test that proved a fault, the route as it leads past that fault now, and the proof.

    lapsed: Why the proof does not hold any more; empty while it does.
    """

    test: Diagnosed
    now: Subject
    proof: GoodRequests
    lapsed: str = ""

    @property
    def since(self) -> datetime:
        """When the way past the fault was first seen to work, as far as that is known."""
        return self.test.worked or self.test.taken_at

    @property
    def way(self) -> str:
        """How requests go."""
        return "by the VIP (nativeLB)" if self.now.native is Native.ON else "by pod IPs"


def avoids(test: Diagnosed, native: Native) -> bool:
    """Whether requests that go so lead past a proven fault, which they do not repair."""
    diagnosis, tested = test.diagnosis, test.subject.native
    proven = diagnosis.confidence is Confidence.PROVEN
    seen = tested is native or test.worked is not None
    if native is Native.ON:
        return diagnosis.row in CURABLE and ((proven and seen) or diagnosis.effect is Effect.HELPS)
    return diagnosis.row in BY_VIP and proven and tested is native and diagnosis.passed


def workaround(test: Diagnosed, now: Subject, snapshot: Snapshot) -> Workaround:
    """The way of a route past the fault that a test of it proved, by all that is known of it."""
    proofs = [*_by_tests(test), *_by_checks(now, snapshot), *_by_access_log(now, snapshot)]
    latest = max(proofs, key=lambda proof: proof.at)
    return Workaround(test, now, latest, _lapsed(latest, proofs, now, snapshot))


def _by_tests(test: Diagnosed) -> Iterator[GoodRequests]:
    if test.diagnosis.passed or test.diagnosis.effect is Effect.HELPS:
        yield GoodRequests(test.taken_at, "a test", ends=test.taken_at)
    if test.worked:
        yield GoodRequests(test.worked, "the proof of a repair", ends=test.worked)


def ended_by_checks(now: Subject, snapshot: Snapshot, at_least: int) -> Iterator[datetime]:
    """The time before which failures of a rule are over: its backend answered that many checks.

    Three of them at the least.
    """
    checks = snapshot.supplement(RouteChecks)
    for host in _checked(now, snapshot):
        if checks and all(_is_reached(answer.answer) for answer in host.answers):
            before = host.well_before(checks.interval, max(3, at_least))
            yield from [before] if before else []


def _by_checks(now: Subject, snapshot: Snapshot) -> Iterator[GoodRequests]:
    for host in _checked(now, snapshot):
        if all(_is_reached(answer.answer) for answer in host.answers):
            # Each of Traefik's nodes goes its own way: the oldest answer is that of them all.
            at = min(answer.at for answer in host.answers)
            ends = next(ended_by_checks(now, snapshot, 3), None)
            yield GoodRequests(at, "route checks", ends=ends)


def _by_access_log(now: Subject, snapshot: Snapshot) -> Iterator[GoodRequests]:
    word = snapshot.supplement(TraefikWord)
    answered = word.answered.get((now.route, now.match)) if word and now.route else None
    if answered:
        yield GoodRequests(min(answered, snapshot.taken_at), "Traefik's access log")


def _checked(now: Subject, snapshot: Snapshot) -> Iterator[CheckedHost]:
    """The hosts whose checks ask this very rule."""
    hosts = checked_hosts(now.route, snapshot) if now.route else ()
    return (host for host in hosts if host.match == now.match and host.answers)


def _is_reached(answer: RouteAnswer) -> bool:
    """Behind a login the backend's port is asked directly, which is another way."""
    return answer.outcome is SiteState.ANSWERS and answer.by is Answerer.BACKEND


def _lapsed(
    latest: GoodRequests, proofs: Iterable[GoodRequests], now: Subject, snapshot: Snapshot
) -> str:
    for host in _checked(now, snapshot):
        if host.outcome is SiteState.FAILS and host.worst.at > latest.at:
            return f"A route check has failed since ({host.worst.answer.what})"
    ends = [proof.ends for proof in proofs if proof.ends]
    if now.route and traefik_word.standing_failures(now.route, snapshot, ends):
        return "Requests have failed since, by Traefik's log"
    # A route by pod IPs needed no way round: nobody saw it fail, so that age takes nothing back.
    if now.native is Native.ON and snapshot.taken_at - latest.at > FRESH:
        return "Not tested for over a day"
    return ""
