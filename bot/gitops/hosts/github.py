"""GitHub's pull requests, also of an own GitHub Enterprise. Source: its REST API 2022-11-28."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from bot.gitops.domain.repository_url import RepositoryAddress
from bot.gitops.hosts.host import Pull, PullRequestStanding, PullState
from bot.gitops.hosts.rest import Rest

GITHUB = "github.com"
VERSION = "2022-11-28"
FORBIDDEN, GONE, UNPROCESSABLE = 403, 404, 422

GUARDING = frozenset({"pull_request", "update"})
"""Types of a ruleset's rules by which nobody changes the branch without a pull request."""


class _Pull(msgspec.Struct, frozen=True):
    number: int
    state: str
    merged: bool = False
    merge_commit_sha: str | None = None


class _Branch(msgspec.Struct, frozen=True):
    protected: bool


class _Rule(msgspec.Struct, frozen=True):
    type: str


def api(at: RepositoryAddress) -> str:
    """Where the API of a repository's host is."""
    return "https://api.github.com" if at.host == GITHUB else f"{at.origin}/api/v3"


def rest(base: str, token: str) -> Rest:
    """A way to the API."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": VERSION,
        "User-Agent": "meshmedic",
    }
    return Rest(base, token, headers)


@dataclass(frozen=True, slots=True)
class GitHub:
    """One repository on GitHub, and the branch that pull requests are for."""

    at: RepositoryAddress
    branch: str
    rest: Rest

    @property
    def _path(self) -> str:
        return f"/repos/{self.at.owner}/{self.at.name}"

    async def find(self, branch: str) -> Pull | None:
        """The open pull request from a branch."""
        query = {"state": "open", "head": f"{self.at.owner}:{branch}", "base": self.branch}
        answer = await self.rest.ask("GET", f"{self._path}/pulls", query=query)
        found = self.rest.read(answer, tuple[_Pull, ...])
        return self._pull(found[0]) if found else None

    async def open(self, branch: str, title: str, body: str) -> Pull:
        """Open one; where there is one already, GitHub answers 422, and it is found."""
        wanted = {"title": title, "head": branch, "base": self.branch, "body": body}
        also = frozenset({UNPROCESSABLE})
        answer = await self.rest.ask("POST", f"{self._path}/pulls", body=wanted, also=also)
        if answer.status == UNPROCESSABLE:
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
        """By branch protection, or by a ruleset where that may be read."""
        name = quote(self.branch, safe="")
        answer = await self.rest.ask("GET", f"{self._path}/branches/{name}")
        if self.rest.read(answer, _Branch).protected:
            return True
        path = f"{self._path}/rules/branches/{name}"
        answer = await self.rest.ask("GET", path, also=frozenset({FORBIDDEN, GONE}))
        if answer.status in (FORBIDDEN, GONE):
            return None
        rules = self.rest.read(answer, tuple[_Rule, ...])
        return any(rule.type in GUARDING for rule in rules)

    def _pull(self, found: _Pull) -> Pull:
        return Pull(found.number, f"{self.at.page}/pull/{found.number}")
