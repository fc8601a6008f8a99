"""A Change: a plan, its history, and what goes along: card, baseline, proof, and an undoing begun.

Its plan never changes. Source: deploy/base/change-crd.yaml.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from bot.remediation.change.history import ChangeHistory
from bot.remediation.change.plan import RepairPlan
from bot.remediation.change.proof import Sample
from bot.remediation.change.states import MOVES, ChangeState

UNDONE_FOR = timedelta(days=7)
"""For so long a finished change can be taken back."""


class ChangeCard(msgspec.Struct, frozen=True):
    """The message in Discord that shows it."""

    channel: int
    message: int


class Undoing(msgspec.Struct, frozen=True):
    """That it shall be taken back, saved before anything is: by whom, since when, why."""

    by: str
    at: datetime
    why: str


class PullRequest(msgspec.Struct, frozen=True):
    """Where a pull request is."""

    number: int
    url: str


class Notes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is noted about it as it goes. None of it decides who may do what."""

    card: ChangeCard | None = None
    baseline: Sample | None = None
    proof: tuple[str, ...] = ()
    undoing: Undoing | None = None
    pull_request: PullRequest | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `version` is that of the object that was read."""

    name: str
    requester: str
    expires: datetime
    plan: RepairPlan
    history: ChangeHistory
    notes: Notes = Notes()
    version: str = ""

    @property
    def state(self) -> ChangeState:
        """Where it stands."""
        return self.history.state

    @property
    def under_way(self) -> bool:
        """Whether something is done about it now, or will be without another click."""
        going = (
            self.state not in (ChangeState.PROPOSED, ChangeState.DONE)
            or self.notes.undoing is not None
        )
        return bool(MOVES[self.state]) and going

    def entered(self, state: ChangeState) -> datetime | None:
        """When it came into a state the last time."""
        times = [
            history_entry.at
            for history_entry in self.history.entries
            if history_entry.state is state
        ]
        return times[-1] if times else None

    def who(self, state: ChangeState) -> str:
        """Who brought it there."""
        people = [entry.by for entry in self.history.entries if entry.state is state]
        return people[-1] if people else ""

    @property
    def returns_at(self) -> datetime | None:
        """When it is taken back by itself; None where it stays."""
        done = self.entered(ChangeState.DONE)
        if not self.plan.returns_after or done is None or self.state is not ChangeState.DONE:
            return None
        return done + timedelta(minutes=self.plan.returns_after)

    def undoable(self, now: datetime) -> str:
        """Why it cannot be taken back now; empty where it can."""
        done = self.entered(ChangeState.DONE)
        if pull := self.notes.pull_request:
            return f"Revert pull request {pull.number}: Flux then takes it back."
        if self.state is not ChangeState.DONE or done is None:
            return f"It is {self.state}: only what is Done can be taken back."
        if now - done > UNDONE_FOR:
            return f"It was done more than {UNDONE_FOR.days} days ago: nobody remembers enough."
        return ""
