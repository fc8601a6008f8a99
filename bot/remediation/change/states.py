"""The states of a Change and the moves between them. Source: deploy/base/change-crd.yaml."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
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


MOVES: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.APPROVED, State.REJECTED, State.EXPIRED}),
    State.APPROVED: frozenset({State.APPLYING, State.EXPIRED}),
    State.APPLYING: frozenset(
        {State.VERIFYING, State.AWAITING_MERGE, State.ROLLED_BACK, State.FAILED}
    ),
    State.AWAITING_MERGE: frozenset({State.VERIFYING, State.REJECTED, State.FAILED}),
    State.VERIFYING: frozenset({State.DONE, State.ROLLED_BACK, State.FAILED}),
    State.DONE: frozenset({State.ROLLED_BACK, State.FAILED}),
    State.REJECTED: frozenset(),
    State.EXPIRED: frozenset(),
    State.ROLLED_BACK: frozenset(),
    State.FAILED: frozenset(),
}

EXPIRES = frozenset({State.PROPOSED, State.APPROVED})
"""The states in which the time runs: an approval's expiry governs clicks, and nothing later."""
