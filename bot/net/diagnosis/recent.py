"""What tests say of a route that its objects alone call healthy.

No finding without evidence: pod-IP routing that was not seen to fail is healthy. A proven fault
stands while the route leads to the same endpoints in the same way, until a test passes, or route
checks are answered in a row; a test that could not tell does not end it. After a day without a new
test, the fault is neither confirmed nor over, so the route is unknown. A route whose requests go
past the fault is healthy, with a note, for as long as they are seen to get through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.grouping import grouped
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net import route_resolution as resolving
from bot.net.diagnosis.diagnosis import (
    BY_VIP,
    CURABLE,
    DIAGNOSES,
    Confidence,
    Diagnosed,
    Diagnoses,
    Diagnosis,
    Effect,
    Row,
    Seen,
)
from bot.net.diagnosis.rules import CONNECTING
from bot.net.diagnosis.subject import Native, Subject
from bot.net.diagnosis.workaround import (
    FRESH,
    NATIVE_LB_HELPS,
    WORKED_AROUND,
    Workaround,
    avoids,
    ended_by_checks,
    workaround,
)

STOPS = frozenset({*(rule.row for rule in CONNECTING), Row.MTU, Row.STALE_ENDPOINTS}) - {
    Row.SLOW_PATH
}
"""Rows in which requests of the route fail."""

SHOWN = 5
"""Rows of evidence that a finding keeps."""


def judgement(route: Ref, snapshot: Snapshot) -> Judgement | None:
    """The verdict that the tests of a route support; None where there is none."""
    tests = applying(snapshot).get(route, ())
    failing = _failing_tests(route, snapshot)
    around = sorted(
        ((test, now) for test, now in tests if avoids(test, now.native)),
        key=lambda pair: pair[0].taken_at,
    )
    # Where one rule of the route was not seen to get through, another one excuses nothing.
    unsure = [pair for pair in around if not _gets_through(*pair)]
    for pairs, judged in ((failing, _failing), (unsure, _unsure)):
        if pairs:
            test, now = pairs[-1]
            return _aged(judged(test, now.native), test, snapshot)
    ways = [workaround(test, now, snapshot) for test, now in around]
    lapsed = next((way for way in ways if way.lapsed), None)
    oldest = min(ways, key=lambda way: way.proof.at, default=None)
    return _lapsed(lapsed) if lapsed else _worked_around(oldest) if oldest else None


def past_fault(test: Diagnosed, now: Subject, snapshot: Snapshot) -> Workaround | None:
    """How a route leads past the fault that a test of it proved; None where it was not seen to."""
    if not avoids(test, now.native) or not _gets_through(test, now):
        return None
    return workaround(test, now, snapshot)


def hurt(test: Diagnosed, now: Subject, snapshot: Snapshot) -> bool:
    """Whether the fault that a test of a route proved is in its way, or may be by now."""
    way = past_fault(test, now, snapshot)
    return bool(way.lapsed) if way else fails(test, now.native) or avoids(test, now.native)


def proving(route: Ref, snapshot: Snapshot) -> tuple[Diagnosed, Subject] | None:
    """The latest test by which requests of a route fail now, with the route as it is now."""
    return next(reversed(_failing_tests(route, snapshot)), None)


class PassedTest(NamedTuple):
    """A test of one rule that passed, or requests that reached its servers after a repair.

    match: The rule, as `bot.routing.candidates` names it.
    private: Only who asked for the test saw it. A repair is public.
    """

    at: datetime
    match: str
    by_repair: bool = False
    private: bool = False


def passed_tests(route: Ref, snapshot: Snapshot) -> Iterator[PassedTest]:
    """The tests of a route that passed, and the repairs of it that were seen to help."""
    for diagnosed, now in applying(snapshot).get(route, ()):
        if diagnosed.diagnosis.passed:
            yield PassedTest(diagnosed.taken_at, now.match, private=diagnosed.private)
        if diagnosed.worked:
            yield PassedTest(diagnosed.worked, now.match, by_repair=True)


def passed(route: Ref, snapshot: Snapshot) -> Iterator[datetime]:
    """When tests of a route passed, and when a repair was seen to help."""
    return (test.at for test in passed_tests(route, snapshot))


def failing_rules(route: Ref, snapshot: Snapshot) -> dict[str, datetime]:
    """The rules of a route that tests prove to fail, and when each was tested last."""
    return {now.match: test.taken_at for test, now in _failing_tests(route, snapshot)}


def _failing_tests(route: Ref, snapshot: Snapshot) -> list[tuple[Diagnosed, Subject]]:
    """The tests of a route that prove a fault, the latest last, without what is over since."""
    tests = applying(snapshot).get(route, ())
    failing = (
        (test, now)
        for test, now in tests
        if fails(test, now.native) and not _is_over(test, now, snapshot)
    )
    return sorted(failing, key=lambda pair: pair[0].taken_at)


def _is_over(test: Diagnosed, now: Subject, snapshot: Snapshot) -> bool:
    """Whether the backend has answered route checks in a row since, more than there are endpoints.

    They go round the endpoints, so that each of them was asked.
    """
    ends = ended_by_checks(now, snapshot, at_least=len(now.endpoints) + 1)
    return any(before >= test.taken_at for before in ends)


def standing(before: Diagnosed | None, after: Diagnosed) -> Diagnosed:
    """Which of two diagnoses of one subject counts from now on, each with its own time.

    A proven fault stands until a test passes, proves another fault, or finds that the route leads
    elsewhere: one that could not tell says nothing of it. A fault that is public stays so, by its
    public evidence, while that lasts. What was seen to work is known from the former, too.
    """
    if before and before.worked:
        after = msgspec.structs.replace(after, worked=before.worked)
    if before is None or not proves(before) or after.diagnosis.passed:
        return after
    if proves(after):
        return before if _stays_public(before, after) else after
    return after if _leads_elsewhere(before.subject, after.subject) else before


def _stays_public(before: Diagnosed, after: Diagnosed) -> bool:
    """Whether a public proof shows as much of the route now as a later one in private."""
    return (
        after.private
        and not before.private
        and after.taken_at - before.taken_at <= FRESH
        and before.subject.native is after.subject.native
        and not _leads_elsewhere(before.subject, after.subject)
        and (_fails_as_tested(before) or not _fails_as_tested(after))
    )


def proves(diagnosed: Diagnosed) -> bool:
    """Whether a diagnosis alone is reason for a finding or a note, now or once nativeLB is on."""
    ways = (diagnosed.subject.native, Native.ON)
    return _fails_as_tested(diagnosed) or any(avoids(diagnosed, native) for native in ways)


def bearing(diagnosis: Diagnosis) -> tuple[Seen, ...]:
    """The rows of evidence that a finding shows."""
    return tuple(row for row in diagnosis.evidence if row.bears)[:SHOWN]


def applying(snapshot: Snapshot) -> Mapping[Ref, Sequence[tuple[Diagnosed, Subject]]]:
    """The tests of each route, with the route as it is now, if it leads to the same endpoints."""
    return snapshot.once("diagnosis.applying", lambda: grouped(_all_applying(snapshot)))


def _all_applying(snapshot: Snapshot) -> Iterator[tuple[Ref, tuple[Diagnosed, Subject]]]:
    diagnoses = snapshot.supplement(Diagnoses)
    for diagnosed in diagnoses.standing if diagnoses else ():
        if diagnosed.route and diagnosed.taken_at <= snapshot.taken_at:
            now = resolving.resolve(snapshot, diagnosed.subject.name)
            if isinstance(now, Subject) and not _leads_elsewhere(diagnosed.subject, now):
                yield diagnosed.route, (diagnosed, now)


def _aged(judgement: Judgement, test: Diagnosed, snapshot: Snapshot) -> Judgement:
    if snapshot.taken_at - test.taken_at <= FRESH:
        return judgement
    return msgspec.structs.replace(
        judgement,
        verdict=Verdict.UNKNOWN,
        message=f"Not tested for over a day: /net diagnose {test.subject.name}. "
        f"The last test found: {judgement.message}",
    )


def _leads_elsewhere(before: Subject, now: Subject) -> bool:
    """Whether the route's Service, port or endpoints changed; what was not seen did not change."""
    if (before.service, before.port) != (now.service, now.port):
        return True
    both_seen = before.endpoints_seen and now.endpoints_seen
    return both_seen and _places(before) != _places(now)


def _places(subject: Subject) -> frozenset[tuple[str, int]]:
    return frozenset((endpoint.address, endpoint.port) for endpoint in subject.endpoints)


def _fails_as_tested(diagnosed: Diagnosed) -> bool:
    return fails(diagnosed, diagnosed.subject.native)


def fails(diagnosed: Diagnosed, native: Native) -> bool:
    """Whether requests that go so are proven to fail, or nativeLB to lead past what fails."""
    diagnosis = diagnosed.diagnosis
    if diagnosis.effect is not Effect.HELPS and diagnosis.confidence is not Confidence.PROVEN:
        return False
    if diagnosis.row in BY_VIP:
        return native is Native.ON
    if diagnosis.row in CURABLE:
        return native is not Native.ON
    return native is diagnosed.subject.native and diagnosis.row in STOPS


def _gets_through(diagnosed: Diagnosed, now: Subject) -> bool:
    """Whether all requests that go so were seen to lead past the fault.

    That nativeLB helps is only said where the VIP worked from everywhere, and nothing else fails.
    """
    diagnosis = diagnosed.diagnosis
    return diagnosis.passed if diagnosed.subject.native is now.native else True


def _worked_around(way: Workaround) -> Judgement:
    """The route is well. The network's fault stays, which is good to know."""
    because = way.test.diagnosis.because
    return msgspec.structs.replace(
        _judged(way.test),
        verdict=Verdict.HEALTHY,
        reason=WORKED_AROUND,
        message=f"The route answers {way.way}, past a fault that stays: {because} "
        f"Requests got through at {way.proof}.",
        since=way.since,
        noted=True,
    )


def _lapsed(way: Workaround) -> Judgement:
    """Nobody knows whether requests still get past the fault."""
    return msgspec.structs.replace(
        _judged(way.test),
        verdict=Verdict.UNKNOWN,
        reason=way.test.diagnosis.row.reason,
        message=f"{way.lapsed}: /net diagnose {way.test.subject.name}. Requests last got through "
        f"{way.way} at {way.proof}, past this fault: {way.test.diagnosis.because}",
    )


def _unsure(diagnosed: Diagnosed, _native: Native) -> Judgement:
    """NativeLB is on, and not all of the requests were seen to lead past the fault."""
    because = diagnosed.diagnosis.because
    return msgspec.structs.replace(
        _judged(diagnosed),
        verdict=Verdict.DEGRADED,
        message="nativeLB is on, but not every request was seen to get past this fault: " + because,
    )


def _failing(diagnosed: Diagnosed, native: Native) -> Judgement:
    diagnosis = msgspec.structs.replace(diagnosed.diagnosis, native=native, passed=False)
    return _judged(msgspec.structs.replace(diagnosed, diagnosis=diagnosis))


def _judged(diagnosed: Diagnosed) -> Judgement:
    diagnosis = diagnosed.diagnosis
    helps = diagnosis.effect is Effect.HELPS
    advice = f" nativeLB would lead past it: {diagnosis.effect_because}" if helps else ""
    return Judgement(
        verdict=diagnosis.by_tests,
        reason=NATIVE_LB_HELPS if helps else diagnosis.row.reason,
        message=f"{diagnosis.because}{advice}",
        evidence=(
            Evidence("tested", f"{diagnosed.taken_at:%Y-%m-%d %H:%M} UTC, {diagnosis.confidence}"),
            *(Evidence(row.what, row.result) for row in bearing(diagnosis)),
        ),
        private=diagnosed.private,
        fact=DIAGNOSES,
    )
