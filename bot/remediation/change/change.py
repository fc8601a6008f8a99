"""A Change: a plan that never changes, its history, and notes: card, baseline, proof, rollback.

Source: deploy/base/change-crd.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from bot.remediation.change.history import ChangeHistory, HistoryEntry
from bot.remediation.change.plan import RepairPlan
from bot.remediation.change.proof import Sample
from bot.remediation.change.states import MOVES, ChangeState

UNDONE_FOR = timedelta(days=7)
"""How long a finished change can be taken back."""

SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=20), timedelta(hours=1)
"""Between two attempts to ask the repository."""
MOST_ATTEMPTS = 10
"""They take two and a half hours."""

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
LONGEST_SLUG = 40
"""Characters of the route in the name of a Change."""


class ChangeCard(msgspec.Struct, frozen=True):
    """The Discord message that shows a change."""

    channel: int
    message: int


class Undoing(msgspec.Struct, frozen=True):
    """The decision to take a change back: by whom, when, why. Saved before anything is undone."""

    by: str
    at: datetime
    why: str


class PullRequest(msgspec.Struct, frozen=True):
    """A pull request on the Git host."""

    number: int
    url: str


class RepositoryAttempts(msgspec.Struct, frozen=True):
    """How often the repository was asked for a change, when last, and why that came to nothing.

    Each is saved before it begins. `why` is empty while it runs, or where the process died of it.
    """

    count: int
    at: datetime
    why: str = ""

    @property
    def again_at(self) -> datetime:
        """When it may be asked again: after twice as long each time."""
        return self.at + min(LONGEST_WAIT, SHORTEST_WAIT * (1 << min(max(self.count - 1, 0), 20)))

    @property
    def exhausted(self) -> bool:
        """Whether it is not asked again."""
        return self.count >= MOST_ATTEMPTS


class Notes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is noted while a change is carried out. None of it decides who may do what."""

    card: ChangeCard | None = None
    baseline: Sample | None = None
    proof: tuple[str, ...] = ()
    undoing: Undoing | None = None
    pull_request: PullRequest | None = None
    attempts: RepositoryAttempts | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A stored repair. `version` is the resource version of the object that was read."""

    name: str
    requester: str
    expires: datetime
    plan: RepairPlan
    history: ChangeHistory
    notes: Notes = Notes()
    version: str = ""

    def noted(self, **notes: object) -> Change:
        """The change with these notes replaced."""
        return replace(self, notes=replace(self.notes, **notes))

    @property
    def state(self) -> ChangeState:
        """Its present state."""
        return self.history.state

    @property
    def under_way(self) -> bool:
        """Whether the bot works on it now, or will without another click."""
        resting = self.state in (ChangeState.PROPOSED, ChangeState.DONE)
        return bool(MOVES[self.state]) and not (resting and self.notes.undoing is None)

    def last_entry(self, state: ChangeState) -> HistoryEntry | None:
        """Its last move into a state."""
        entries = reversed(self.history.entries)
        return next((entry for entry in entries if entry.state is state), None)

    def entered(self, state: ChangeState) -> datetime | None:
        """When it last came into a state."""
        entry = self.last_entry(state)
        return entry.at if entry else None

    def who(self, state: ChangeState) -> str:
        """Who brought it into a state; empty if nobody did."""
        entry = self.last_entry(state)
        return entry.by if entry else ""

    @property
    def returns_at(self) -> datetime | None:
        """When the bot takes it back by itself; None if it stays."""
        done = self.entered(ChangeState.DONE)
        if not self.plan.returns_after or done is None or self.state is not ChangeState.DONE:
            return None
        return done + timedelta(minutes=self.plan.returns_after)

    def undoable(self, now: datetime) -> str:
        """Why it cannot be taken back now; empty if it can."""
        done = self.entered(ChangeState.DONE)
        if pull := self.notes.pull_request:
            return f"Revert pull request {pull.number}: Flux then takes it back."
        if self.state is not ChangeState.DONE or done is None:
            return f"It is {self.state}: only what is Done can be taken back."
        if now - done > UNDONE_FOR:
            return f"It was done more than {UNDONE_FOR.days} days ago: nobody remembers enough."
        return ""


def change_name(target: str, at: datetime, token: str) -> str:
    """`20260131-1200-web-3f9c`: sorts by time; the token of hexadecimal digits makes it unique."""
    route = target.rpartition("/")[2] or target.rpartition(" ")[2]
    slug = re.sub(r"[^a-z0-9]+", "-", route.casefold())[:LONGEST_SLUG].strip("-") or "route"
    return f"{at.astimezone(UTC):%Y%m%d-%H%M}-{slug}-{token}"


def waiting(changes: Iterable[Change], now: datetime) -> tuple[str, ...]:
    """What waits for people or for a time, a line for each change, oldest first, for digests."""
    oldest_first = sorted(changes, key=lambda change: change.name)
    return tuple(line for change in oldest_first for line in _waiting(change, now))


def _waiting(change: Change, now: datetime) -> Iterator[str]:
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
