"""The expected kinds of "no": values that a caller must handle rather than exceptions.

What a person typed or configured and that cannot be used is an `InputError` (`bot.errors`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """The bot could do this and does not.

    detail: One or more sentences for people: what, why and what to do instead.
    reason: A machine-readable code, such as a member of a `StrEnum`; empty where none is needed.
    paste: Text for the person to put into the source by hand; empty where there is none.
    """

    detail: str
    reason: str = ""
    paste: str = ""

    def __str__(self) -> str:
        """The sentences for people."""
        return self.detail


class ExplainedReason(StrEnum):
    """The base of a closed list of reasons for a refusal.

    Each member has a code for machines, and whole sentences for people: `why`, and what to do
    `instead`.
    """

    why: str
    instead: str

    def __new__(cls, code: str, why: str, instead: str) -> Self:
        """A member from its three texts."""
        reason = str.__new__(cls, code)
        reason._value_ = code
        reason.why, reason.instead = why, instead
        return reason

    def explain(self, detail: str = "") -> str:
        """Why, with the detail of this case, and what to do instead."""
        which = f" ({detail})" if detail else ""
        return f"{self.why[:-1]}{which}. {self.instead}"


class ReasonedStop(Exception):  # the answer is "no, because", not a fault
    """The base of exceptions inside one module's rules; their caller makes a value of them."""

    def __init__(self, reason: ExplainedReason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        """The reason with the detail of this case, for people."""
        return self.reason.explain(self.detail)


class NotObserved(msgspec.Struct, frozen=True):
    """The bot could not find out: no answer, no permission, or an answer that it cannot read.

    why: One or more sentences for people. hint: How to make it observable; empty where unknown.
    """

    why: str
    hint: str = ""

    def __str__(self) -> str:
        """Why, and what to do about it."""
        return f"{self.why} {self.hint}".strip()
