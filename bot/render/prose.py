"""Our own sentences as every renderer reads them: words, and values marked as code.

`bot.domain.sentences.code` writes the marks. A name of the cluster that stands unmarked in a
sentence may hold backticks of its own, as ``Host(`a.example`)`` does: a mark begins a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARKED = re.compile(
    r"""
    (?<![^\s(])(?<!\w\()         # begins a word, or stands in parentheses that aren't a call
    (?P<marks>`{1,2})(?!`)
    (?P<value>(?![ ](?![ ]*`))[^\n]{1,500}?)   # no space first, except before a backtick
    (?<!`)(?P=marks)(?![`\w])
    """,
    re.VERBOSE,
)
PADDED = re.compile(r"^ (?= *`)|(?<=`)( *) $")
"""The space that keeps a backtick at an end of a value apart from the marks."""


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A part of a sentence: words, or a value that a reader may copy."""

    text: str
    is_code: bool = False


def spans(text: str) -> Iterator[TextSpan]:
    """A sentence in its parts, in their order; together they are the sentence without its marks."""
    end = 0
    for match in MARKED.finditer(text):
        if not match["value"].strip():
            continue
        if match.start() > end:
            yield TextSpan(text[end : match.start()])
        yield TextSpan(PADDED.sub(r"\1", match["value"]), is_code=True)
        end = match.end()
    if end < len(text):
        yield TextSpan(text[end:])


def plain(text: str) -> str:
    """A sentence without its marks, for where nothing can be shown as code."""
    return "".join(span.text for span in spans(text))
