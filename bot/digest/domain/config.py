"""The digests of the settings, and what the doctor is told of all digests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.digest.domain.records import DigestSchedule, DigestState
from bot.digest.schedule.timetable import Timetable
from bot.domain.refusal import NotObserved

UTC_ZONE = ZoneInfo("UTC")

UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a digest of the settings is known stands in the store, and is put in from there."""


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """What the settings say: digests are off until there is a channel."""

    channel: int = 0
    daily: Timetable = field(default_factory=lambda: Timetable(8, 0))
    weekly: Timetable | None = None
    zone: ZoneInfo = UTC_ZONE
    only_changes: bool = False
    fallback: int = 0

    def schedules(self) -> tuple[DigestSchedule, ...]:
        """The digests of the settings; since when they are known stands in the store."""
        if not self.channel:
            return ()
        daily = DigestSchedule(
            name="daily",
            channel=self.channel,
            when=self.daily,
            began=UNKNOWN,
            only_changes=self.only_changes,
        )
        if self.weekly is None:
            return (daily,)
        weekly = DigestSchedule(
            name="weekly", channel=self.channel, when=self.weekly, began=UNKNOWN, trends=True
        )
        return (daily, weekly)


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What is kept of digests, what the settings set up, and the moment of the question."""

    state: DigestState | NotObserved
    defaults: tuple[DigestSchedule, ...]
    zone: ZoneInfo
    now: datetime
