"""The part of a long message that says most, in whole sentences or whole clauses."""

from __future__ import annotations

import re

from bot.render import text as words

SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
CLAUSE = ": "
"""Between the errors of a chain, of which the last one is the cause. Source: Go's `%w`."""


def excerpt(text: str, most: int) -> str:
    """At most `most` characters: the first sentences, else the last clauses of a chain of errors.

    A single clause that is too long has its middle left out.
    """
    full = words.line(text, 8 * most)
    if len(full) <= most:
        return full
    sentences = SENTENCE.split(full)
    shown = _fitting(sentences, most, " ")
    if shown:
        return shown
    first = sentences[0]
    clauses = first.split(CLAUSE)
    return _fitting(clauses[::-1], most, CLAUSE, backwards=True) or words.brief(first, most)


def _fitting(parts: list[str], most: int, between: str, *, backwards: bool = False) -> str:
    """The first parts that fit, joined in their order; empty for none."""
    shown: list[str] = []
    room = most + len(between)
    for part in parts:
        room -= len(part) + len(between)
        if room < 0:
            break
        shown.append(part)
    return between.join(shown[::-1] if backwards else shown)
