"""What tests of the last day say of a route that its objects alone call healthy.

No finding without evidence: pod-IP routing that nobody saw failing is healthy. A test counts for a
day, and only while the route leads to the same endpoints in the same way. Within that day a test
that proved a fault is ended by one that passed, and not by one that could not tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from bot.core.finding import Evidence, Judgement, Ref
from bot.core.network import resolving
from bot.core.network.diagnosed import Diagnosed
from bot.core.network.diagnosis import Confidence, Effect, Row
from bot.core.network.rules import CONNECTING
from bot.core.network.subject import Native, Subject
from bot.core.snapshot import Snapshot
from bot.core.verdict import Verdict

FRESH = timedelta(hours=24)

STOPS = frozenset({*(rule.row for rule in CONNECTING), Row.MTU, Row.STALE_ENDPOINTS}) - {
    Row.SLOW_PATH
}
"""Rows in which requests of the route fail."""

BY_VIP = frozenset({Row.VIP_BROKEN, Row.CHECKSUM_OFFLOAD})
"""Rows in which they fail where nativeLB is on."""

SHOWN = 5
"""Rows of evidence that a finding keeps."""


def judgement(route: Ref, snapshot: Snapshot) -> Judgement | None:
    """The verdict that the fresh tests of a route support; None where there is none."""
    fresh = sorted(_fresh(route, snapshot), key=lambda each: each[0].taken_at)
    failing = [each for each, now in fresh if now.native is each.subject.native and _fails(each)]
    if failing:
        return _judged(failing[-1])
    around = [each for each, now in fresh if now.native is Native.ON and _is_gone_round(each)]
    return _worked_around(around[-1]) if around else None


def standing(before: Diagnosed | None, after: Diagnosed) -> Diagnosed:
    """Which of two diagnoses of one subject counts from now on, each with its own time.

    A proven fault stands until a test passes, proves another fault, or finds that the route leads
    elsewhere: one that could not tell says nothing of it.
    """
    if before is None or not proves(before) or proves(after) or after.diagnosis.passed:
        return after
    outdated = after.taken_at - before.taken_at > FRESH
    return after if outdated or _leads_elsewhere(before.subject, after.subject) else before


def proves(each: Diagnosed) -> bool:
    """Whether a diagnosis alone is reason for a finding, now or once nativeLB is turned on."""
    return _fails(each) or _is_gone_round(each)


def _fresh(route: Ref, snapshot: Snapshot) -> Iterator[tuple[Diagnosed, Subject]]:
    """Each test of the last day, and the route as it is now, if it leads to the same endpoints."""
    for each in snapshot.diagnosed:
        recent = timedelta() <= snapshot.taken_at - each.taken_at <= FRESH
        if each.route == route and recent:
            now = resolving.resolve(snapshot, each.subject.name)
            if isinstance(now, Subject) and not _leads_elsewhere(each.subject, now):
                yield each, now


def _leads_elsewhere(before: Subject, now: Subject) -> bool:
    """Whether the route's Service, port or endpoints changed; what was not seen did not change."""
    if (before.service, before.port) != (now.service, now.port):
        return True
    seen = before.endpoints_seen and now.endpoints_seen
    return seen and _places(before) != _places(now)


def _places(subject: Subject) -> frozenset[tuple[str, int]]:
    return frozenset((each.address, each.port) for each in subject.endpoints)


def _is_gone_round(each: Diagnosed) -> bool:
    """A fault of pod IPs that a route by the VIP does not meet: it is there all the same."""
    found = each.diagnosis
    if found.row in BY_VIP or found.row not in STOPS:
        return False
    proven = found.confidence is Confidence.PROVEN
    return found.effect is Effect.HELPS or (proven and each.subject.native is Native.ON)


def _worked_around(each: Diagnosed) -> Judgement:
    """The network's fault stays open: nativeLB goes round it and mends nothing (issue 5)."""
    return msgspec.structs.replace(
        _judged(each),
        reason="WorkedAround",
        message=f"nativeLB is on and goes round this fault, which stays: {each.diagnosis.because}",
    )


def _fails(each: Diagnosed) -> bool:
    """Proven to fail, or proven that nativeLB leads past what fails."""
    found = each.diagnosis
    if found.effect is not Effect.HELPS and found.confidence is not Confidence.PROVEN:
        return False
    by_vip = each.subject.native is Native.ON and found.row in BY_VIP
    around = each.subject.native is Native.ON and found.row not in BY_VIP
    return by_vip or (found.row in STOPS and not around)


def _judged(each: Diagnosed) -> Judgement:
    found = each.diagnosis
    helps = found.effect is Effect.HELPS
    words = "".join(word.capitalize() for word in found.row.value.split("-"))
    advice = f" nativeLB would lead past it: {found.effect_because}" if helps else ""
    shown = [one for one in found.evidence if one.bears][:SHOWN]
    return Judgement(
        verdict=Verdict.DEGRADED,
        reason="NativeLBHelps" if helps else words,
        message=f"{found.because}{advice}",
        evidence=(
            Evidence("tested", f"{each.taken_at:%Y-%m-%d %H:%M} UTC, {found.confidence}"),
            *(Evidence(one.what, one.result) for one in shown),
        ),
    )
