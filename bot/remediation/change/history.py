"""Who moved a Change, when and why: append-only, and the only place that says its state."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from bot.domain.redaction.redact import redact
from bot.domain.refusal import Refusal
from bot.remediation.change.states import EXPIRES, MOVES, ChangeState

MOST = 64
"""Entries that the kind holds. Source: deploy/base/change-crd.yaml."""

NOTE = 1024
"""Characters of a note. Source: deploy/base/change-crd.yaml."""

BOT = "meshmedic"
"""The author of a move that no person made."""


class HistoryEntry(msgspec.Struct, frozen=True):
    """One move and the state after it; `by` is a Discord id or BOT."""

    seq: int
    at: datetime
    by: str
    state: ChangeState
    note: str = ""


class ChangeHistory(msgspec.Struct, frozen=True):
    """All moves, oldest first; empty until the process that made the Change saves the first one."""

    entries: tuple[HistoryEntry, ...]

    @property
    def state(self) -> ChangeState:
        """The state after the last move."""
        return self.entries[-1].state if self.entries else ChangeState.PROPOSED

    def moved(
        self, to: ChangeState, *, by: str, at: datetime, expires: datetime, note: str = ""
    ) -> ChangeHistory | Refusal:
        """The history with one more entry, or why the move is not allowed.

        After `expires` a Change cannot be approved or applied; before it, it cannot expire.
        """
        if to not in MOVES[self.state]:
            return Refusal(f"It is {self.state}, and cannot become {to}.")
        if len(self.entries) >= MOST:
            return Refusal(f"Its history is full: {MOST} entries.")
        if to in (ChangeState.APPROVED, ChangeState.APPLYING) and is_over(self.state, at, expires):
            return Refusal(f"It expired at {expires.isoformat(timespec='seconds')}.")
        if to is ChangeState.EXPIRED and not is_over(self.state, at, expires):
            return Refusal("Its time is not over.")
        return ChangeHistory((*self.entries, _entry(len(self.entries), at, by, to, note)))


def proposed(by: str, at: datetime, note: str = "") -> ChangeHistory:
    """The history of a new Change."""
    return ChangeHistory((_entry(0, at, by, ChangeState.PROPOSED, note),))


def _entry(seq: int, at: datetime, by: str, state: ChangeState, note: str) -> HistoryEntry:
    return HistoryEntry(seq, at, by, state, redact(note)[:NOTE])


def is_over(state: ChangeState, now: datetime, expires: datetime) -> bool:
    """Whether a Change has expired. What has begun is carried to its end and never expires."""
    return state in EXPIRES and now >= expires


class Next(StrEnum):
    """What a process that starts, or takes over, does with a Change that it finds."""

    NOTHING = "nothing"
    WAIT = "wait"
    """For a click, until it expires."""
    CLOSE = "close"
    """It expired while no process was running."""
    CHECK = "check"
    """It is approved and nothing was written: read the evidence again, then apply."""
    APPLY = "apply"
    """Some steps may be done: a step whose new value is there counts as done."""
    WAIT_FOR_MERGE = "wait for merge"
    VERIFY = "verify"


_NEXT = {
    ChangeState.PROPOSED: Next.WAIT,
    ChangeState.APPROVED: Next.CHECK,
    ChangeState.APPLYING: Next.APPLY,
    ChangeState.AWAITING_MERGE: Next.WAIT_FOR_MERGE,
    ChangeState.VERIFYING: Next.VERIFY,
}


def left_to_do(state: ChangeState, now: datetime, expires: datetime) -> Next:
    """What is left to do, by the state alone: who made the last move does not matter."""
    return Next.CLOSE if is_over(state, now, expires) else _NEXT.get(state, Next.NOTHING)
