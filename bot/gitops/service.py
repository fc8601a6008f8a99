"""A change of a live object as a pull request: find its file, edit it, ask the host.

Nothing is executed, nothing is merged, and the token goes to the configured repository alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from bot.domain.facts import Denied, RepositoryFacts
from bot.domain.refusal import NotObserved, Refusal
from bot.errors import RepositoryError
from bot.gitops import markdown
from bot.gitops.documents import at
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit, mistake
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.gitops.file_editor import edited
from bot.gitops.hosts import Host, PullRequestStanding
from bot.gitops.locator import locate
from bot.gitops.markdown import Description
from bot.gitops.paste_text import paste
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.repository import Branch, Commission, Fetched, Git
from bot.gitops.source import Repository, check, source_of
from bot.gitops.tree import Tree
from bot.gitops.unified_diff import difference
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


class Preview(msgspec.Struct, frozen=True):
    """What a pull request would change.

    `also` are other kustomizations that use the same file, so that what they make changes too.
    """

    path: str
    diff: str
    also: tuple[str, ...] = ()


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
class _PossibleEdit:
    """An edit that is possible, and the branches that were read for it."""

    preview: Preview
    text: str
    fetched: Fetched
    base: Branch


@dataclass(frozen=True, slots=True)
class PullRequests:
    """Pull requests in the repository of the settings."""

    repository: Repository
    git: Git
    host: Host
    flux: Flux

    async def preview(self, request: PullRequestInput) -> Preview | Refusal:
        """The difference, before a person approves it; nothing is pushed.

        Raises:
            RepositoryError: The repository cannot be read.
            ClusterError: Flux's objects cannot be read.
        """
        try:
            return (await self._edit(explicit(request))).preview
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
            possible = await self._edit(request, branch)
            await self._push(edit, why, branch, possible)
        except Stop as stop:
            return refusal(request, stop)
        preview = possible.preview
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
            return self.repository.branch in (await self.git.fetch(self.repository.branch)).branches
        except RepositoryError as error:
            return NotObserved(str(error))

    async def _protected(self) -> bool | Denied | NotObserved:
        try:
            protected = await self.host.protected()
        except RepositoryError as error:
            return NotObserved(str(error))
        if protected is None:
            return Denied("The token may not read the branch's rules.")
        return protected

    async def _edit(self, request: PullRequestInput, *branches: str) -> _PossibleEdit:
        if why := mistake(request.edit):
            raise Stop(FileReason.NO_EDIT, why.rstrip("."))
        kustomization = await self._kustomization(request.owner)
        fetched = await self.git.fetch(self.repository.branch, *branches)
        base = fetched.branches.get(self.repository.branch)
        if base is None:
            raise RepositoryError(
                f"{self.repository.at.page} has no branch {self.repository.branch}. Set "
                "MESHMEDIC_GIT_BRANCH."
            )
        preview, text = await asyncio.to_thread(_edited, base.tree, kustomization, request)
        return _PossibleEdit(preview, text, fetched, base)

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

    async def _push(
        self, edit: FileEdit, why: Description, branch: str, possible: _PossibleEdit
    ) -> None:
        """Unless the branch has it already, as after a crash or in an earlier pull request."""
        tip, path = possible.fetched.branches.get(branch), possible.preview.path
        if tip and not tip.ours:
            raise Stop(FileReason.BRANCH_TAKEN, branch)
        if tip and _has(tip.tree, path, possible.text):
            return
        commission = Commission(path, possible.text, markdown.message(edit, why), why.at)
        await self.git.push(possible.fetched, branch, possible.base, commission)


_NO_FILE = {
    Keeper.NOBODY: FileReason.NOBODY,
    Keeper.HELM_RELEASE: FileReason.HELM_RELEASE,
    Keeper.HELM: FileReason.HELM,
    Keeper.OTHER: FileReason.OTHER_OWNER,
}


def _edited(tree: Tree, kustomization: Manifest, request: PullRequestInput) -> tuple[Preview, str]:
    located = locate(tree, kustomization, request.live, request.edit)
    path = located.resource.path
    text = edited(located.text, located.resource, request.edit)
    diff = "".join(difference(path, located.text, text))
    return Preview(path, diff, located.also), text


def _has(tree: Tree, path: str, text: str) -> bool:
    try:
        return tree.text(path) == text
    except (KeyError, Stop):
        return False


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
