"""A change of a live object as a pull request: find its file, edit it, ask the host.

Nothing is executed, nothing is merged, and the token goes to the configured repository alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from bot.domain import principal
from bot.domain.facts import Denied, RepositoryFacts
from bot.domain.refusal import NotObserved, Refusal
from bot.errors import RepositoryError
from bot.gitops import markdown
from bot.gitops.documents import at
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit, mistake
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.gitops.hosts import Host, PullRequestStanding
from bot.gitops.markdown import Description
from bot.gitops.paste_text import paste
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.source import Repository, check, source_of
from bot.gitops.task import (
    BranchRead,
    Failed,
    Outcome,
    Preview,
    Push,
    Stopped,
    Task,
    Work,
)
from bot.routing.native_lb import choose

Manifest = Mapping[str, Any]


class Flux(Protocol):
    """Flux's own objects, complete, as the API server has them now."""

    async def kustomization(self, namespace: str, name: str) -> Manifest | None:
        """A Kustomization, or None where there is none."""
        ...

    async def git_repository(self, namespace: str, name: str) -> Manifest | None:
        """A GitRepository, or None where there is none."""
        ...


class GitTasks(Protocol):
    """Carries out tasks of the repository, within limits and away from the event loop."""

    async def carry_out(self, task: Task, /) -> Outcome:
        """The outcome of a task."""
        ...


class Proposed(msgspec.Struct, frozen=True):
    """An open pull request."""

    url: str
    number: int
    preview: Preview


@dataclass(frozen=True, slots=True)
class PullRequestInput:
    """What is wanted: an edit, the live object that it is of, and the owner of that."""

    edit: FileEdit
    live: Manifest
    owner: ObjectOwner


@dataclass(frozen=True, slots=True)
class PullRequests:
    """Pull requests in the repository of the settings."""

    repository: Repository
    token: str = field(repr=False)
    git: GitTasks
    host: Host
    flux: Flux

    async def preview(self, request: PullRequestInput) -> Preview | Refusal:
        """The difference, before a person approves it; nothing is pushed.

        Raises:
            RepositoryError: The repository cannot be read.
            ClusterError: Flux's objects cannot be read.
        """
        try:
            return await self._edit(explicit(request))
        except Stop as stop:
            return refusal(request, stop)

    async def propose(self, request: PullRequestInput, why: Description) -> Proposed | Refusal:
        """Push the edit to its branch, and open a pull request.

        The same edit of the same object finds what was pushed or opened before, so that it may be
        repeated after a crash at any point.

        Raises:
            RepositoryError: The repository or its host does not answer, or refuses.
            ClusterError: Flux's objects cannot be read.
        """
        request = explicit(request)
        edit, branch = request.edit, markdown.branch(request.edit)
        try:
            push = Push(branch, markdown.message(edit, why), why.at)
            preview = await self._edit(request, push)
        except Stop as stop:
            return refusal(request, stop)
        pull = await self.host.find(branch)
        if pull is None:
            body = markdown.body(edit, why, preview.diff, preview.also)
            pull = await self.host.open(branch, markdown.title(edit), body)
        return Proposed(pull.url, pull.number, preview)

    async def state(self, number: int) -> PullRequestStanding:
        """How a pull request stands.

        Raises:
            RepositoryError: The host does not answer, or knows no such pull request.
        """
        return await self.host.state(number)

    async def look(self) -> RepositoryFacts:
        """What the doctor examines: whether Git and the host's API answer."""
        read, protected = await asyncio.gather(self._readable(), self._protected())
        return RepositoryFacts(self.repository.at.page, self.repository.branch, read, protected)

    async def _readable(self) -> bool | NotObserved:
        try:
            outcome = await self._done(None)
        except (RepositoryError, Stop) as error:
            return NotObserved(str(error))
        return isinstance(outcome, BranchRead) and outcome.exists

    async def _protected(self) -> bool | Denied | NotObserved:
        try:
            protected = await self.host.protected()
        except RepositoryError as error:
            return NotObserved(str(error))
        if protected is None:
            return Denied("The token may not read the branch's rules.")
        return protected

    async def _edit(self, request: PullRequestInput, push: Push | None = None) -> Preview:
        if why := mistake(request.edit):
            raise Stop(FileReason.NO_EDIT, why.rstrip("."))
        kustomization = await self._kustomization(request.owner)
        work = Work(
            edit=request.edit,
            live=dict(request.live),
            kustomization=dict(kustomization),
            push=push,
        )
        outcome = await self._done(work)
        if not isinstance(outcome, Preview):
            raise Stop(FileReason.ENDED, "its answer is another's")
        return outcome

    async def _done(self, work: Work | None) -> Preview | BranchRead:
        """What came of a reading of the branch.

        Raises:
            RepositoryError: The repository does not answer, or refuses.
            Stop: There is no such edit, or it is too much to read.
            Refused: The principal may not push.
        """
        at, branch = self.repository.at, self.repository.branch
        if work and work.push:
            await principal.authorize()
        outcome = await self.git.carry_out(Task(at=at, branch=branch, token=self.token, work=work))
        match outcome:
            case Stopped():
                raise Stop(outcome.reason, outcome.detail)
            case Failed():
                raise RepositoryError(outcome.message)
            case _:
                return outcome

    async def _kustomization(self, owner: ObjectOwner) -> Manifest:
        """The Kustomization that owns it, if it reads the configured repository and branch."""
        if owner.keeper is not Keeper.KUSTOMIZATION:
            raise Stop(_NO_FILE[owner.keeper], "" if owner.keeper is Keeper.NOBODY else str(owner))
        kustomization = await self.flux.kustomization(owner.namespace, owner.name)
        if kustomization is None:
            raise Stop(FileReason.MISSING, str(owner))
        namespace, name = source_of(kustomization)
        source = await self.flux.git_repository(namespace, name)
        if source is None:
            raise Stop(FileReason.MISSING, f"GitRepository {namespace}/{name}")
        check(source, self.repository)
        return kustomization


_NO_FILE = {
    Keeper.NOBODY: FileReason.NOBODY,
    Keeper.HELM_RELEASE: FileReason.HELM_RELEASE,
    Keeper.HELM: FileReason.HELM,
    Keeper.OTHER: FileReason.OTHER_OWNER,
}


def explicit(request: PullRequestInput) -> PullRequestInput:
    """With the services named one by one, as the live object has them, where all are wanted."""
    edit = request.edit
    if edit.kind is not EditKind.NATIVE_LB or edit.services:
        return request
    services = tuple(
        Chosen(int(path[2]), int(path[4]), at(request.live, path)["name"])
        for path in choose(request.live, {}).add
    )
    return replace(request, edit=msgspec.structs.replace(edit, services=services))


def refusal(request: PullRequestInput, stop: Stop) -> Refusal:
    """A refusal with the text to paste; none where the branch has it, or nothing is meant."""
    nothing = stop.reason in (FileReason.ALREADY, FileReason.NO_EDIT, FileReason.NOBODY)
    text = "" if nothing else paste(request.edit, request.owner)
    return Refusal(str(stop), stop.reason, text)


def not_configured(request: PullRequestInput) -> Refusal:
    """The answer where the settings name no repository."""
    return refusal(explicit(request), Stop(FileReason.NOT_CONFIGURED))
