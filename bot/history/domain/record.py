"""The record: an hour's verdict by area, and incidents with their beginning and end.

An hour in which nobody looked has no point, and is never counted as healthy.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from bot.domain.check import SCOPES
from bot.domain.record import Shelf
from bot.domain.report import Report, focus
from bot.domain.verdict import INCIDENT, LETTER, MEANS, Verdict
from bot.health.checks import in_scope

POINTS = 24 * 35
INCIDENTS = 400

ABSENT = "-"
"""The area has nothing in this cluster: by the owner's choice, so it is nobody's trouble."""


class Point(msgspec.Struct, frozen=True, array_like=True):
    """One hour: hours since 1970, a letter for each of SCOPES, restarts of containers."""

    hour: int
    areas: str
    restarts: int = 0

    @property
    def at(self) -> datetime:
        """When the hour began."""
        return datetime.fromtimestamp(self.hour * 3600, UTC)


class PastIncident(msgspec.Struct, frozen=True, array_like=True):
    """A cause that was degraded or failed: by key, from when it was seen until well or gone."""

    key: str
    began: datetime
    ended: datetime | None = None
    worst: Verdict = Verdict.DEGRADED

    def lasted(self, now: datetime) -> timedelta:
        """How long it was there."""
        return (self.ended or now) - self.began


class History(msgspec.Struct, frozen=True):
    """The oldest first; `dropped` counts incidents for which there was no room."""

    points: tuple[Point, ...] = ()
    incidents: tuple[PastIncident, ...] = ()
    dropped: int = 0


def areas(report: Report) -> str:
    """A letter for each of SCOPES."""
    return "".join(_letter(report, scope) for scope in SCOPES)


def noted(before: History | None, report: Report, restarts: int = 0) -> History:
    """The history with one more look at everything."""
    history = before or History()
    return History(
        _points(history.points, report, restarts),
        *_incidents(history, report),
    )


def _letter(report: Report, scope: str) -> str:
    part = focus(report, in_scope((scope,)))
    if not part.judged and not part.unseen:
        return ABSENT
    return LETTER[part.verdict]


def _points(points: tuple[Point, ...], report: Report, restarts: int) -> tuple[Point, ...]:
    hour = int(report.taken_at.timestamp()) // 3600
    now = Point(hour, areas(report), restarts)
    same = next((point for point in points if point.hour == hour), None)
    others = [point for point in points if point.hour != hour]
    merged = sorted([*others, _merged(same, now) if same else now], key=lambda each: each.hour)
    return tuple(merged[-POINTS:])


def _merged(one: Point, other: Point) -> Point:
    """An hour is as bad as its worst look."""
    letters = "".join(max(pair, key=_rank) for pair in zip(one.areas, other.areas, strict=False))
    return Point(one.hour, letters, one.restarts + other.restarts)


def _rank(letter: str) -> int:
    return MEANS[letter].rank if letter in MEANS else -1


def _incidents(history: History, report: Report) -> tuple[tuple[PastIncident, ...], int]:
    there = {root.key: root for root in report.roots if root.verdict.rank >= INCIDENT.rank}
    hidden = {gap.kind for gap in report.unseen}
    # Not known, trying again, suspended: that it failed is not over.
    unrecovered = {
        finding.key
        for finding in report.findings
        if finding.unrecovered and finding.verdict.rank < INCIDENT.rank
    }
    kept = []
    going_on = set()
    for incident in history.incidents:
        if incident.ended is None and incident.key in there:
            going_on.add(incident.key)
            worst = max(incident.worst, there[incident.key].verdict, key=lambda one: one.rank)
            kept.append(msgspec.structs.replace(incident, worst=worst))
        elif incident.ended is None and not (
            incident.key in unrecovered or _hidden(incident.key, hidden)
        ):
            kept.append(
                msgspec.structs.replace(incident, ended=max(incident.began, report.taken_at))
            )
        else:
            kept.append(incident)
    begun = [
        PastIncident(key, report.taken_at, None, found.verdict)
        for key, found in there.items()
        if key not in going_on
        and not any(one.key == key and one.ended is None for one in history.incidents)
    ]
    whole = (*kept, *begun)
    return whole[-INCIDENTS:], history.dropped + max(0, len(whole) - INCIDENTS)


def _hidden(key: str, kinds: set[str]) -> bool:
    """Whether its kind was not seen: then its absence proves nothing."""
    return (*key.split("/"), "", "")[1] in kinds


def _spare(history: History) -> History | None:
    """A tenth less of both, the oldest first."""
    points, incidents = history.points, history.incidents
    if not points and not incidents:
        return None
    fewer = -(-len(incidents) // 10)
    return History(points[-(-len(points) // 10) :], incidents[fewer:], history.dropped + fewer)


HISTORY: Shelf[History] = Shelf("history", History, spare=_spare)
