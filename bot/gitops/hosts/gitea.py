"""Pull requests of Gitea and Forgejo. Source: their API v1 (Swagger), the same in both."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from bot.gitops.domain.repository_url import RepositoryAddress
from bot.gitops.hosts.host import Pull, PullRequestStanding, PullState
from bot.gitops.hosts.rest import Rest

PAGE = 50
"""The largest page by default (MAX_RESPONSE_ITEMS)."""
PAGES = 40
CONFLICT = 409


class _End(msgspec.Struct, frozen=True):
    """`head` and `base`: a branch; `repo_id` tells forks apart."""

    ref: str
    repo_id: int


class _Pull(msgspec.Struct, frozen=True):
    number: int
    state: str
    head: _End
    base: _End
    merged: bool = False
    merge_commit_sha: str | None = None


class _Branch(msgspec.Struct, frozen=True):
    protected: bool


def api(at: RepositoryAddress) -> str:
    """Where the API of a repository's host is."""
    return f"{at.origin}/api/v1"


def rest(base: str, token: str) -> Rest:
    """A way to the API."""
    headers = {
        "Authorization": f"token {token}",
        "Accept": "application/json",
        "User-Agent": "meshmedic",
    }
    return Rest(base, token, headers)


@dataclass(frozen=True, slots=True)
class Gitea:
    """One repository on a Gitea or Forgejo, and the branch that pull requests are for."""

    at: RepositoryAddress
    branch: str
    rest: Rest

    @property
    def _path(self) -> str:
        return f"/repos/{self.at.owner}/{self.at.name}"

    async def find(self, branch: str) -> Pull | None:
        """The open pull request from a branch: the list cannot be narrowed to it."""
        for page in range(1, PAGES + 1):
            query = {"state": "open", "page": str(page), "limit": str(PAGE)}
            answer = await self.rest.ask("GET", f"{self._path}/pulls", query=query)
            found = self.rest.read(answer, tuple[_Pull, ...])
            if mine := next((pull for pull in found if self._is(pull, branch)), None):
                return self._pull(mine)
            # A host may give less than it was asked for, so only an empty page is the last.
            if not found:
                return None
        return None

    async def open(self, branch: str, title: str, body: str) -> Pull:
        """Open one; where there is one already, the answer is 409, and it is found."""
        wanted = {"title": title, "head": branch, "base": self.branch, "body": body}
        also = frozenset({CONFLICT})
        answer = await self.rest.ask("POST", f"{self._path}/pulls", body=wanted, also=also)
        if answer.status == CONFLICT:
            found = await self.find(branch)
            if found is None:
                raise self.rest.failure(answer)
            return found
        return self._pull(self.rest.read(answer, _Pull))

    async def state(self, number: int) -> PullRequestStanding:
        """How one stands."""
        answer = await self.rest.ask("GET", f"{self._path}/pulls/{number}")
        found = self.rest.read(answer, _Pull)
        if found.merged:
            return PullRequestStanding(PullState.MERGED, found.merge_commit_sha or "")
        return PullRequestStanding(PullState.OPEN if found.state == "open" else PullState.CLOSED)

    async def protected(self) -> bool | None:
        """Whether a rule protects the branch."""
        answer = await self.rest.ask("GET", f"{self._path}/branches/{quote(self.branch, safe='')}")
        return self.rest.read(answer, _Branch).protected

    def _is(self, each: _Pull, branch: str) -> bool:
        ends = (each.head.ref, each.base.ref) == (branch, self.branch)
        return ends and each.head.repo_id == each.base.repo_id

    def _pull(self, found: _Pull) -> Pull:
        return Pull(found.number, f"{self.at.page}/pulls/{found.number}")
