"""What a situation is: objects, what their controller writes of them, and what is right to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """A condition that a controller wrote; with `words`, its message holds them.

    `type` may also be `state`, which Orders and Challenges have instead.
    """

    type: str
    status: str
    reason: str = ""
    words: str = ""

    def stands(self, plain: Plain | None) -> bool:
        """Whether the object has it."""
        status = (plain or {}).get("status") or {}
        if self.type == "state":
            return status.get("state") == self.status and self.words in status.get("reason", "")
        return any(
            condition["type"] == self.type
            and condition["status"] == self.status
            and self.reason in ("", condition.get("reason"))
            and self.words in condition.get("message", "")
            for condition in status.get("conditions") or ()
        )


READY = Written("Ready", "True")


def failing(reason: str, words: str = "") -> Written:
    """Ready is False for this reason."""
    return Written("Ready", "False", reason, words)


@dataclass(frozen=True, slots=True)
class Said:
    """What is right to say of an object at one time.

    verdicts: The verdicts that fit.
    cause: The object at the end of the chain of causes; None for the object itself.
    words: A pattern that reason, message or evidence holds, its own or that of the cause.
    """

    verdicts: frozenset[Verdict]
    words: str = ""
    cause: Ref | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """One row of the table.

    subject: The object that is asked about. A name that ends with `*` stands for the first that
        begins so.
    written: What its controller writes: the oracle, without which the row says nothing.
    now: What is right to say then.
    later: What is right two hours later, where nobody did anything and nothing was written; None
        where that is the same.
    """

    name: str
    subject: Ref
    written: Written
    now: Said
    later: Said | None = None


HEALTHY, PROGRESSING, SUSPENDED, DEGRADED, FAILED = (
    frozenset({verdict})
    for verdict in (
        Verdict.HEALTHY,
        Verdict.PROGRESSING,
        Verdict.SUSPENDED,
        Verdict.DEGRADED,
        Verdict.FAILED,
    )
)


def faults(said: Said, verdict: Verdict, cause: Ref | None, text: str) -> list[str]:
    """What is wrong about what was said, in words."""
    wrong = []
    if verdict not in said.verdicts:
        wanted = " or ".join(sorted(said.verdicts))
        wrong.append(f"is {verdict}, and not {wanted}")
    if cause != said.cause:
        wrong.append(f"follows from {cause}, and not from {said.cause}")
    if not re.search(said.words, text):
        wrong.append(f"does not say {said.words!r}: {text[:300]}")
    return wrong


Change = Callable[[], None]
