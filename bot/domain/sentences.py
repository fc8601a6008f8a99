"""How sentences for people are written: joined, with values marked as code, and with times.

A sentence is our own prose. What a reader copies (an address, a command, a rule, a name) stands in
it between backticks, and a time as `2026-11-29 02:37 UTC`: each renderer shows both in its way
(`bot.render.prose`), and a log, an Event or a JSON document can be read as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

ENDS = (".", "!", "?", "…")
"""What ends a sentence."""


def sentences(*texts: str) -> str:
    """All of these texts, each ended by a stop, so that no two of them run into each other."""
    return " ".join(map(_ended, filter(None, (text.strip() for text in texts))))


def listed(words: Iterable[str], most: int = 5) -> str:
    """A list in words that is cut at a length: `a, b and 3 more`."""
    names = list(words)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def code(value: str) -> str:
    """A value in a sentence, marked as code: between backticks, which are two where it has one.

    A value that no marks fit, since it has runs of one and of two backticks, stays as it is.
    Source: Discord's code spans, which end at a run of as many backticks as began them, and lose
    one space at an end where a backtick follows it.
    """
    runs = set(map(len, RUNS.findall(value)))
    marks = next((mark for mark in ("`", "``") if len(mark) not in runs), "")
    if not (marks and value.strip() and "\n" not in value):
        return value
    before = " " if value.lstrip(" ").startswith("`") else ""
    after = " " if value.rstrip(" ").endswith("`") else ""
    return f"{marks}{before}{value}{after}{marks}"


RUNS = re.compile("`+")


def moment(at: datetime) -> str:
    """A time in a sentence: `2026-11-29 02:37 UTC`, which a Discord card shows as a timestamp."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _ended(text: str) -> str:
    return text if text.endswith(ENDS) else f"{text}."
