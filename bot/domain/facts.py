"""Facts about outside systems, and the ways in which one is not known."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.refusal import NotObserved


@dataclass(frozen=True, slots=True)
class Denied:
    """The other side said no: 401, 403 or 404. `why` is its own message."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Unset:
    """The setting that this needs is missing."""

    setting: str


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """The Git repository of the settings.

    page: Its web page.
    read: Whether the branch exists.
    protected: Whether the host rejects pushes to the branch.
    """

    page: str
    branch: str
    read: bool | NotObserved
    protected: bool | Denied | NotObserved
