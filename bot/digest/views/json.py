"""A digest as JSON, for scripts. The schema is published in docs/digest.schema.json."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from bot.digest.domain.diff import DiffEntry, GoneEntry
from bot.digest.domain.digest import Digest
from bot.digest.views import text as text_view
from bot.domain.verdict import Verdict
from bot.health.views.json import JsonNextStep, next_step
from bot.history.domain.trends import ProblemTrend, Trends
from bot.history.domain.uptime import SiteUptime
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/digest/v1"


class JsonEntry(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A cause that is there; one that is gone has no code, message or next step."""

    subject: str
    code: str | None
    verdict: Verdict
    was: Verdict | None
    reason: str
    message: str
    since: datetime | None
    downstream: int
    next_step: JsonNextStep | None


class JsonAreaHours(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Hours of an area that were seen, and of these those in which none of its objects failed.

    It is no availability: one failing object of many makes an hour count.
    """

    area: str
    seen: int
    well: int


class JsonUptimeWindow(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Requests of the last `days` whole days (UTC) and of today, seen on `daysSeen` of them."""

    days: int
    days_seen: int
    seen: int
    answered: int


class JsonSiteUptime(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The uptime of a host: the requests that were seen, and those that it answered."""

    host: str
    windows: tuple[JsonUptimeWindow, ...]


class JsonTrouble(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A cause: how often it came, and how many seconds it was there in all."""

    key: str
    times: int
    seconds: int


class JsonTrends(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Of the hours before; `recovery` is the mean time to it in seconds.

    `sites` is the uptime by host, the worst first. `uptime` is of areas, and no availability.
    """

    hours: int
    unseen: int
    # A published name stays what it is.
    areas: tuple[JsonAreaHours, ...] = msgspec.field(name="uptime")
    incidents: int
    recovery: int | None
    restarts: int
    flapping: tuple[JsonTrouble, ...]
    worst: tuple[JsonTrouble, ...]
    sites: tuple[JsonSiteUptime, ...]


class JsonDigest(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A digest. `first`: there is none before it, so that all is new."""

    schema: str
    name: str
    taken_at: datetime
    verdict: Verdict
    headline: str
    first: bool
    new: tuple[JsonEntry, ...]
    worse: tuple[JsonEntry, ...]
    same: tuple[JsonEntry, ...]
    better: tuple[JsonEntry, ...]
    fixed: tuple[JsonEntry, ...]
    worked_around: tuple[JsonEntry, ...]
    """Not fixed: the fault stays, and nothing is known to fail by it any more."""
    lost: tuple[JsonEntry, ...]
    muted: tuple[str, ...]
    open: tuple[str, ...]
    expiring: tuple[str, ...]
    unseen: tuple[str, ...]
    trends: JsonTrends | None


def digest(digest: Digest) -> bytes:
    """The digest as indented JSON with a line end."""
    parts = digest.difference
    document = JsonDigest(
        schema=VERSION,
        name=digest.name,
        taken_at=digest.report.taken_at,
        verdict=digest.verdict,
        headline=text_view.headline(digest),
        first=parts.first,
        new=tuple(map(_entry, parts.new)),
        worse=tuple(map(_entry, parts.worse)),
        same=tuple(map(_entry, parts.same)),
        better=tuple(map(_entry, parts.better)),
        fixed=tuple(map(_gone, parts.fixed)),
        worked_around=tuple(map(_gone, parts.around)),
        lost=tuple(map(_gone, parts.lost)),
        muted=digest.muted,
        open=tuple(text_view.opened(digest)),
        expiring=tuple(text_view.expiring(digest)),
        unseen=tuple(text_view.unseen(digest)),
        trends=_trends(digest.trends) if digest.trends else None,
    )
    return indented(document)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a digest."""
    return schema_of(JsonDigest, VERSION)


def _entry(entry: DiffEntry) -> JsonEntry:
    return JsonEntry(
        subject=str(entry.finding.subject),
        code=entry.finding.code,
        verdict=entry.finding.verdict,
        was=entry.was,
        reason=entry.finding.reason,
        message=entry.finding.message,
        since=entry.since,
        downstream=entry.downstream,
        next_step=next_step(entry.finding),
    )


def _gone(entry: GoneEntry) -> JsonEntry:
    return JsonEntry(
        subject=str(entry.subject),
        code=None,
        verdict=entry.verdict,
        was=None,
        reason=entry.reason,
        message="",
        since=entry.first,
        downstream=entry.downstream,
        next_step=None,
    )


def _trends(trends: Trends) -> JsonTrends:
    return JsonTrends(
        hours=trends.hours,
        unseen=trends.unseen,
        areas=tuple(JsonAreaHours(area=o.area, seen=o.seen, well=o.well) for o in trends.areas),
        incidents=trends.incidents,
        recovery=_seconds(trends.recovery) if trends.recovery else None,
        restarts=trends.restarts,
        flapping=tuple(map(_trouble, trends.flapping)),
        worst=tuple(map(_trouble, trends.worst)),
        sites=tuple(map(_site, trends.sites)),
    )


def _site(site: SiteUptime) -> JsonSiteUptime:
    return JsonSiteUptime(
        host=site.host,
        windows=tuple(
            JsonUptimeWindow(
                days=window.days,
                days_seen=window.days_seen,
                seen=window.requests.seen,
                answered=window.requests.answered,
            )
            for window in site.windows
        ),
    )


def _trouble(trouble: ProblemTrend) -> JsonTrouble:
    return JsonTrouble(key=trouble.key, times=trouble.times, seconds=_seconds(trouble.lasted))


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
