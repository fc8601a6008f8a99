"""What a person types: the beginning of a name, a length of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import islice

SEARCHED = 1000
"""Characters of a name or a rule that are looked at with each keystroke."""

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def holding(typed: str, names: Iterable[str], most: int) -> tuple[str, ...]:
    """The first names that hold every word typed so far, in any order and case."""
    words = typed.casefold().split()
    fitting = (name for name in names if _holds(name[:SEARCHED].casefold(), words))
    return tuple(islice(fitting, most))


def _holds(name: str, words: Sequence[str]) -> bool:
    return all(word in name for word in words)


def duration(typed: str, units: str) -> timedelta | None:
    """A time such as `90s`, `15m` or `2 h`, in one of these units; None for any other text."""
    match = re.fullmatch(r"([0-9]{1,6})\s*([a-z])", typed.strip().lower())
    if match is None or match[2] not in units:
        return None
    return timedelta(seconds=int(match[1]) * SECONDS[match[2]])
