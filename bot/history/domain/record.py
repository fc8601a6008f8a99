"""The stored history of health: an hour's verdict by area, and incidents with begin and end.

An hour without a report has no point, and is never counted as healthy. What was well for one report
between two failures was not mended: that is one incident, which goes on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

import msgspec

from bot.domain.check import SCOPES
from bot.domain.finding import subject_of
from bot.domain.record import RecordType
from bot.domain.report import Report, focus
from bot.domain.shares import shared
from bot.domain.snapshot import AWAY, Why
from bot.domain.tenancy import party_of_key
from bot.domain.verdict import INCIDENT, LETTER, MEANS, Verdict
from bot.health.checks import CHECKS, in_scope

POINTS = 24 * 35
INCIDENTS = 400

RELAPSE = timedelta(minutes=7)
"""What fails again within this time of its end was not mended, and its end is taken back: it was
well in one report, or in two that lay close together."""

_RESTS_ON = {
    check.name: frozenset(
        (*(kind.kind_name() for kind in (*check.needs, *check.refers_to)), *check.facts)
    )
    for check in CHECKS
}
"""The kinds and facts without which a check may miss a fault."""

ABSENT = "-"
"""The letter of an area that this cluster does not use."""


class Point(msgspec.Struct, frozen=True, array_like=True):
    """One hour: hours since 1970, a letter for each of SCOPES, and restarts of containers."""

    hour: int
    areas: str
    restarts: int = 0

    @property
    def at(self) -> datetime:
        """When the hour began."""
        return datetime.fromtimestamp(self.hour * 3600, UTC)


class PastIncident(msgspec.Struct, frozen=True, array_like=True):
    """A root cause that was degraded or failed, from its first report until it was resolved."""

    key: str
    began: datetime
    ended: datetime | None = None
    worst: Verdict = Verdict.DEGRADED

    def lasted(self, start: datetime, now: datetime) -> timedelta:
        """How long it lasted between `start` and `now`."""
        return (self.ended or now) - max(start, self.began)


class History(msgspec.Struct, frozen=True):
    """Points and incidents, oldest first; `dropped` counts incidents that no longer fit.

    Of incidents whoever has the most loses first, and what is over before what goes on.
    """

    points: tuple[Point, ...] = ()
    incidents: tuple[PastIncident, ...] = ()
    dropped: int = 0


def failing_since(history: History) -> Mapping[str, datetime]:
    """When what fails now was first seen failing, by the key of the finding."""
    return {incident.key: incident.began for incident in history.incidents if not incident.ended}


def areas(report: Report) -> str:
    """A letter for each of SCOPES."""
    return "".join(_letter(report, scope) for scope in SCOPES)


def noted(before: History | None, report: Report, restarts: int = 0) -> History:
    """The history with one more report. What only a test in private shows is not recorded.

    It ends nothing either: what was public before and fails in private now has not recovered.
    """
    history = before or History()
    points = _points(history.points, report.public, restarts)
    return History(points, *_incidents(history, report))


def _letter(report: Report, scope: str) -> str:
    part = focus(report, in_scope((scope,)))
    if not part.judged_count and not part.unseen:
        return ABSENT
    return LETTER[part.verdict]


def _points(points: tuple[Point, ...], report: Report, restarts: int) -> tuple[Point, ...]:
    hour = int(report.taken_at.timestamp()) // 3600
    now = Point(hour, areas(report), restarts)
    by_hour = {point.hour: point for point in points}
    by_hour[hour] = _merged(by_hour[hour], now) if hour in by_hour else now
    return tuple(by_hour[hour] for hour in sorted(by_hour))[-POINTS:]


def _merged(earlier: Point, later: Point) -> Point:
    """One point of two reports in an hour, as bad as the worse one."""
    # A version of the bot that knew fewer areas may have written the earlier one.
    pairs = zip_longest(earlier.areas, later.areas, fillvalue=ABSENT)
    letters = "".join(max(pair, key=_rank) for pair in pairs)
    return Point(earlier.hour, letters, earlier.restarts + later.restarts)


def _rank(letter: str) -> int:
    return MEANS[letter].rank if letter in MEANS else -1


def _incidents(history: History, report: Report) -> tuple[tuple[PastIncident, ...], int]:
    roots = report.public.answered.roots
    there = {root.key: root.verdict for root in roots if root.verdict.rank >= INCIDENT.rank}
    incidents = [
        _developed(incident, there, report) for incident in _resumed(history, there, report)
    ]
    ongoing = {incident.key for incident in incidents if incident.ended is None}
    for key, verdict in there.items():
        if key not in ongoing:
            incidents.append(PastIncident(key, report.taken_at, None, verdict))
    return _fitting(tuple(incidents), INCIDENTS, history.dropped)


def _fitting(
    incidents: tuple[PastIncident, ...], most: int, dropped: int
) -> tuple[tuple[PastIncident, ...], int]:
    """Those for which there is room: the latest, and of these first what goes on."""
    latest = incidents[::-1]
    first = sorted(latest, key=lambda incident: incident.ended is not None)
    kept = shared(first, most, lambda incident: party_of_key(incident.key))
    stay = set(map(id, kept))
    left = tuple(incident for incident in incidents if id(incident) in stay)
    return left, dropped + len(incidents) - len(left)


def _resumed(
    history: History, there: Mapping[str, Verdict], report: Report
) -> tuple[PastIncident, ...]:
    """The incidents, of which the last of each cause goes on where it failed again at once."""
    last = {incident.key: number for number, incident in enumerate(history.incidents)}
    again = {
        number
        for key, number in last.items()
        if key in there
        and (ended := history.incidents[number].ended)
        and timedelta() <= report.taken_at - ended < RELAPSE
    }
    return tuple(
        msgspec.structs.replace(incident, ended=None) if number in again else incident
        for number, incident in enumerate(history.incidents)
    )


def _developed(
    incident: PastIncident, there: Mapping[str, Verdict], report: Report
) -> PastIncident:
    if incident.ended:
        return incident
    change: dict[str, Any] = {}
    if incident.key in there:
        worst = max(incident.worst, there[incident.key], key=lambda verdict: verdict.rank)
        change = {"worst": worst}
    elif _recovered(incident.key, report):
        change = {"ended": max(incident.began, report.taken_at)}
    return msgspec.structs.replace(incident, **change)


def _recovered(key: str, report: Report) -> bool:
    """Whether the object was seen well, or is gone from a kind that was read.

    An object that is not known, that tries again, that is suspended, or that fails by another's
    fault now has not recovered.
    """
    finding = report.by_key.get(key)
    if finding and finding.unrecovered:
        return False
    kind = (*key.split("/"), "", "")[1]
    whys = {gap.why for gap in report.gaps if gap.kind == kind}
    place = subject_of(key).namespace
    if any(gap.hides_any(kind, place) for gap in report.unseen):
        return False
    rests_on = _RESTS_ON.get(key.partition("/")[0], frozenset())
    away = {gap.kind for gap in report.gaps if gap.why in AWAY}
    if any(not why.by_choice for why in whys) or away & rests_on:
        return False
    return bool(finding) or kind in report.counts or Why.NOT_INSTALLED in whys


def _spare(history: History) -> History | None:
    """A shorter history: without the oldest tenth of points, and a tenth of the incidents."""
    points, incidents = history.points, history.incidents
    if not points and not incidents:
        return None
    points = points[math.ceil(len(points) / 10) :]
    return History(points, *_fitting(incidents, len(incidents) * 9 // 10, history.dropped))


HISTORY: RecordType[History] = RecordType("history", History, spare=_spare)
