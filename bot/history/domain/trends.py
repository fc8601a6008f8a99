"""Trends: faultless hours by area, uptime of sites, mean time to recovery, the worst problems."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from bot.domain.check import SCOPES
from bot.domain.shares import shared
from bot.domain.tenancy import party_of_key
from bot.domain.verdict import HOUR, INCIDENT, MEANS, Verdict
from bot.history.domain.record import History, PastIncident, Point
from bot.history.domain.uptime import SiteUptime, UptimeRecord, uptime
from bot.net.mesh.history import Course, LinkHistory, courses

FLAPS = 3
"""Incidents of one cause within the time that count as flapping."""

WORST = 5


class AreaHours(msgspec.Struct, frozen=True):
    """One area: hours that were observed, and those of them without an incident.

    It is no availability: one route that fails for an hour makes that an hour with a fault, however
    many other routes work.
    """

    area: str
    seen: int
    well: int

    @property
    def share(self) -> float | None:
        """The share of hours without an incident; None without an observed hour."""
        return self.well / self.seen if self.seen else None


class ProblemTrend(msgspec.Struct, frozen=True):
    """A root cause: how often it came, and how long it lasted in all."""

    key: str
    times: int
    lasted: timedelta


class Trends(msgspec.Struct, frozen=True):
    """Trends of the `hours` before now; `unseen` of them have no point.

    `sites` is the uptime by host, which looks back by windows of its own.
    """

    hours: int
    unseen: int
    areas: tuple[AreaHours, ...] = ()
    incidents: int = 0
    recovery: timedelta | None = None
    flapping: tuple[ProblemTrend, ...] = ()
    worst: tuple[ProblemTrend, ...] = ()
    restarts: int = 0
    links: tuple[Course, ...] = ()
    sites: tuple[SiteUptime, ...] = ()


def trends(
    history: History,
    now: datetime,
    back: timedelta,
    links: LinkHistory | None = None,
    requests: UptimeRecord | None = None,
) -> Trends:
    """The trends of the time `back` before `now`; `recovery` is None where nothing recovered."""
    hours = int(back / HOUR)
    start = now - back
    points = [point for point in history.points if start < point.at <= now]
    incidents = [incident for incident in history.incidents if (incident.ended or now) > start]
    recoveries = [incident.ended - incident.began for incident in incidents if incident.ended]
    problems = _problems(incidents, start, now)
    return Trends(
        hours=hours,
        unseen=max(0, hours - len(points)),
        areas=tuple(_hours(points, number, area) for number, area in enumerate(SCOPES)),
        incidents=len(incidents),
        recovery=sum(recoveries, timedelta()) / len(recoveries) if recoveries else None,
        flapping=tuple(problem for problem in problems if problem.times >= FLAPS),
        worst=shared(problems, WORST, party_of_problem),
        restarts=sum(point.restarts for point in points),
        links=courses(links, now, back),
        sites=uptime(requests, now),
    )


def party_of_problem(problem: ProblemTrend) -> str:
    """The party whose share of a list a problem takes."""
    return party_of_key(problem.key)


def _hours(points: list[Point], number: int, area: str) -> AreaHours:
    letters = [point.areas[number : number + 1] for point in points]
    verdicts = [MEANS[letter] for letter in letters if letter in MEANS]
    known = [verdict for verdict in verdicts if verdict is not Verdict.UNKNOWN]
    return AreaHours(area, len(known), sum(verdict.rank < INCIDENT.rank for verdict in known))


def _problems(
    incidents: list[PastIncident], start: datetime, now: datetime
) -> tuple[ProblemTrend, ...]:
    """The longest first."""
    times = Counter(incident.key for incident in incidents)
    lasted = dict.fromkeys(times, timedelta())
    for incident in incidents:
        lasted[incident.key] += incident.lasted(start, now)
    problems = [ProblemTrend(key, times[key], lasted[key]) for key in times]
    return tuple(sorted(problems, key=lambda trend: (-trend.lasted, -trend.times, trend.key)))
