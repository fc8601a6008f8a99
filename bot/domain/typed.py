"""What a person types: the beginning of a name, a wrong one, a length of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from itertools import islice

from bot.domain.redaction.redact import redact
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


def unknown(kind: str, typed: str, names: Iterable[str] | Mapping[str, str]) -> str:
    """Sentences for a name that isn't there, with those that were perhaps meant.

    `No namespace `medai`. Did you mean `media`?` Where none is like it, the first names are listed.
    A mapping has the name to offer for each text that people type for it.
    """
    said = f"No {kind} {quoted(typed)}." if typed.strip() else f"Name a {kind}."
    return f"{said} {meant(typed, names)}".rstrip()


def meant(typed: str, names: Iterable[str] | Mapping[str, str]) -> str:
    """`Did you mean `media`?`, else the first names that there are; empty where there are none."""
    offers = names if isinstance(names, Mapping) else {name: name for name in names}
    known = {
        key: name for key, name in islice(offers.items(), CONSIDERED) if 0 < len(name) <= SHOWN
    }
    if close := close_to(typed, tuple(known)):
        return did_you_mean(tuple(dict.fromkeys(known[key] for key in close)))
    return f"Known: {listed(map(code, dict.fromkeys(known.values())))}." if known else ""


def ambiguous(typed: str, kind: str, names: Sequence[str], most: int = 5) -> str:
    """Sentences for a text that fits several things, with the first of them to choose from."""
    return f"{quoted(typed)} fits {len(names):,} {kind}. {did_you_mean(names[:most])}"


def quoted(typed: str) -> str:
    """What a person typed, as it is shown to them: without secrets, cut, and marked as code."""
    wanted = " ".join(redact(typed).split())
    return code(wanted if len(wanted) <= SHOWN else wanted[: SHOWN - 1] + "…") or "–"


def did_you_mean(names: Sequence[str]) -> str:
    """The question whether one of these was meant: `Did you mean `a`, `b` or `c`?`."""
    return f"Did you mean {_either(names)}?"


def close_to(typed: str, names: Sequence[str], most: int = CLOSE) -> tuple[str, ...]:
    """The names most like a wrong one, the closest first; those that hold it come after them."""
    wanted = typed.strip().casefold()[:SHOWN]
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    alike = get_close_matches(wanted, folded, most, CUTOFF)
    inside = (name for name in folded if wanted and wanted in name)
    return tuple(folded[name] for name in dict.fromkeys((*alike, *inside)))[:most]


def not_a_duration(typed: str, *examples: str) -> str:
    """Sentences for a text that isn't a length of time, with examples that are."""
    return f"{quoted(typed)} isn't a duration. Use for example {_either(examples)}."


def _either(names: Sequence[str]) -> str:
    """`a`, `b` or `c`, each as code."""
    *others, last = map(code, names)
    return f"{', '.join(others)} or {last}" if others else last


def duration(typed: str, units: str) -> timedelta | None:
    """A time such as `90s`, `15m` or `2 h`, in one of these units; None for any other text."""
    match = re.fullmatch(r"([0-9]{1,6})\s*([a-z])", typed.strip().lower())
    if match is None or match[2] not in units:
        return None
    return timedelta(seconds=int(match[1]) * SECONDS[match[2]])
