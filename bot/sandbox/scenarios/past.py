"""A made-up week of a homelab, so that a digest has something to compare with and to draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.digest.domain.diff import BASES, Base, Bases, KnownEntry
from bot.digest.domain.records import DIGESTS, DigestState, RunRecord, RunStage
from bot.digest.domain.schedule import Timetable
from bot.domain.check import SCOPES
from bot.domain.record import Store
from bot.domain.verdict import LETTER, Verdict
from bot.history.domain.record import HISTORY, History, PastIncident, Point

DAILY = "daily"
LAST = 22
"""Hours since the last daily digest, so that most findings are new."""

WEEK = 7


@dataclass(frozen=True, slots=True)
class Trouble:
    """A root cause of the past week; times in hours before now.

    key: Of its finding. areas: Of the cause and its effects. ended: None while it lasts.
    incident: False for a finding that does not count as one, such as a suspended object.
    """

    key: str
    reason: str
    areas: tuple[str, ...]
    began: float
    ended: float | None = None
    verdict: Verdict = Verdict.FAILED
    incident: bool = True

    def there(self, begin: float, end: float) -> bool:
        """Whether it lasted at some time between `begin` and `end`, in hours before now."""
        return self.began > end and (self.ended is None or self.ended < begin)


@dataclass(frozen=True, slots=True)
class Past:
    """The week before now; in the hours of `absent` (before now) no report was made."""

    troubles: tuple[Trouble, ...] = ()
    absent: tuple[int, ...] = ()

    def history(self, now: datetime) -> History:
        """The history that the bot would have recorded."""
        this = int(now.timestamp()) // 3600
        incidents = []
        for trouble in sorted(self.troubles, key=lambda trouble: -trouble.began):
            if trouble.incident:
                began = _ago(now, trouble.began)
                ended = None if trouble.ended is None else _ago(now, trouble.ended)
                incidents.append(PastIncident(trouble.key, began, ended, trouble.verdict))
        points = tuple(
            Point(this - hour, self._letters(now, hour), self._restarts(now, hour))
            for hour in range(WEEK * 24, -1, -1)
            if hour not in self.absent
        )
        return History(points, tuple(incidents))

    def base(self, now: datetime) -> Base:
        """The base of the next digest: what was known at the last one."""
        entries = {
            trouble.key: KnownEntry(trouble.verdict, trouble.reason, _ago(now, trouble.began))
            for trouble in self.troubles
            if trouble.there(LAST, LAST)
        }
        return Base(last_slot(now), entries)

    def book(self, now: datetime) -> DigestState:
        """The digests of the week, each sent in time; their messages are gone."""
        book = DigestState()
        for day in range(WEEK - 1, -1, -1):
            at = last_slot(now) - timedelta(days=day)
            run = RunRecord(day=at.date(), due=at, stage=RunStage.SENT, at=at, by="sandbox")
            book = book.with_run(DAILY, run)
        return book

    async def keep(self, store: Store, now: datetime) -> None:
        """Write the history, the bases and the digest runs into the bot's store."""
        history, book = self.history(now), self.book(now)
        bases = Bases({DAILY: self.base(now)})
        await store.change(HISTORY, lambda _: history)
        await store.change(BASES, lambda _: bases)
        await store.change(DIGESTS, lambda _: book)

    def _letters(self, now: datetime, hour: int) -> str:
        return "".join(LETTER[self._worst(now, hour, area)] for area in SCOPES)

    def _worst(self, now: datetime, hour: int, area: str) -> Verdict:
        begin, end = _bounds(now, hour)
        verdicts = [
            trouble.verdict
            for trouble in self.troubles
            if area in trouble.areas and trouble.there(begin, end)
        ]
        return max(verdicts, key=lambda verdict: verdict.rank, default=Verdict.HEALTHY)

    def _restarts(self, now: datetime, hour: int) -> int:
        """Two restarts an hour for each crash loop."""
        begin, end = _bounds(now, hour)
        loops = [trouble for trouble in self.troubles if trouble.reason == "CrashLoopBackOff"]
        return 2 * sum(loop.there(begin, end) for loop in loops)


def timetable(now: datetime) -> Timetable:
    """The schedule of the daily digest by which the last one is `LAST` hours old."""
    at = last_slot(now)
    return Timetable(at.hour, at.minute)


def last_slot(now: datetime) -> datetime:
    """The time at which the last daily digest was due."""
    return _ago(now.astimezone(UTC), LAST).replace(second=0, microsecond=0)


def _ago(now: datetime, hours: float) -> datetime:
    return now - timedelta(hours=hours)


def _bounds(now: datetime, hour: int) -> tuple[float, float]:
    """Begin and end of the clock's hour that is `hour` before this one, in hours before now."""
    passed = math.modf(now.timestamp() / 3600)[0]
    return hour + passed, max(0.0, hour + passed - 1)
