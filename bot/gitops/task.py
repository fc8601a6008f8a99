"""What the process that reads the repository is asked, and what it answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from bot.gitops.domain.file_edit import FileEdit
from bot.gitops.domain.repository_url import RepositoryAddress
from bot.gitops.refusals import FileReason


class Push(msgspec.Struct, frozen=True):
    """The branch that shall hold the edit, and the message and time of its commit."""

    branch: str
    message: str
    at: datetime


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """An edit of the file of a live object; without `push` it is only looked at.

    `kustomization` is Flux's, which owns the object, as the cluster has it.
    """

    edit: FileEdit
    live: dict[str, Any]
    kustomization: dict[str, Any]
    push: Push | None = None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of a branch; without `work` it ends when the branch is read."""

    at: RepositoryAddress
    branch: str
    token: str
    work: Work | None = None

    def __repr__(self) -> str:
        """Without the token."""
        return f"Task({self.at.page}, {self.branch})"


class Preview(msgspec.Struct, frozen=True, tag="preview"):
    """What a pull request would change.

    `also` are other kustomizations that use the same file, so that what they make changes too.
    """

    path: str
    diff: str
    also: tuple[str, ...] = ()


class BranchRead(msgspec.Struct, frozen=True, tag="read"):
    """Whether the branch is there."""

    exists: bool


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """The branch allows no such edit, or is too much to read."""

    reason: FileReason
    detail: str = ""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The repository does not answer, or refuses."""

    message: str


Outcome = Preview | BranchRead | Stopped | Failed
