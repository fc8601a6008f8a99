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
"""What follows a whole name: what goes on after it in another sign is none."""

SEARCHED = 1000
"""Characters of a message in which a pattern looks: facts stand at its beginning."""


class Phrase(NamedTuple):
    """What is wrong with an object, as the rest of a sentence that begins with its name.

    text: Such as `is crash-looping`. A field such as `{service}` is a group of `says`.
    reasons: The reasons that it is for.
    says: What the message must hold.
    verdict: The verdict that it is for; None for any.
    """

    text: str
    reasons: frozenset[str]
    says: re.Pattern[str] = ANY
    verdict: Verdict | None = None

    def facts(self, reason: str, message: str, verdict: Verdict) -> Mapping[str, str] | None:
        """What the message says for the fields; None where this phrase is not for that."""
        if reason not in self.reasons or self.verdict not in (None, verdict):
            return None
        match = self.says.search(message[:SEARCHED])
        return match.groupdict("") if match else None


def phrase(text: str, *reasons: str, says: str = "", verdict: Verdict | None = None) -> Phrase:
    """A row of a table of phrases: of several that fit, the first is taken."""
    return Phrase(text, frozenset(reasons), re.compile(says), verdict)
