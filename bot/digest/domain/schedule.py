"""When a digest is due: at a local time of some dates, once a date at most.

The hour that comes twice in autumn is taken the first time; a time that does not exist in spring is
as far behind midnight as it would have been, which is an hour later by the clock (RFC 5545). A date
that a zone left out, as Samoa did on 2011-12-30, has no run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bot.domain.refusal import Refusal

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = tuple(range(7))

FIELDS = 5
"""Of a crontab. Source: crontab(5)."""

MONTHS = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of the months, in a leap year."""

OFTEN = (
    "A digest has one slot a day, and this would fire several times: its minute and its hour are "
    "one number each, as in 0 8 1 * *."
)
WRITTEN = "a number, a list (1,15), a range (1-5), a step (*/2) or *"


LOOK_BACK = 366
"""Days: an older run is not owed any more."""

AHEAD = 366 * 8 + 2
"""Days: enough for the next 29th of February, also across a century without one."""

PUNCTUAL = timedelta(minutes=5)
"""A later digest says that it is late."""

CLOCK_ERROR = timedelta(days=1)
"""A beginning further in the future was written by a wrong clock."""


class Timetable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A local time on certain days (0 is Monday), dates of the month, and months.

    Where both days and dates are narrowed, either is enough. Source: crontab(5).
    """

    hour: int
    minute: int
    days: tuple[int, ...] = EVERY_DAY
    dates: tuple[int, ...] = ()
    months: tuple[int, ...] = ()

    def __str__(self) -> str:
        """As `timetable` reads it: `08:00`, `08:00 mon,fri`, `0 8 1 * *`."""
        narrowed = set(self.days) != set(EVERY_DAY)
        if self.dates or self.months:
            days = _listed(tuple((day + 1) % 7 for day in self.days)) if narrowed else "*"
            dates, months = _listed(self.dates), _listed(self.months)
            return f"{self.minute} {self.hour} {dates} {months} {days}"
        days = " " + ",".join(DAYS[day] for day in self.days) if narrowed else ""
        return f"{self.hour:02}:{self.minute:02}{days}"

    def on(self, day: date) -> bool:
        """Whether there is a run on that date."""
        if self.months and day.month not in self.months:
            return False
        narrowed = set(self.days) != set(EVERY_DAY)
        if self.dates and narrowed:
            return day.day in self.dates or day.weekday() in self.days
        return day.weekday() in self.days and (not self.dates or day.day in self.dates)


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """A run of a digest: its local date, and the moment at which it is due."""

    day: date
    at: datetime

    def late(self, now: datetime) -> bool:
        """Whether it is not punctual any more at that time."""
        return now - self.at > PUNCTUAL


def due(
    when: Timetable, zone: ZoneInfo, now: datetime, *, began: datetime, done: Collection[date]
) -> ScheduledRun | None:
    """The latest run that is due and not done; earlier ones are not made up for.

    `began` is when the digest was set up: nothing before that is owed.
    """
    today = now.astimezone(zone).date()
    for run in _runs(when, zone, (today - timedelta(days=back) for back in range(LOOK_BACK))):
        if run.at <= now:
            owed = run.at > began or began > now + CLOCK_ERROR
            return run if owed and run.day not in done else None
    return None


def following(when: Timetable, zone: ZoneInfo, now: datetime) -> ScheduledRun:
    """The next run after now."""
    today = now.astimezone(zone).date()
    # A time shortly before midnight that does not exist is after it.
    days = (today + timedelta(days=ahead) for ahead in range(-1, AHEAD))
    return next(run for run in _runs(when, zone, days) if run.at > now)


def _runs(when: Timetable, zone: ZoneInfo, days: Iterable[date]) -> Iterator[ScheduledRun]:
    for day in days:
        if when.on(day) and _exists(zone, day):
            yield ScheduledRun(day, _moment(when, zone, day))


def _exists(zone: ZoneInfo, day: date) -> bool:
    noon = datetime.combine(day, time(12), tzinfo=zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


def _moment(when: Timetable, zone: ZoneInfo, day: date) -> datetime:
    # With fold 0 a time that comes twice is its first, one that is missing counts by the offset
    # before the change.
    local = datetime.combine(day, time(when.hour, when.minute), tzinfo=zone)
    return local.astimezone(UTC)


def timetable(text: str) -> Timetable | Refusal:
    """Read `08:00`, `8:30 mon-fri`, `18:00 sun`, `07:15 mon,thu`, or five fields of cron."""
    if len(text.split()) == FIELDS and ":" not in text:
        return _crontab(text)
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?:\s+([a-z,-][a-z,\s-]*))?", text.strip().lower())
    if not match or int(match[1]) > 23 or int(match[2]) > 59:  # noqa: PLR2004
        return Refusal(
            "Write a time such as 08:00, 08:00 mon-fri or 18:00 sun, or 0 8 1 * * as in cron."
        )
    days = _days(match[3] or "mon-sun")
    if isinstance(days, Refusal):
        return days
    return Timetable(int(match[1]), int(match[2]), days)


def _days(text: str) -> tuple[int, ...] | Refusal:
    days: set[int] = set()
    for part in filter(None, (part.strip() for part in text.replace(" ", ",").split(","))):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            return Refusal(f"{part!r} is not a day: write {', '.join(DAYS)}, or such as mon-fri.")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        days |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return tuple(sorted(days)) or Refusal("Name a day.")


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers)) or "*"


def _crontab(text: str) -> Timetable | Refusal:
    """Read cron's five fields, such as `0 8 1 * *` (the first of each month), `0 8 29 2 *`.

    Sunday is 0 or 7, as in cron. A time that fires more than once a day is refused.
    """
    minute, hour, *others = text.lower().split()
    read: tuple[Any, ...] = (
        _number(minute, 59, "minute"),
        _number(hour, 23, "hour"),
        _field(others[0], 1, 31, (), "day of the month"),
        _field(others[1], 1, 12, MONTHS, "month"),
        _field(others[2], 0, 7, ("sun", *DAYS), "day of the week"),
    )
    wrong = [field for field in read if isinstance(field, Refusal)]
    return wrong[0] if wrong else _checked(*read)


def _checked(
    minute: int, hour: int, dates: tuple[int, ...], months: tuple[int, ...], days: tuple[int, ...]
) -> Timetable | Refusal:
    weekdays = tuple(sorted({(day - 1) % 7 for day in days})) or EVERY_DAY
    exists = any(
        day <= LONGEST[month - 1] for month in months or range(1, 13) for day in dates or (1,)
    )
    # A narrowed weekday is enough by itself.
    if not exists and weekdays == EVERY_DAY:
        return Refusal("None of these months has that day.")
    return Timetable(hour, minute, weekdays, dates, months)


def _number(text: str, most: int, name: str) -> int | Refusal:
    if text.isascii() and text.isdecimal() and len(text) <= len("59"):
        return int(text) if int(text) <= most else Refusal(f"The {name} is 0 to {most}.")
    often = text == "*" or re.fullmatch(r"[\d,*/-]+", text)
    return Refusal(OFTEN if often else f"{text!r} is not a {name}: it is 0 to {most}.")


def _field(
    text: str, least: int, most: int, names: tuple[str, ...], name: str
) -> tuple[int, ...] | Refusal:
    """The numbers of one field; empty where it allows all of them."""
    chosen: set[int] = set()
    for part in text.split(","):
        numbers = _part(part, least, most, names)
        if numbers is None:
            return Refusal(f"{part!r} is not a {name}: it is {WRITTEN}, from {least} to {most}.")
        chosen.update(numbers)
    return () if chosen >= set(range(least, most + 1)) else tuple(sorted(chosen))


def _part(text: str, least: int, most: int, names: tuple[str, ...]) -> range | None:
    shape = re.fullmatch(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,2}))?", text, re.ASCII)
    if not shape:
        return None
    every, first, last, step = shape.groups()
    begin = least if every else _value(first, least, names)
    end = most if every or (step and not last) else _value(last or first, least, names)
    if begin is None or end is None or not least <= begin <= end <= most or step in {"0", "00"}:
        return None
    return range(begin, end + 1, int(step or 1))


def _value(text: str, least: int, names: tuple[str, ...]) -> int | None:
    if text in names:
        return names.index(text) + least
    return int(text) if text.isdecimal() and len(text) <= len("31") else None
