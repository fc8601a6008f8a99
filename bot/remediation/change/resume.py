"""What a process that starts, or takes over, does with a Change that it finds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bot.remediation.change.history import is_over
from bot.remediation.change.states import ChangeState


class Next(StrEnum):
    """What is left to do."""

    NOTHING = "nothing"
    WAIT = "wait"
    """For a click, until it expires."""
    CLOSE = "close"
    """It expired while nobody looked."""
    CHECK = "check"
    """Approved, and nothing was touched: look at the evidence again, then apply."""
    APPLY = "apply"
    """Some steps may be done: what is as it shall be counts as done."""
    WAIT_FOR_MERGE = "wait for merge"
    VERIFY = "verify"


_OF = {
    ChangeState.PROPOSED: Next.WAIT,
    ChangeState.APPROVED: Next.CHECK,
    ChangeState.APPLYING: Next.APPLY,
    ChangeState.AWAITING_MERGE: Next.WAIT_FOR_MERGE,
    ChangeState.VERIFYING: Next.VERIFY,
}


def left_to_do(state: ChangeState, now: datetime, expires: datetime) -> Next:
    """By its state alone: whoever did the last step, and whether they finished it."""
    if is_over(state, now, expires):
        return Next.CLOSE
    return _OF.get(state, Next.NOTHING)
