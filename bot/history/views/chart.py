"""The history as a drawing: each area's health by the hour, and the incidents as bars."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.charts.spec import LEVEL_WORDS, Lane, Level, Span, Tick, Timeline
from bot.domain.check import SCOPES
from bot.domain.finding import subject_of
from bot.domain.shares import shared
from bot.domain.tenancy import party_of_key
from bot.domain.verdict import HOUR, MEANS, Verdict
from bot.history.domain.record import ABSENT, History, PastIncident, Point
from bot.history.domain.trends import ProblemTrend, Trends, trends
from bot.net.mesh.history import Course, LinkHistory
from bot.render import text as words

BARS = 5
NAME = 32
ALT = 1000
SHORTEST = 0.5
"""Hours: a shorter incident would be too thin to be seen."""

SPANS = 3
"""The longest faults of a lane, which its words name."""

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
        title=f"Hours without a fault, last {back.days} days",
        subtitle=f"{words.plural(summary.incidents, 'incident')}, {_unseen(summary)}",
        hours=back / HOUR,
        lanes=lanes,
        incidents=bars,
        ticks=_ticks(start, now, zone),
        levels=tuple(level for level in Level if level in used),
    )


def alt(timeline: Timeline) -> str:
    """The picture lane by lane, in words: when it was bad, which the message doesn't say."""
    lanes = (_said(lane, timeline) for lane in timeline.lanes)
    incidents = (f"Incident {_said(lane, timeline)}" for lane in timeline.incidents)
    first = f"Timeline: {timeline.title}. {timeline.subtitle}."
    return words.whole(first, (*lanes, *incidents), "line", ALT)


def _said(lane: Lane, timeline: Timeline) -> str:
    """`pods 98.2 %: failed for 12 h from Tue 24, …`."""
    bad = [span for span in lane.spans if span.level not in (Level.WELL, Level.UNSEEN)]
    longest = sorted(bad, key=lambda span: span.begin - span.end)[:SPANS]
    shown = [_span(span, timeline) for span in sorted(longest, key=lambda span: span.begin)]
    more = [f"and {len(bad) - SPANS} more"] * (len(bad) > SPANS)
    return f"{lane.name} {lane.note or 'not seen'}: {', '.join((*shown, *more)) or 'no fault'}."


def _span(span: Span, timeline: Timeline) -> str:
    day = next((tick.label for tick in reversed(timeline.ticks) if tick.at <= span.begin), "")
    when = f" on {day}" if day else " at the beginning"
    return f"{LEVEL_WORDS[span.level]} for {max(1, round(span.end - span.begin))} h{when}"


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
