"""A digest as JSON, for scripts. The schema is published in docs/digest.schema.json."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bot.digest.domain.diff import DiffEntry, GoneEntry
from bot.digest.domain.digest import Digest
from bot.digest.views import text as told
from bot.domain.redaction.redact import redact
from bot.domain.verdict import Verdict
from bot.history.domain.trends import ProblemTrend, Trends
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/digest/v1"


class JsonEntry(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A cause that is there; `code` is null, and `message` empty, of one that is gone."""

    subject: str
    code: str | None
    verdict: Verdict
    was: Verdict | None
    reason: str
    message: str
    since: datetime | None
    downstream: int


class JsonUptime(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Hours of an area that were seen, and of these the ones without an incident."""

    area: str
    seen: int
    well: int


class JsonTrouble(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A cause: how often it came, and how many seconds it was there in all."""

    key: str
    times: int
    seconds: int


class JsonTrends(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Of the hours before; `recovery` is the mean time to it in seconds."""

    hours: int
    unseen: int
    uptime: tuple[JsonUptime, ...]
    incidents: int
    recovery: int | None
    restarts: int
    flapping: tuple[JsonTrouble, ...]
    worst: tuple[JsonTrouble, ...]


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
    lost: tuple[JsonEntry, ...]
    muted: tuple[str, ...]
    open: tuple[str, ...]
    expiring: tuple[str, ...]
    unseen: tuple[str, ...]
    trends: JsonTrends | None


def digest(each: Digest) -> bytes:
    """The digest as indented JSON with a line end."""
    parts = each.difference
    whole = JsonDigest(
        schema=VERSION,
        name=each.name,
        taken_at=each.report.taken_at,
        verdict=each.report.verdict,
        headline=told.headline(each),
        first=parts.first,
        new=tuple(map(_entry, parts.new)),
        worse=tuple(map(_entry, parts.worse)),
        same=tuple(map(_entry, parts.same)),
        better=tuple(map(_entry, parts.better)),
        fixed=tuple(map(_gone, parts.fixed)),
        lost=tuple(map(_gone, parts.lost)),
        muted=_redacted(each.muted),
        open=_redacted(told.opened(each)),
        expiring=_redacted(told.expiring(each)),
        unseen=_redacted(told.unseen(each)),
        trends=_trends(each.trends) if each.trends else None,
    )
    return indented(whole)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a digest."""
    return schema_of(JsonDigest, VERSION)


def _entry(each: DiffEntry) -> JsonEntry:
    return JsonEntry(
        subject=str(each.finding.subject),
        code=each.finding.code,
        verdict=each.finding.verdict,
        was=each.was,
        reason=each.finding.reason,
        message=redact(each.finding.message),
        since=each.since,
        downstream=each.downstream,
    )


def _gone(each: GoneEntry) -> JsonEntry:
    return JsonEntry(
        subject=str(each.subject),
        code=None,
        verdict=each.verdict,
        was=None,
        reason=each.reason,
        message="",
        since=each.first,
        downstream=each.downstream,
    )


def _trends(each: Trends) -> JsonTrends:
    return JsonTrends(
        hours=each.hours,
        unseen=each.unseen,
        uptime=tuple(JsonUptime(area=o.area, seen=o.seen, well=o.well) for o in each.uptime),
        incidents=each.incidents,
        recovery=_seconds(each.recovery) if each.recovery else None,
        restarts=each.restarts,
        flapping=tuple(map(_trouble, each.flapping)),
        worst=tuple(map(_trouble, each.worst)),
    )


def _trouble(each: ProblemTrend) -> JsonTrouble:
    return JsonTrouble(key=each.key, times=each.times, seconds=_seconds(each.lasted))


def _redacted(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(redact, lines))


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
