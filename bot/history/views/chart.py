"""The history as a drawing: each area's health by the hour, and the incidents as bars."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.charts.spec import Lane, Level, Span, Tick, Timeline
from bot.domain.check import SCOPES
from bot.domain.finding import subject_of
from bot.domain.shares import shared
from bot.domain.tenancy import party_of_key
from bot.domain.verdict import HOUR, MEANS, Verdict
from bot.history.domain.record import ABSENT, History, PastIncident, Point
from bot.history.domain.trends import ProblemTrend, Trends, trends
from bot.net.mesh.history import Course, LinkHistory
from bot.render import text as words

BARS = 8
NAME = 19
ALT = 1000
SHORTEST = 0.5
"""Hours: a shorter incident would be too thin to be seen."""

LEVEL = {
    Verdict.HEALTHY: Level.WELL,
    Verdict.PROGRESSING: Level.BUSY,
    Verdict.SUSPENDED: Level.BUSY,
    Verdict.UNKNOWN: Level.UNSEEN,
    Verdict.DEGRADED: Level.DEGRADED,
    Verdict.FAILED: Level.FAILED,
}


def timeline(
    history: History,
    now: datetime,
    back: timedelta,
    zone: ZoneInfo,
    links: LinkHistory | None = None,
) -> Timeline:
    """The timeline of the time before now, without areas that the cluster does not use.

    `links` is the history of the network between nodes; None without one.
    """
    start = now - back
    points = {point.hour: point for point in history.points if start < point.at <= now}
    summary = trends(history, now, back, links)
    lanes = (*_lanes(points, summary, start), *map(_link, summary.links))
    bars = _bars(history.incidents, start, now)
    used = {span.level for lane in (*lanes, *bars) for span in lane.spans}
    return Timeline(
        title=f"Health of the last {back.days} days",
        subtitle=f"{words.plural(summary.incidents, 'incident')}, {_unseen(summary)}",
        hours=back / HOUR,
        lanes=lanes,
        incidents=bars,
        ticks=_ticks(start, now, zone),
        levels=tuple(level for level in Level if level in used),
    )


def alt(timeline: Timeline) -> str:
    """A text in place of the picture, lane by lane."""
    areas = ", ".join(f"{lane.name} {lane.note or 'not seen'}" for lane in timeline.lanes)
    bars = ", ".join(f"{lane.name} {lane.note}" for lane in timeline.incidents)
    shares = f"Timeline: {timeline.title}. {timeline.subtitle}. Hours without any fault: {areas}."
    return words.line(f"{shares} Incidents: {bars}." if bars else shares, ALT)


def share(part: float | None) -> str:
    """A share in percent that is never rounded up to all of it."""
    if part is None:
        return "not seen"
    return "100 %" if part == 1 else f"{min(99.9, 100 * part):.1f} %"


def named(trouble: ProblemTrend) -> str:
    """The subject of a problem, from its key."""
    return str(subject_of(trouble.key))


def _unseen(summary: Trends) -> str:
    return (
        f"{summary.unseen} of {summary.hours} hours not seen"
        if summary.unseen
        else "every hour seen"
    )


def _lanes(points: dict[int, Point], summary: Trends, start: datetime) -> list[Lane]:
    lanes = []
    first = int(start.timestamp()) // 3600 + 1
    for number, area in enumerate(SCOPES):
        letters = "".join(
            (points[hour].areas[number : number + 1] if hour in points else "") or "?"
            for hour in range(first, first + summary.hours)
        )
        if set(letters) - {ABSENT, "?"}:
            note = share(summary.areas[number].share)
            lanes.append(Lane(area, _spans(letters), note))
    return lanes


def _link(course: Course) -> Lane:
    name = words.line(course.name, NAME) or "?"
    return Lane(name, _spans(course.letters), share(course.share))


def _spans(letters: str) -> tuple[Span, ...]:
    """One block for neighbouring hours of the same level."""
    levels = [LEVEL[MEANS[letter]] if letter in MEANS else None for letter in letters]
    spans = []
    begin = 0.0
    for level, block in groupby(levels):
        end = begin + len(list(block))
        if level:
            spans.append(Span(begin, end, level))
        begin = end
    return tuple(spans)


def _bars(incidents: tuple[PastIncident, ...], start: datetime, now: datetime) -> tuple[Lane, ...]:
    """A bar for each of the causes that lasted longest, the longest first."""
    by_key: dict[str, list[PastIncident]] = {}
    for incident in incidents:
        if (incident.ended or now) > start:
            by_key.setdefault(incident.key, []).append(incident)
    lasted = {
        key: sum((incident.lasted(start, now) for incident in same), timedelta())
        for key, same in by_key.items()
    }
    every = sorted(lasted, key=lambda key: lasted[key], reverse=True)
    return tuple(
        Lane(
            words.line(key.rsplit("/", 1)[-1], NAME) or "?",
            tuple(_bar(incident, start, now) for incident in by_key[key]),
            words.age(now - lasted[key], now),
        )
        for key in shared(every, BARS, party_of_key)
    )


def _bar(incident: PastIncident, start: datetime, now: datetime) -> Span:
    hours = (now - start) / HOUR
    begin = max(0.0, (incident.began - start) / HOUR)
    end = min(hours, max(begin + SHORTEST, ((incident.ended or now) - start) / HOUR))
    return Span(min(begin, hours - SHORTEST), end, LEVEL[incident.worst])


def _ticks(start: datetime, now: datetime, zone: ZoneInfo) -> tuple[Tick, ...]:
    """The midnights of the owner's days."""
    day = start.astimezone(zone).date() + timedelta(days=1)
    ticks = []
    while (midnight := datetime.combine(day, time(), tzinfo=zone)) <= now:
        ticks.append(Tick((midnight - start) / HOUR, f"{midnight:%a} {day.day}"))
        day += timedelta(days=1)
    return tuple(ticks)
