"""What a person types: the beginning of a name, a wrong one, a length of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from difflib import get_close_matches
from itertools import islice

from bot.domain.sentences import code, listed

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


CONSIDERED = 500
"""Names that are compared with a wrong one."""

SHOWN = 100
"""Characters of a name in a sentence; a longer one is not offered, since it could not be typed."""

CLOSE = 3
CUTOFF = 0.6
"""How alike two names are that may be meant for each other, from 0 to 1: difflib's own default."""


def unknown(kind: str, typed: str, names: Iterable[str]) -> str:
    """Sentences for a name that isn't there, with those that were perhaps meant.

    `No namespace `medai`. Did you mean `media`?` Where none is like it, the first names are listed.
    """
    known = [name for name in islice(names, CONSIDERED) if 0 < len(name) <= SHOWN]
    wanted = typed.strip()
    shown = code(wanted if len(wanted) <= SHOWN else wanted[: SHOWN - 1] + "…") or "without a name"
    if close := close_to(wanted, known):
        return f"No {kind} {shown}. Did you mean {_either(tuple(map(code, close)))}?"
    there = f" Known: {listed(map(code, known))}." if known else ""
    return f"No {kind} {shown}.{there}"


def close_to(typed: str, names: Sequence[str], most: int = CLOSE) -> tuple[str, ...]:
    """The names most like a wrong one, the closest first; those that hold it come after them."""
    wanted = typed.strip().casefold()[:SHOWN]
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    alike = get_close_matches(wanted, folded, most, CUTOFF)
    inside = (name for name in folded if wanted and wanted in name)
    return tuple(folded[name] for name in dict.fromkeys((*alike, *inside)))[:most]


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def duration(typed: str, units: str) -> timedelta | None:
    """A time such as `90s`, `15m` or `2 h`, in one of these units; None for any other text."""
    match = re.fullmatch(r"([0-9]{1,6})\s*([a-z])", typed.strip().lower())
    if match is None or match[2] not in units:
        return None
    return timedelta(seconds=int(match[1]) * SECONDS[match[2]])
