"""The ports of `/fix`: the store of changes, the writer of steps, the host of pull requests."""

from __future__ import annotations

from typing import Protocol

from bot.domain.finding import Target
from bot.domain.refusal import Refusal
from bot.errors import ServerError, Unreachable
from bot.gitops.hosts import PullRequestStanding
from bot.gitops.markdown import Description
from bot.gitops.service import Proposed, PullRequestInput
from bot.gitops.task import Preview
from bot.remediation.change.change import Change
from bot.remediation.change.fields import Manifest
from bot.remediation.change.step import Step

TEMPORARY = (Unreachable, ServerError)
"""Errors after which a request is repeated later, because it is unknown whether it took effect."""


class ChangeStore(Protocol):
    """Stores changes."""

    async def create(self, change: Change, /) -> Change:
        """Save a new change."""
        ...

    async def read(self, name: str, /) -> Change:
        """Read one change. Raises InputError if it does not exist."""
        ...

    async def write(self, change: Change, /) -> Change:
        """Write its status. Raises Conflict if it was written since it was read."""
        ...

    async def every(self) -> tuple[Change, ...]:
        """All changes, newest first."""
        ...


class StepWriter(Protocol):
    """Reads and writes the objects of steps, as the approver identity."""

    async def live(self, target: Target, /) -> Manifest | None:
        """The object as it is now; None if it does not exist. Raises ClusterError."""
        ...

    async def write(
        self, step: Step, live: Manifest | None, change: str, by: str, /, *, dry_run: bool
    ) -> None:
        """Do a step that is TO_DO."""
        ...


class PullRequestHost(Protocol):
    """Pull requests in the configured repository. All methods raise RepositoryError."""

    async def preview(self, wanted: PullRequestInput, /) -> Preview | Refusal:
        """The difference of the file, before anybody approves it."""
        ...

    async def propose(self, wanted: PullRequestInput, why: Description, /) -> Proposed | Refusal:
        """Open a pull request, or find the one that is open."""
        ...

    async def state(self, number: int, /) -> PullRequestStanding:
        """How a pull request stands."""
        ...
