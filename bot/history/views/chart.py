"""The history as a drawing: how each area was, hour by hour, and the incidents as bars."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.charts.spec import Lane, Level, Span, Tick, Timeline
from bot.domain.check import SCOPES
from bot.domain.verdict import HOUR, MEANS, Verdict
from bot.history.domain.record import ABSENT, History, PastIncident, Point
from bot.history.domain.trends import ProblemTrend, Trends, trends
from bot.net.mesh.history import Course, LinkHistory
from bot.render import text as words

ZERO = timedelta()
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
    """The time before now; areas that the cluster has not are left out.

    `links` is the history of the network between nodes, where somebody kept it.
    """
    start = now - back
    points = {point.hour: point for point in history.points if start < point.at <= now}
    told = trends(history, now, back, links)
    lanes = (*_lanes(points, told, start, back), *map(_link, told.links))
    bars = _bars(history.incidents, start, now)
    used = {span.level for lane in (*lanes, *bars) for span in lane.spans}
    return Timeline(
        title=f"Health of the last {back.days} days",
        subtitle=f"{words.plural(told.incidents, 'incident')}, {_unseen(told)}",
        hours=back / HOUR,
        lanes=lanes,
        incidents=bars,
        ticks=_ticks(start, now, zone),
        levels=tuple(level for level in Level if level in used),
    )


def alt(each: Timeline) -> str:
    """What the picture shows, in words: lane by lane."""
    areas = ", ".join(f"{lane.name} {lane.note or 'not seen'}" for lane in each.lanes)
    bars = ", ".join(f"{lane.name} {lane.note}" for lane in each.incidents)
    told = f"Timeline: {each.title}. {each.subtitle}. Uptime: {areas}."
    return words.line(f"{told} Incidents: {bars}." if bars else told, ALT)


def share(part: float | None) -> str:
    """A share in percent that is never rounded up to all of it."""
    if part is None:
        return "not seen"
    return "100 %" if part == 1 else f"{min(99.9, 100 * part):.1f} %"


def named(trouble: ProblemTrend) -> str:
    """The subject of an incident, out of its key."""
    _, kind, namespace, name = (*trouble.key.split("/", 3), "", "", "")[:4]
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _unseen(told: Trends) -> str:
    return f"{told.unseen} of {told.hours} hours not seen" if told.unseen else "every hour seen"


def _lanes(points: dict[int, Point], told: Trends, start: datetime, back: timedelta) -> list[Lane]:
    made = []
    first = int(start.timestamp()) // 3600 + 1
    hours = int(back / HOUR)
    for number, area in enumerate(SCOPES):
        letters = "".join(
            points[hour].areas[number : number + 1] if hour in points else "?"
            for hour in range(first, first + hours)
        )
        if set(letters) - {ABSENT, "?"}:
            note = share(told.uptime[number].share)
            made.append(Lane(area, _spans(letters), note))
    return made


def _link(each: Course) -> Lane:
    name = words.line(each.name, NAME) or "?"
    return Lane(name, _spans(each.letters), share(each.share))


def _spans(letters: str) -> tuple[Span, ...]:
    """Hours of the same level are one block."""
    spans: list[Span] = []
    for hour, letter in enumerate(letters):
        if letter not in MEANS:
            continue
        level = LEVEL[MEANS[letter]]
        last = spans[-1] if spans else None
        if last and last.level is level and last.end == hour:
            spans[-1] = Span(last.begin, hour + 1.0, level)
        else:
            spans.append(Span(float(hour), hour + 1.0, level))
    return tuple(spans)


def _bars(incidents: tuple[PastIncident, ...], start: datetime, now: datetime) -> tuple[Lane, ...]:
    """The causes that were there longest, the worst first."""
    by_key: dict[str, list[PastIncident]] = {}
    for incident in incidents:
        if (incident.ended or now) > start:
            by_key.setdefault(incident.key, []).append(incident)
    lasted = {
        key: sum((_within(incident, start, now) for incident in found), ZERO)
        for key, found in by_key.items()
    }
    longest = sorted(lasted, key=lambda key: lasted[key], reverse=True)[:BARS]
    return tuple(
        Lane(
            words.line(key.rsplit("/", 1)[-1], NAME) or "?",
            tuple(_bar(incident, start, now) for incident in by_key[key]),
            words.age(now - lasted[key], now),
        )
        for key in longest
    )


def _within(each: PastIncident, start: datetime, now: datetime) -> timedelta:
    return (each.ended or now) - max(start, each.began)


def _bar(each: PastIncident, start: datetime, now: datetime) -> Span:
    whole = (now - start) / HOUR
    begin = max(0.0, (each.began - start) / HOUR)
    end = min(whole, max(begin + SHORTEST, ((each.ended or now) - start) / HOUR))
    return Span(min(begin, whole - SHORTEST), end, LEVEL[each.worst])


def _ticks(start: datetime, now: datetime, zone: ZoneInfo) -> tuple[Tick, ...]:
    """The midnights of the owner's days."""
    day = start.astimezone(zone).date() + timedelta(days=1)
    ticks = []
    while (midnight := datetime.combine(day, time(), tzinfo=zone)) <= now:
        ticks.append(Tick((midnight - start) / HOUR, f"{midnight:%a} {day.day}"))
        day += timedelta(days=1)
    return tuple(ticks)
