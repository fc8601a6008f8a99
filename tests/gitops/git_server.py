"""A real bare repository behind git's own http-backend on loopback, and what it saw."""

import asyncio
import base64
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from bot.gitops.domain.repository_url import RepositoryAddress, address

TOKEN = "ghp-correct-horse-battery-staple"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "owner",
    "GIT_AUTHOR_EMAIL": "owner@home.lab",
    "GIT_COMMITTER_NAME": "owner",
    "GIT_COMMITTER_EMAIL": "owner@home.lab",
    "LC_ALL": "C",
}


def git(folder: Path, *args: str, stdin: str | None = None) -> str:
    """The git program's answer."""
    done = subprocess.run(  # noqa: S603  # our own arguments
        ["git", "-C", str(folder), *args],  # noqa: S607  # the one that is installed
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        input=stdin,
    )
    return done.stdout.strip()


@dataclass
class Repository:
    """A bare repository `lab/home.git` below a folder, and a checkout to commit in."""

    folder: Path
    authorizations: list[str] = field(default_factory=list)
    requests: int = 0
    at: RepositoryAddress = field(default_factory=lambda: at_port(0))

    @property
    def bare(self) -> Path:
        return self.folder / "lab" / "home.git"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def commit(self, files: Mapping[str, str], message: str = "a change") -> str:
        """Write files on main and push them. Returns the commit."""
        for path, text in files.items():
            target = self.work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        git(self.work, "add", "-A")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", message)
        git(self.work, "push", "--quiet", str(self.bare), "HEAD:refs/heads/main")
        return git(self.work, "rev-parse", "HEAD")

    def show(self, branch: str, path: str) -> str:
        """A file of a branch, byte for byte."""
        done = subprocess.run(  # noqa: S603  # our own arguments
            ["git", "-C", str(self.bare), "show", f"{branch}:{path}"],  # noqa: S607
            env=ENVIRONMENT,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    def branches(self) -> list[str]:
        """The names of all branches."""
        found = git(self.bare, "for-each-ref", "--format=%(refname:short)", "refs/heads")
        return found.split()

    def refuse(self, branch: str) -> None:
        """Let pushes to a branch fail, as hosts do with protected ones."""
        hook = self.bare / "hooks" / "update"
        hook.write_text(f'#!/bin/sh\ncase "$1" in {branch}) echo protected >&2; exit 1;; esac\n')
        hook.chmod(0o755)


def repository(folder: Path) -> Repository:
    """An empty one; nothing is served yet."""
    made = Repository(folder)
    made.bare.mkdir(parents=True)
    made.work.mkdir()
    git(made.bare, "init", "--quiet", "--bare", "-b", "main")
    git(made.bare, "config", "http.receivepack", "true")
    git(made.work, "init", "--quiet", "-b", "main")
    return made


def at_port(port: int) -> RepositoryAddress:
    found = address(f"http://127.0.0.1:{port}/lab/home.git")
    assert found is not None
    return found


Handler = Callable[[web.Request], "web.StreamResponse | None"]


@asynccontextmanager
async def served(
    made: Repository, first: Handler = lambda _request: None
) -> AsyncIterator[Repository]:
    """Serve it to whoever knows the token; `first` may answer in place of it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        made.requests += 1
        made.authorizations.append(request.headers.get("Authorization", ""))
        if (early := first(request)) is not None:
            return early
        if not _knows(request):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        return await _backend(made.folder, request)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.at = at_port(runner.addresses[0][1])
        yield made
    finally:
        await runner.cleanup()


def _knows(request: web.Request) -> bool:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    return base64.b64decode(encoded).decode().partition(":")[2] == TOKEN


async def _backend(folder: Path, request: web.Request) -> web.Response:
    """One CGI request, as RFC 3875 has it."""
    environment = {
        **ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query_string,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "HTTP_GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REMOTE_USER": "meshmedic",
    }
    body = await request.read()
    environment["CONTENT_LENGTH"] = str(len(body))
    program = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await program.communicate(body)
    head, _, content = out.partition(b"\r\n\r\n")
    headers = {
        line.split(": ", 1)[0]: line.split(": ", 1)[1] for line in head.decode().splitlines()
    }
    status = int(headers.pop("Status", "200").split()[0])
    return web.Response(status=status, headers=headers, body=content)
