"""The states of a Change and the moves between them. Source: deploy/base/change-crd.yaml."""

from __future__ import annotations

from enum import StrEnum


class ChangeState(StrEnum):
    """Where a Change stands. The API server refuses every move that is not in MOVES."""

    PROPOSED = "Proposed"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    EXPIRED = "Expired"
    APPLYING = "Applying"
    """Saved before anything is touched, so that a crash leaves a trace of what was begun."""
    AWAITING_MERGE = "AwaitingMerge"
    VERIFYING = "Verifying"
    DONE = "Done"
    ROLLED_BACK = "RolledBack"
    FAILED = "Failed"


MOVES: dict[ChangeState, frozenset[ChangeState]] = {
    ChangeState.PROPOSED: frozenset(
        {ChangeState.APPROVED, ChangeState.REJECTED, ChangeState.EXPIRED}
    ),
    ChangeState.APPROVED: frozenset({ChangeState.APPLYING, ChangeState.EXPIRED}),
    ChangeState.APPLYING: frozenset(
        {
            ChangeState.VERIFYING,
            ChangeState.AWAITING_MERGE,
            ChangeState.ROLLED_BACK,
            ChangeState.FAILED,
        }
    ),
    ChangeState.AWAITING_MERGE: frozenset(
        {ChangeState.VERIFYING, ChangeState.REJECTED, ChangeState.FAILED}
    ),
    ChangeState.VERIFYING: frozenset(
        {ChangeState.DONE, ChangeState.ROLLED_BACK, ChangeState.FAILED}
    ),
    ChangeState.DONE: frozenset({ChangeState.ROLLED_BACK, ChangeState.FAILED}),
    ChangeState.REJECTED: frozenset(),
    ChangeState.EXPIRED: frozenset(),
    ChangeState.ROLLED_BACK: frozenset(),
    ChangeState.FAILED: frozenset(),
}

EXPIRES = frozenset({ChangeState.PROPOSED, ChangeState.APPROVED})
"""The states in which the time runs: an approval's expiry governs clicks, and nothing later."""
