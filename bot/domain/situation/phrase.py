"""A phrase for a reason: what a sentence says of its noun."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from bot.domain.verdict import Verdict

ANY = re.compile("")

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
"""The name of an object inside a message, without the stop that ends its sentence."""

END = r"(?![^\s.,;:'\"])"
"""What follows a whole name: not another character, as in `web/**`, which no name has."""

SEARCHED = 1000
"""Characters of a message that a pattern searches: facts are at its beginning."""


class Phrase(NamedTuple):
    """What is wrong with an object, as the rest of a sentence that begins with its name.

    text: Such as `is crash-looping`. A field such as `{service}` is a group of `says`.
    reasons: The reasons that it is for.
    says: What the message must contain.
    verdict: The verdict that it is for; None for any.
    """

    text: str
    reasons: frozenset[str]
    says: re.Pattern[str] = ANY
    verdict: Verdict | None = None

    def facts(self, message: str, verdict: Verdict) -> Mapping[str, str] | None:
        """What the message of one of its reasons says for the fields; None where it doesn't fit."""
        if self.verdict not in (None, verdict):
            return None
        match = self.says.search(message[:SEARCHED])
        return match.groupdict("") if match else None


def missing(verb: str, kind: str) -> tuple[Phrase, Phrase]:
    """That an object of a kind is missing which another one refers to: by its name, and without."""
    named = rf"{kind} (?:{NAME}/)?(?P<name>{NAME}){END}"
    return (
        phrase(f"{verb} missing {kind} {{name}}", f"{kind}NotFound", says=named),
        phrase(f"{verb} a missing {kind}", f"{kind}NotFound"),
    )


def phrase(text: str, *reasons: str, says: str = "", verdict: Verdict | None = None) -> Phrase:
    """A row of a table of phrases: of several that fit, the first is taken."""
    return Phrase(text, frozenset(reasons), re.compile(says), verdict)
