"""Facts that somebody was asked for, and the ways in which one is not known."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.refusal import NotObserved


@dataclass(frozen=True, slots=True)
class Denied:
    """A clear no of the other side: 401, 403 or 404. `why` is in its words."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Unset:
    """The setting that this needs is not there."""

    setting: str


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """The Git repository of the settings: its page, its branch, whether that is there.

    `protected` tells whether the host keeps the branch from being pushed to.
    """

    page: str
    branch: str
    read: bool | NotObserved
    protected: bool | Denied | NotObserved
