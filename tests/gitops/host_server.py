"""GitHub's and Gitea's pull requests on loopback: what their published schemas ask of a request.

Source: GitHub's OpenAPI description (2022-11-28) and Gitea's Swagger, written down from what they
require. A request that they do not describe is a fault of the test that the server remembers.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from jsonschema import ValidationError

from tests.gitops.git_server import TOKEN
from tests.json_schema import validate

CREATE = {
    "type": "object",
    "required": ["title", "head", "base"],
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 256},
        "head": {"type": "string", "pattern": "^[^:]+$"},
        "base": {"type": "string"},
        "body": {"type": "string", "maxLength": 65536},
    },
    "additionalProperties": False,
}
LISTED = {
    "github": {"state", "head", "base", "sort", "direction", "per_page", "page"},
    "gitea": {"state", "sort", "milestone", "labels", "poster", "page", "limit"},
}


@dataclass
class Pulls:
    """A host's pull requests of lab/home, its protected branches and what was wrong with us."""

    flavour: str
    branches: Callable[[], list[str]] = lambda: ["main"]
    pulls: list[dict[str, Any]] = field(default_factory=list)
    protected: bool = False
    rules: list[dict[str, Any]] | None = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    before: Callable[[web.Request], web.StreamResponse | None] = lambda _request: None
    created: Callable[[], None] = lambda: None
    base: str = ""
    page: int = 2

    def merge(self, number: int) -> None:
        """As a person does."""
        pull = self.pulls[number - 1]
        pull.update(state="closed", merged=True, merge_commit_sha="c" * 40)

    def close(self, number: int) -> None:
        """As a person does, without merging."""
        self.pulls[number - 1].update(state="closed")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.authorizations.append(request.headers.get("Authorization", ""))
        if (early := self.before(request)) is not None:
            return early
        scheme = "Bearer" if self.flavour == "github" else "token"
        if request.headers.get("Authorization") != f"{scheme} {TOKEN}":
            return web.json_response({"message": "Bad credentials"}, status=401)
        if self.flavour == "github" and not request.headers.get("User-Agent"):
            return web.json_response({"message": "no user agent"}, status=403)
        root = "" if self.flavour == "github" else "/api/v1"
        parts = request.path.removeprefix(f"{root}/repos/lab/home/").split("/")
        if request.path.startswith(f"{root}/repos/lab/home/"):
            return await self._route(request, parts)
        return web.json_response({"message": "Not Found"}, status=404)

    async def _route(self, request: web.Request, parts: list[str]) -> web.StreamResponse:
        match request.method, parts:
            case "GET", ["pulls"]:
                return self._list(request)
            case "POST", ["pulls"]:
                return await self._create(request)
            case "GET", ["pulls", number] if int(number) <= len(self.pulls):
                return web.json_response(self.pulls[int(number) - 1])
            case "GET", ["branches", name] if name in self.branches():
                commit = {"sha" if self.flavour == "github" else "id": "a" * 40}
                return web.json_response(
                    {"name": name, "commit": commit, "protected": self.protected}
                )
            case "GET", ["rules", "branches", _] if self.flavour == "github":
                if self.rules is None:
                    return web.json_response({"message": "Resource not accessible"}, status=403)
                return web.json_response(self.rules)
        return web.json_response({"message": "Not Found"}, status=404)

    def _list(self, request: web.Request) -> web.StreamResponse:
        if unknown := set(request.query) - LISTED[self.flavour]:
            self.faults.append(f"unknown parameters {unknown}")
        found = [each for each in self.pulls if each["state"] == request.query.get("state", "open")]
        if self.flavour == "github":
            owner, _, branch = request.query.get("head", "").partition(":")
            found = [
                each
                for each in found
                if each["head"]["ref"] == branch
                and owner == "lab"
                and each["base"]["ref"] == request.query["base"]
            ]
            return web.json_response(found)
        # MAX_RESPONSE_ITEMS of a host may be less than was asked for.
        first = (int(request.query.get("page", "1")) - 1) * self.page
        return web.json_response(found[first : first + self.page])

    async def _create(self, request: web.Request) -> web.StreamResponse:
        wanted = json.loads(await request.read())
        try:
            validate(wanted, CREATE)
        except ValidationError as error:
            self.faults.append(error.message)
        refused = 422 if self.flavour == "github" else 409
        if wanted["head"] not in self.branches():
            status = 422 if self.flavour == "github" else 404
            return web.json_response({"message": "Validation Failed"}, status=status)
        ends = (wanted["head"], wanted["base"], "open")
        if any((e["head"]["ref"], e["base"]["ref"], e["state"]) == ends for e in self.pulls):
            words = f"A pull request already exists for lab:{wanted['head']}."
            return web.json_response({"message": words}, status=refused)
        self.pulls.append(self._pull(wanted))
        self.created()
        return web.json_response(self.pulls[-1], status=201)

    def _pull(self, wanted: dict[str, Any]) -> dict[str, Any]:
        number = len(self.pulls) + 1
        return {
            "number": number,
            "state": "open",
            "merged": False,
            "merge_commit_sha": None,
            "html_url": f"https://phishing.example/{number}",
            "title": wanted["title"],
            "body": wanted["body"],
            "head": {"ref": wanted["head"], "repo_id": 1},
            "base": {"ref": wanted["base"], "repo_id": 1},
        }


@asynccontextmanager
async def hosted(made: Pulls) -> AsyncIterator[Pulls]:
    """Serve it on loopback; afterwards nothing that we asked was outside the schema."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        root = "" if made.flavour == "github" else "/api/v1"
        made.base = f"http://127.0.0.1:{runner.addresses[0][1]}{root}"
        yield made
        assert made.faults == []
    finally:
        await runner.cleanup()
