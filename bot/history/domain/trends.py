"""What the history tells of a time: uptime by area, mean time to recovery, flapping, the worst."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from bot.domain.check import SCOPES
from bot.domain.verdict import HOUR, INCIDENT, MEANS, Verdict
from bot.history.domain.record import ABSENT, History, PastIncident, Point
from bot.net.mesh.history import Course, LinkHistory, courses

FLAPS = 3
"""Incidents of one cause within the time, from which on it flaps."""

WORST = 5


class Uptime(msgspec.Struct, frozen=True):
    """One area: hours that were seen, and of these the ones without an incident."""

    area: str
    seen: int
    well: int

    @property
    def share(self) -> float | None:
        """Of what was seen; None where nothing was."""
        return self.well / self.seen if self.seen else None


class ProblemTrend(msgspec.Struct, frozen=True):
    """A cause: how often it came, and how long it was there in all."""

    key: str
    times: int
    lasted: timedelta


class Trends(msgspec.Struct, frozen=True):
    """Of the `hours` before `now`; `unseen` of them have no point."""

    hours: int
    unseen: int
    uptime: tuple[Uptime, ...] = ()
    incidents: int = 0
    recovery: timedelta | None = None
    flapping: tuple[ProblemTrend, ...] = ()
    worst: tuple[ProblemTrend, ...] = ()
    restarts: int = 0
    links: tuple[Course, ...] = ()


def trends(
    history: History, now: datetime, back: timedelta, links: LinkHistory | None = None
) -> Trends:
    """Read them off; a mean time to recovery only where something recovered."""
    hours = int(back / HOUR)
    points = [point for point in history.points if now - back < point.at <= now]
    incidents = [incident for incident in history.incidents if (incident.ended or now) > now - back]
    ended = [incident.lasted(now) for incident in incidents if incident.ended]
    troubles = _troubles(incidents, now, back)
    return Trends(
        hours=hours,
        unseen=max(0, hours - len(points)),
        uptime=tuple(_uptime(points, number, area) for number, area in enumerate(SCOPES)),
        incidents=len(incidents),
        recovery=sum(ended, timedelta()) / len(ended) if ended else None,
        flapping=tuple(trouble for trouble in troubles if trouble.times >= FLAPS),
        worst=troubles[:WORST],
        restarts=sum(point.restarts for point in points),
        links=courses(links, now, back),
    )


def _uptime(points: list[Point], number: int, area: str) -> Uptime:
    letters = [point.areas[number : number + 1] or ABSENT for point in points]
    seen = [MEANS[letter] for letter in letters if letter in MEANS]
    known = [verdict for verdict in seen if verdict is not Verdict.UNKNOWN]
    return Uptime(area, len(known), sum(verdict.rank < INCIDENT.rank for verdict in known))


def _troubles(
    incidents: list[PastIncident], now: datetime, back: timedelta
) -> tuple[ProblemTrend, ...]:
    """The longest first."""
    times = Counter(incident.key for incident in incidents)
    lasted: dict[str, timedelta] = {}
    for incident in incidents:
        within = (incident.ended or now) - max(incident.began, now - back)
        lasted[incident.key] = lasted.get(incident.key, timedelta()) + within
    found = [ProblemTrend(key, times[key], lasted[key]) for key in times]
    return tuple(sorted(found, key=lambda each: (-each.lasted, -each.times, each.key)))
