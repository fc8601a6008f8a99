"""On which dates something regular happens, and at which local time: once a date at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = tuple(range(7))


class Timetable(msgspec.Struct, frozen=True, omit_defaults=True):
    """At which local time, and on which days (0 is Monday), dates of the month, and months.

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
        """Whether that date has a slot."""
        if self.months and day.month not in self.months:
            return False
        narrowed = set(self.days) != set(EVERY_DAY)
        if self.dates and narrowed:
            return day.day in self.dates or day.weekday() in self.days
        return day.weekday() in self.days and (not self.dates or day.day in self.dates)


@dataclass(frozen=True, slots=True)
class NoTime:
    """A text that names no time, and what is wrong."""

    why: str


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers)) or "*"
