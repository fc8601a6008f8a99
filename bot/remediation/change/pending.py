"""What waits for people or for a time, a line each: for digests, which name it until it is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.remediation.change.change import Change
from bot.remediation.change.states import ChangeState


def waiting(changes: Iterable[Change], now: datetime) -> tuple[str, ...]:
    """The changes that somebody should know of, the oldest first."""
    found = sorted(changes, key=lambda each: each.name)
    return tuple(line for change in found for line in _lines(change, now))


def _lines(change: Change, now: datetime) -> Iterator[str]:
    target = change.plan.target
    if change.state is ChangeState.PROPOSED and now < change.expires:
        yield f"{target}: a change waits for an approver until {_when(change.expires)}"
    elif pull := change.notes.pull_request if change.state is ChangeState.AWAITING_MERGE else None:
        yield f"{target}: pull request {pull.number} waits for its merge, or for Flux after it"
    elif at := change.returns_at:
        back = "is put back" if now < at else "was to be put back"
        yield f"{target}: Flux is kept off it, and it {back} at {_when(at)}"
    elif change.under_way and change.state is not ChangeState.PROPOSED:
        yield f"{target}: a change is {change.state}"


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
