"""Pull requests of one repository by its host's REST API: GitHub, and Gitea or Forgejo.

Source: GitHub's REST API 2022-11-28, and the API v1 (Swagger) of Gitea and Forgejo.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import quote

import msgspec

from bot.gitops.domain.repository_url import RepositoryAddress
from bot.gitops.rest import SECONDS, Rest

MOST_PAGES = 40
FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 403, 404, 409, 422

GUARDING = frozenset({"pull_request", "update"})
"""Types of a GitHub ruleset's rules that allow changes of a branch by pull request only."""


class PullState(StrEnum):
    """How a pull request stands."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"
    """Without having been merged."""


class PullRequestStanding(msgspec.Struct, frozen=True):
    """How a pull request stands; `commit` is the merge's, where the host reports it."""

    state: PullState
    commit: str = ""


class Pull(msgspec.Struct, frozen=True):
    """A pull request, and its page for people (made from the settings' address)."""

    number: int
    url: str


class _End(msgspec.Struct, frozen=True):
    """A branch. Gitea's `repo_id` distinguishes forks."""

    ref: str
    repo_id: int = 0


class _PullJson(msgspec.Struct, frozen=True):
    number: int
    state: str
    head: _End
    base: _End
    merged: bool = False
    merge_commit_sha: str | None = None


class _BranchJson(msgspec.Struct, frozen=True):
    protected: bool


class _RuleJson(msgspec.Struct, frozen=True):
    type: str


class Host(ABC):
    """One repository on one host, and the branch that pull requests are for.

    Every method raises RepositoryError where there is no answer. Subclasses say how their API
    differs. page: The part of a pull request's address. taken: The status of a request to open
    one that is open already. headers: Of every request, with the token filled in.
    """

    page: ClassVar[str]
    taken: ClassVar[int]
    headers: ClassVar[Mapping[str, str]]

    def __init__(
        self,
        at: RepositoryAddress,
        branch: str,
        token: str,
        api: str = "",
        seconds: float = SECONDS,
    ) -> None:
        self._at, self._branch = at, branch
        self._path = f"/repos/{at.owner}/{at.name}"
        self._quoted_branch = quote(branch, safe="")
        headers = {name: value.format(token=token) for name, value in self.headers.items()}
        self.rest = Rest(
            api or self.api(at), token, {"User-Agent": "meshmedic", **headers}, seconds
        )

    @staticmethod
    @abstractmethod
    def api(at: RepositoryAddress) -> str:
        """The address of the API of a repository's host."""

    @abstractmethod
    def narrowed(self, branch: str) -> Mapping[str, str]:
        """The query by which a list of pull requests is narrowed to a branch, if it can be."""

    async def find(self, branch: str) -> Pull | None:
        """The open pull request from a branch of this repository into the configured one."""
        for page in range(1, MOST_PAGES + 1):
            query = {"state": "open", "page": str(page), **self.narrowed(branch)}
            answer = await self.rest.ask("GET", f"{self._path}/pulls", query=query)
            pulls = self.rest.read(answer, tuple[_PullJson, ...])
            if ours := next((pull for pull in pulls if self._is_ours(pull, branch)), None):
                return self._pull(ours)
            # A host may return fewer than requested, so only an empty page is the last.
            if not pulls:
                return None
        return None

    async def open(self, branch: str, title: str, body: str) -> Pull:
        """Open one, or find the one that is open already. Nothing is ever merged."""
        request = {"title": title, "head": branch, "base": self._branch, "body": body}
        also = frozenset({self.taken})
        answer = await self.rest.ask("POST", f"{self._path}/pulls", body=request, also=also)
        if answer.status == self.taken:
            pull = await self.find(branch)
            if pull is None:
                raise self.rest.failure(answer)
            return pull
        return self._pull(self.rest.read(answer, _PullJson))

    async def state(self, number: int) -> PullRequestStanding:
        """How a pull request stands."""
        answer = await self.rest.ask("GET", f"{self._path}/pulls/{number}")
        pull = self.rest.read(answer, _PullJson)
        if pull.merged:
            return PullRequestStanding(PullState.MERGED, pull.merge_commit_sha or "")
        return PullRequestStanding(PullState.OPEN if pull.state == "open" else PullState.CLOSED)

    async def protected(self) -> bool | None:
        """Whether the configured branch is protected; None where the token may not know.

        Raises:
            RepositoryError: The repository or the branch does not exist, or is unreachable.
        """
        answer = await self.rest.ask("GET", f"{self._path}/branches/{self._quoted_branch}")
        return self.rest.read(answer, _BranchJson).protected

    def _is_ours(self, pull: _PullJson, branch: str) -> bool:
        ends = (pull.head.ref, pull.base.ref) == (branch, self._branch)
        return ends and pull.head.repo_id == pull.base.repo_id

    def _pull(self, pull: _PullJson) -> Pull:
        return Pull(pull.number, f"{self._at.page}/{self.page}/{pull.number}")


class GitHub(Host):
    """One repository on GitHub or GitHub Enterprise."""

    page = "pull"
    taken = UNPROCESSABLE
    headers = MappingProxyType(
        {
            "Authorization": "Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
    )

    @staticmethod
    def api(at: RepositoryAddress) -> str:
        """Of github.com a host of its own, of an Enterprise server a folder."""
        return "https://api.github.com" if at.host == "github.com" else f"{at.origin}/api/v3"

    def narrowed(self, branch: str) -> Mapping[str, str]:
        """To one branch of the repository's owner."""
        return {"head": f"{self._at.owner}:{branch}", "base": self._branch}

    async def protected(self) -> bool | None:
        """By branch protection, or by a ruleset where the token may read it."""
        if await super().protected():
            return True
        path = f"{self._path}/rules/branches/{self._quoted_branch}"
        answer = await self.rest.ask("GET", path, also=frozenset({FORBIDDEN, NOT_FOUND}))
        if answer.status in (FORBIDDEN, NOT_FOUND):
            return None
        rules = self.rest.read(answer, tuple[_RuleJson, ...])
        return any(rule.type in GUARDING for rule in rules)


class Gitea(Host):
    """One repository on a Gitea or Forgejo server."""

    page = "pulls"
    taken = CONFLICT
    headers = MappingProxyType({"Authorization": "token {token}", "Accept": "application/json"})

    @staticmethod
    def api(at: RepositoryAddress) -> str:
        """A folder of the server."""
        return f"{at.origin}/api/v1"

    def narrowed(self, branch: str) -> Mapping[str, str]:
        """The list cannot be narrowed to a branch, so ask for the largest page.

        Source: MAX_RESPONSE_ITEMS of Gitea's default configuration.
        """
        del branch
        return {"limit": "50"}
