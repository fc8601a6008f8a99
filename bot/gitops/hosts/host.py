"""What a host of pull requests is asked, whichever it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec


class PullState(StrEnum):
    """How a pull request stands."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"
    """Without having been merged."""


class PullRequestStanding(msgspec.Struct, frozen=True):
    """How a pull request stands; `commit` is what the merge made, where the host tells."""

    state: PullState
    commit: str = ""


class Pull(msgspec.Struct, frozen=True):
    """A pull request, and its page for people (made from the settings' address)."""

    number: int
    url: str


class Host(Protocol):
    """One repository on one host. Every method raises RepositoryError where it has no answer."""

    async def find(self, branch: str) -> Pull | None:
        """The open pull request from a branch of this repository into the configured one."""
        ...

    async def open(self, branch: str, title: str, body: str) -> Pull:
        """Open one, or find the one that is open already. Nothing is ever merged."""
        ...

    async def state(self, number: int) -> PullRequestStanding:
        """How one stands."""
        ...

    async def protected(self) -> bool | None:
        """Whether the configured branch is protected; None where the token may not know.

        Raises:
            RepositoryError: The repository or the branch is not there, or not to be reached.
        """
        ...
