"""Text that every renderer shares: ages, counts, and lines that are safe to show."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.redaction.redact import FILE, redact
from bot.domain.verdict import Verdict


class VerdictLook(NamedTuple):
    """How a verdict is shown: its sign, its colour in Discord, and its style on a terminal."""

    mark: str
    colour: int
    style: str


LOOK = {
    Verdict.HEALTHY: VerdictLook("✅", 0x2E9E6B, "green"),
    Verdict.PROGRESSING: VerdictLook("🔄", 0x3B82F6, "blue"),
    Verdict.SUSPENDED: VerdictLook("⏸️", 0x0EA5B7, "cyan"),
    Verdict.UNKNOWN: VerdictLook("❔", 0x8B5CF6, "magenta"),
    Verdict.DEGRADED: VerdictLook("⚠️", 0xE69F00, "yellow"),
    Verdict.FAILED: VerdictLook("❌", 0xD5473F, "red"),
}

NOTE = "ℹ️"
"""The sign of a note: good to know, and no problem."""

MARK = {verdict: look.mark for verdict, look in LOOK.items()}
"""The sign beside the word of a verdict, so that no information is in the colour alone."""


SPARE = 4096
"""Characters that are searched for secrets beyond those that may be shown."""


def rest_in_json(hidden: int, noun: str = "") -> str:
    """That an answer in a terminal is cut, and which option shows all; empty where it is whole."""
    more = f"{hidden:,} more {noun}".rstrip()
    return f"and {more}: -o json has all of them" if hidden > 0 else ""


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, as `duration` says it; empty where it is not known."""
    return "" if since is None else duration(now - since)


def duration(time: timedelta | float) -> str:
    """A length of time (a number is seconds) as people say it: `3 days`, `22 min`, `7 h`.

    The second unit is said only where it matters: next to one or two of the first.
    """
    seconds = _seconds(time)
    for (size, names), (smaller, small) in itertools.pairwise(UNITS):
        if count := seconds // size:
            rest = seconds % size // smaller if count <= SECOND_UNIT_UP_TO and smaller > 1 else 0
            return _counted(count, names) + (f" {_counted(rest, small)}" if rest else "")
    return f"{seconds} s"


def short_age(since: datetime | None, now: datetime) -> str:
    """An age for a column of a table, as kubectl writes it: `45s`, `22m`, `3d4h`; else empty.

    Source: k8s.io/apimachinery/pkg/util/duration, HumanDuration.
    """
    if since is None:
        return ""
    seconds = _seconds(now - since)
    for below, (size, unit), (smaller, small) in SHORT_AGES:
        if seconds < below:
            rest = seconds % size // smaller if smaller else 0
            return f"{seconds // size}{unit}" + (f"{rest}{small}" if rest else "")
    return f"{seconds // YEAR}y"


def _seconds(time: timedelta | float) -> int:
    return max(0, int(time.total_seconds() if isinstance(time, timedelta) else time))


def _counted(count: int, names: tuple[str, str]) -> str:
    return f"{count:,} {names[count != 1]}"


MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400

UNITS: tuple[tuple[int, tuple[str, str]], ...] = (
    (DAY, ("day", "days")),
    (HOUR, ("h", "h")),
    (MINUTE, ("min", "min")),
    (1, ("", "")),
)
"""Seconds of a unit, and its name for one and for many; seconds are never a second unit."""

SECOND_UNIT_UP_TO = 2

SHORT_AGES = (
    (2 * MINUTE, (1, "s"), (0, "")),
    (10 * MINUTE, (MINUTE, "m"), (1, "s")),
    (3 * HOUR, (MINUTE, "m"), (0, "")),
    (8 * HOUR, (HOUR, "h"), (MINUTE, "m")),
    (2 * DAY, (HOUR, "h"), (0, "")),
    (8 * DAY, (DAY, "d"), (HOUR, "h")),
    (2 * YEAR, (DAY, "d"), (0, "")),
    (8 * YEAR, (YEAR, "y"), (DAY, "d")),
)
"""Ages below a number of seconds, and the one or two units for them."""


def line(text: str, most: int) -> str:
    """One line, its end cut to `most` characters: no secret, no control or direction character."""
    shown = redact(text, most * 4 + SPARE)
    if not (shown.isascii() and shown.isprintable()):
        # Searched again: invisible characters may have stood in the middle of a secret.
        shown = redact("".join(map(_visible, shown)), FILE)
    folded = " ".join(shown.split())
    return folded if len(folded) <= most else folded[: max(0, most - 1)] + "…"


def brief(text: str, most: int) -> str:
    """One line, its middle cut where it is long: an error ends with its cause."""
    full = line(text, 8 * most)
    if len(full) <= most:
        return full
    head = (most - 3) * 2 // 5
    before, after = full[:head], full[head + 3 - most :]
    # Between words, unless that would lose more than half of a side.
    space = before.rfind(" ")
    before = before[:space] if space > head // 2 else before
    space = after.find(" ")
    after = after[space:] if 0 <= space < len(after) // 2 else after
    return f"{before.rstrip()} … {after.lstrip()}"


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in CONTROL or category == "Zs":
        return " "
    return "" if category in INVISIBLE else char


def marked(text: str) -> str:
    """Text of several lines with a mark for each character that nobody would see as it is.

    Those are control, format and unassigned characters, and what ends a line elsewhere: a reader of
    a file would take the text for another, or see it in another order.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_marked, text))


def _marked(char: str) -> str:
    unseen = char not in "\n\t" and unicodedata.category(char) in CONTROL | INVISIBLE
    return "\ufffd" if unseen else char


CONTROL, INVISIBLE = frozenset({"Cc", "Zl", "Zp"}), frozenset({"Cf", "Cn", "Co", "Cs"})
"""Categories of Unicode: those that act as a break, and those that show nothing."""


def whole(first: str, sentences: Iterable[str], noun: str, most: int) -> str:
    """Whole sentences: the first, as many more as fit, and how many are left out."""
    first, *rest = (line(sentence, most) for sentence in (first, *sentences))
    room = most - len(first) - len(" And 1,000 more rows.") - len(noun)
    shown = list(fitting(rest, room, 1))
    left = len(rest) - len(shown)
    more = f"And {plural(left, f'more {noun}')}." if left else ""
    return " ".join(filter(None, (first, *shown, more)))


def fitting(parts: Iterable[str], room: int, between: int = 0) -> Iterator[str]:
    """The first parts that have at most `room` characters, each with `between` more after it."""
    for part in parts:
        room -= len(part) + between
        if room < 0:
            return
        yield part


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """`1 pod`, `2 pods`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"
