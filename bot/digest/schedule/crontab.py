"""The five fields of cron, as far as they name one moment a date. Source: crontab(5)."""

from __future__ import annotations

import re
from typing import Any

from bot.digest.schedule.timetable import DAYS, EVERY_DAY, NoTime, Timetable

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


def crontab(text: str) -> Timetable | NoTime:
    """Read `0 8 1 * *` (the first of each month), `30 7 * * mon-fri`, `0 8 29 2 *`.

    Sunday is 0 or 7, as in cron. What fires more than once a day is refused.
    """
    minute, hour, *others = text.lower().split()
    read: tuple[Any, ...] = (
        _number(minute, 59, "minute"),
        _number(hour, 23, "hour"),
        _field(others[0], 1, 31, (), "day of the month"),
        _field(others[1], 1, 12, MONTHS, "month"),
        _field(others[2], 0, 7, ("sun", *DAYS), "day of the week"),
    )
    wrong = [field for field in read if isinstance(field, NoTime)]
    return wrong[0] if wrong else _made(*read)


def _made(
    minute: int, hour: int, dates: tuple[int, ...], months: tuple[int, ...], days: tuple[int, ...]
) -> Timetable | NoTime:
    weekdays = tuple(sorted({(day - 1) % 7 for day in days})) or EVERY_DAY
    exists = any(
        day <= LONGEST[month - 1] for month in months or range(1, 13) for day in dates or (1,)
    )
    # A narrowed weekday is enough by itself.
    if not exists and weekdays == EVERY_DAY:
        return NoTime("No month of these has such a day.")
    return Timetable(hour, minute, weekdays, dates, months)


def _number(text: str, most: int, name: str) -> int | NoTime:
    if text.isascii() and text.isdecimal() and len(text) <= len("59"):
        return int(text) if int(text) <= most else NoTime(f"The {name} is 0 to {most}.")
    often = text == "*" or re.fullmatch(r"[\d,*/-]+", text)
    return NoTime(OFTEN if often else f"{text!r} is no {name}: it is 0 to {most}.")


def _field(
    text: str, least: int, most: int, names: tuple[str, ...], name: str
) -> tuple[int, ...] | NoTime:
    """The numbers of one field; none where it leaves all of them."""
    found: set[int] = set()
    for part in text.split(","):
        numbers = _part(part, least, most, names)
        if numbers is None:
            return NoTime(f"{part!r} is no {name}: it is {WRITTEN}, from {least} to {most}.")
        found.update(numbers)
    return () if found >= set(range(least, most + 1)) else tuple(sorted(found))


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
