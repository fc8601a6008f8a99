"""What tests say of a route that its objects alone call healthy.

No finding without evidence: pod-IP routing that was not seen to fail is healthy. A proven fault
stands while the route leads to the same endpoints in the same way, until a test passes; one that
could not tell does not end it. After a day it is unknown whether it still holds: it is neither
a fault that anybody saw of late, nor over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net import route_resolution as resolving
from bot.net.diagnosis.diagnosis import (
    BY_VIP,
    CURABLE,
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

FRESH = timedelta(hours=24)
"""How long a test shows how a route is now."""

STOPS = frozenset({*(rule.row for rule in CONNECTING), Row.MTU, Row.STALE_ENDPOINTS}) - {
    Row.SLOW_PATH
}
"""Rows in which requests of the route fail."""

SHOWN = 5
"""Rows of evidence that a finding keeps."""


def judgement(route: Ref, snapshot: Snapshot) -> Judgement | None:
    """The verdict that the tests of a route support; None where there is none."""
    tests = sorted(_applying(route, snapshot), key=lambda test: test[0].taken_at)
    failing = [test for test, now in tests if now.native is test.subject.native and _fails(test)]
    if failing:
        return _aged(_judged(failing[-1]), failing[-1], snapshot)
    around = [test for test, now in tests if now.native is Native.ON and _is_gone_round(test)]
    return _aged(_worked_around(around[-1]), around[-1], snapshot) if around else None


def passed(route: Ref, snapshot: Snapshot) -> Iterator[datetime]:
    """When tests of a route passed."""
    for diagnosed, _ in _applying(route, snapshot):
        if diagnosed.diagnosis.passed:
            yield diagnosed.taken_at


def standing(before: Diagnosed | None, after: Diagnosed) -> Diagnosed:
    """Which of two diagnoses of one subject counts from now on, each with its own time.

    A proven fault stands until a test passes, proves another fault, or finds that the route leads
    elsewhere: one that could not tell says nothing of it. A fault that is public stays so, by its
    public evidence, while that lasts.
    """
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
        and (_fails(before) or not _fails(after))
    )


def proves(diagnosed: Diagnosed) -> bool:
    """Whether a diagnosis alone is reason for a finding, now or once nativeLB is turned on."""
    return _fails(diagnosed) or _is_gone_round(diagnosed)


def bearing(diagnosis: Diagnosis) -> tuple[Seen, ...]:
    """The rows of evidence that a finding shows."""
    return tuple(row for row in diagnosis.evidence if row.bears)[:SHOWN]


def _applying(route: Ref, snapshot: Snapshot) -> Iterator[tuple[Diagnosed, Subject]]:
    """Each test of a route, with the route as it is now, if it leads to the same endpoints."""
    diagnoses = snapshot.supplement(Diagnoses)
    for diagnosed in diagnoses.standing if diagnoses else ():
        if diagnosed.route == route and diagnosed.taken_at <= snapshot.taken_at:
            now = resolving.resolve(snapshot, diagnosed.subject.name)
            if isinstance(now, Subject) and not _leads_elsewhere(diagnosed.subject, now):
                yield diagnosed, now


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


def _is_gone_round(diagnosed: Diagnosed) -> bool:
    """Whether it is a fault of pod IPs, which a route by the VIP avoids but does not repair."""
    diagnosis = diagnosed.diagnosis
    if diagnosis.row not in CURABLE:
        return False
    proven = diagnosis.confidence is Confidence.PROVEN
    return diagnosis.effect is Effect.HELPS or (proven and diagnosed.subject.native is Native.ON)


def _worked_around(diagnosed: Diagnosed) -> Judgement:
    """The network's fault stays open: nativeLB goes round it and mends nothing."""
    return msgspec.structs.replace(
        _judged(diagnosed),
        verdict=Verdict.DEGRADED,
        reason="WorkedAround",
        message="nativeLB is on and goes round this fault, which stays: "
        + diagnosed.diagnosis.because,
    )


def _fails(diagnosed: Diagnosed) -> bool:
    """Proven to fail, or proven that nativeLB leads past what fails."""
    diagnosis = diagnosed.diagnosis
    if diagnosis.effect is not Effect.HELPS and diagnosis.confidence is not Confidence.PROVEN:
        return False
    by_vip = diagnosed.subject.native is Native.ON and diagnosis.row in BY_VIP
    around = diagnosed.subject.native is Native.ON and diagnosis.row in CURABLE
    return by_vip or (diagnosis.row in STOPS and not around)


def _judged(diagnosed: Diagnosed) -> Judgement:
    diagnosis = diagnosed.diagnosis
    helps = diagnosis.effect is Effect.HELPS
    advice = f" nativeLB would lead past it: {diagnosis.effect_because}" if helps else ""
    return Judgement(
        verdict=diagnosis.by_tests,
        reason="NativeLBHelps" if helps else diagnosis.row.reason,
        message=f"{diagnosis.because}{advice}",
        evidence=(
            Evidence("tested", f"{diagnosed.taken_at:%Y-%m-%d %H:%M} UTC, {diagnosis.confidence}"),
            *(Evidence(row.what, row.result) for row in bearing(diagnosis)),
        ),
        private=diagnosed.private,
    )
