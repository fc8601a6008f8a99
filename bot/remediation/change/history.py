"""Who moved a Change, when and why: append-only, and the only place that says its state."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain.redaction.redact import redact
from bot.remediation.change.states import EXPIRES, MOVES, ChangeState

MOST = 64
"""Entries that the kind holds. Source: deploy/base/change-crd.yaml."""

NOTE = 1024
"""Characters of a note; the same."""

BOT = "meshmedic"
"""By whom, where no person did it."""


class HistoryEntry(msgspec.Struct, frozen=True):
    """One move: the state after it, by a Discord id or BOT."""

    seq: int
    at: datetime
    by: str
    state: ChangeState
    note: str = ""


class IllegalMove(msgspec.Struct, frozen=True):
    """Why a Change cannot move so."""

    why: str


class ChangeHistory(msgspec.Struct, frozen=True):
    """All moves, the first one to Proposed; none where its maker has not said so yet."""

    entries: tuple[HistoryEntry, ...]

    @property
    def state(self) -> ChangeState:
        """Where it stands: where its last move led."""
        return self.entries[-1].state if self.entries else ChangeState.PROPOSED

    def moved(
        self, to: ChangeState, *, by: str, at: datetime, expires: datetime, note: str = ""
    ) -> ChangeHistory | IllegalMove:
        """One entry longer, or why not. `expires` is the Change's own.

        The time that is over is not approved, and what is not over does not expire.
        """
        if to not in MOVES[self.state]:
            return IllegalMove(f"It is {self.state}, and cannot become {to}.")
        if len(self.entries) >= MOST:
            return IllegalMove(f"Its history is full: {MOST} entries.")
        if to in (ChangeState.APPROVED, ChangeState.APPLYING) and is_over(self.state, at, expires):
            return IllegalMove(f"It expired at {expires.isoformat(timespec='seconds')}.")
        if to is ChangeState.EXPIRED and not is_over(self.state, at, expires):
            return IllegalMove("Its time is not over.")
        return ChangeHistory((*self.entries, _entry(len(self.entries), at, by, to, note)))


def proposed(by: str, at: datetime, note: str = "") -> ChangeHistory:
    """The history of a Change that was just made."""
    return ChangeHistory((_entry(0, at, by, ChangeState.PROPOSED, note),))


def _entry(seq: int, at: datetime, by: str, state: ChangeState, note: str) -> HistoryEntry:
    return HistoryEntry(seq, at, by, state, redact(note)[:NOTE])


def is_over(state: ChangeState, now: datetime, expires: datetime) -> bool:
    """Whether nobody may go on with it any more. What has begun is carried to its end."""
    return state in EXPIRES and now >= expires
