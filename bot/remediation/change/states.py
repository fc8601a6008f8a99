"""The states of a Change and the moves between them. Source: deploy/base/change-crd.yaml."""

from __future__ import annotations

from enum import StrEnum


class ChangeState(StrEnum):
    """The state of a Change. The API server refuses every move that is not in MOVES."""

    PROPOSED = "Proposed"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    EXPIRED = "Expired"
    APPLYING = "Applying"
    """Saved before anything is written, so that a crash leaves a trace of what was begun."""
    AWAITING_MERGE = "AwaitingMerge"
    VERIFYING = "Verifying"
    DONE = "Done"
    ROLLED_BACK = "RolledBack"
    FAILED = "Failed"


_UNDONE = frozenset({ChangeState.ROLLED_BACK, ChangeState.FAILED})
_FINAL: frozenset[ChangeState] = frozenset()

MOVES: dict[ChangeState, frozenset[ChangeState]] = {
    ChangeState.PROPOSED: frozenset(
        {ChangeState.APPROVED, ChangeState.REJECTED, ChangeState.EXPIRED}
    ),
    ChangeState.APPROVED: frozenset({ChangeState.APPLYING, ChangeState.EXPIRED}),
    ChangeState.APPLYING: _UNDONE | {ChangeState.VERIFYING, ChangeState.AWAITING_MERGE},
    ChangeState.AWAITING_MERGE: frozenset(
        {ChangeState.VERIFYING, ChangeState.REJECTED, ChangeState.FAILED}
    ),
    ChangeState.VERIFYING: _UNDONE | {ChangeState.DONE},
    ChangeState.DONE: _UNDONE,
    ChangeState.REJECTED: _FINAL,
    ChangeState.EXPIRED: _FINAL,
    ChangeState.ROLLED_BACK: _FINAL,
    ChangeState.FAILED: _FINAL,
}

EXPIRES = frozenset({ChangeState.PROPOSED, ChangeState.APPROVED})
"""The states in which a Change can expire: the time limit is for clicks, and for nothing later."""
