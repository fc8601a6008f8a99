"""When something regular is due: a slot is its local date, so that each date has one at most.

The hour that comes twice in autumn is taken the first time; a time that does not exist in spring is
as far behind midnight as it would have been, which is an hour later by the clock (RFC 5545).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.digest.schedule.timetable import Timetable

LOOK_BACK = 366
"""Days: what was owed a year ago is owed no more."""

AHEAD = 366 * 8 + 2
"""Days: the next 29th of February lies within, also where a century leaves one out."""

PUNCTUAL = timedelta(minutes=5)
"""What is later than that says so."""

CLOCK_ERROR = timedelta(days=1)
"""A beginning that lies further ahead was written by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """One turn: its local date, and the moment at which it was due."""

    day: date
    at: datetime

    def late(self, now: datetime) -> bool:
        """Whether it is not punctual any more."""
        return now - self.at > PUNCTUAL


def due(
    each: Timetable, zone: ZoneInfo, now: datetime, *, began: datetime, done: Collection[date]
) -> ScheduledRun | None:
    """The latest slot that is due and not done; those before it are not made up for.

    `began` is when it was set up: nothing before that is owed.
    """
    today = now.astimezone(zone).date()
    for back in range(LOOK_BACK):
        day = today - timedelta(days=back)
        if each.on(day) and (slot := ScheduledRun(day, _moment(each, zone, day))).at <= now:
            owed = slot.at > began or began > now + CLOCK_ERROR
            return slot if owed and day not in done else None
    return None


def following(each: Timetable, zone: ZoneInfo, now: datetime) -> ScheduledRun:
    """The next slot after now."""
    today = now.astimezone(zone).date()
    slots = (
        ScheduledRun(day, _moment(each, zone, day))
        for day in (today + timedelta(days=ahead) for ahead in range(AHEAD))
        if each.on(day)
    )
    return next(slot for slot in slots if slot.at > now)


def _moment(each: Timetable, zone: ZoneInfo, day: date) -> datetime:
    # With fold 0 a time that comes twice is its first, one that is missing counts by the offset
    # before the change.
    local = datetime.combine(day, time(each.hour, each.minute), tzinfo=zone)
    return local.astimezone(UTC)
