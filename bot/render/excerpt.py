"""The part of a long message that says most, in whole sentences or whole clauses.

`bot.render.text` has what cuts anywhere in a sentence: `line` at the end, `brief` in the middle.
"""

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
    if shown := " ".join(words.fitting(sentences, most + 1, 1)):
        return shown
    first = sentences[0]
    between = len(CLAUSE)
    last = [*words.fitting(reversed(first.split(CLAUSE)), most + between, between)][::-1]
    return CLAUSE.join(last) or words.brief(first, most)
