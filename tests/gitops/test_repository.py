"""Git on a real wire: a bare repository behind git's own http-backend."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.errors import RepositoryError
from bot.gitops.domain.repository_url import RepositoryAddress
from bot.gitops.refusals import Stop
from bot.gitops.repository import DEFAULT, Commission, Fetched, Git
from bot.gitops.transport import Limits
from tests.gitops.git_server import TOKEN, Handler, Repository, at_port, git, repository, served

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Wire:
    """Git in a thread, so that the server answers meanwhile."""

    at: RepositoryAddress
    token: str
    limits: Limits = DEFAULT

    async def fetch(self, *branches: str) -> Fetched:
        return await asyncio.to_thread(Git(self.at, self.token, self.limits).fetch, *branches)

    async def push(self, *what: Any) -> str:
        return await asyncio.to_thread(Git(self.at, self.token, self.limits).push, *what)


AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
FILES = {
    "apps/web.yaml": "kind: Service\n",
    "apps/db/db.yaml": "kind: Service\r\n# é\n",
    "run": "x",
}
QUICK = Limits(seconds=1.5, bytes=1024 * 1024)


def a_change(path: str = "apps/web.yaml", text: str = "kind: Ingress\n") -> Commission:
    return Commission(path, text, "Change the web\n", AT)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Repository]:
    made = repository(tmp_path)
    made.commit({"old": "1"})
    (made.work / "run").write_text("x")
    (made.work / "run").chmod(0o755)
    (made.work / "link").symlink_to("apps")
    made.commit(FILES)
    async with served(made) as one:
        yield one


async def test_a_branch_is_read_into_memory_with_every_byte_and_its_links(home: Repository):
    """History is not: the commit before is unknown."""
    fetched = await Wire(home.at, TOKEN).fetch("main", "meshmedic/none")
    assert list(fetched.branches) == ["main"]
    main = fetched.branches["main"]
    assert {path: main.tree.text(path) for path in FILES} == FILES
    assert main.tree.links == {"link"}
    assert main.commit == git(home.bare, "rev-parse", "main")
    assert bytes.fromhex(git(home.bare, "rev-parse", "main~1")) not in main.pack
    assert not main.ours


async def test_a_commit_changes_one_file_and_keeps_every_other_with_its_mode(home: Repository):
    """On a branch of its own, on top of main."""
    wire = Wire(home.at, TOKEN)
    fetched = await wire.fetch("main", "meshmedic/x")
    commit = await wire.push(
        fetched, "meshmedic/x", fetched.branches["main"], a_change("apps/db/db.yaml", "new: 1\r\n")
    )
    assert git(home.bare, "rev-parse", "meshmedic/x") == commit
    assert git(home.bare, "rev-parse", "meshmedic/x~1") == git(home.bare, "rev-parse", "main")
    changed = git(home.bare, "diff", "--raw", "main", "meshmedic/x").splitlines()
    assert [each.split("\t")[1] for each in changed] == ["apps/db/db.yaml"]
    assert home.show("meshmedic/x", "apps/db/db.yaml") == "new: 1\r\n"
    assert git(home.bare, "fsck", "--strict") == ""
    again = await wire.fetch("main", "meshmedic/x")
    assert again.branches["meshmedic/x"].ours


async def test_a_branch_that_moved_meanwhile_is_not_overwritten(home: Repository):
    """What was not seen is not lost."""
    wire = Wire(home.at, TOKEN)
    fetched = await wire.fetch("main", "meshmedic/x")
    git(home.bare, "branch", "meshmedic/x", "main")
    with pytest.raises(RepositoryError, match="has moved meanwhile"):
        await wire.push(fetched, "meshmedic/x", fetched.branches["main"], a_change())
    assert git(home.bare, "rev-parse", "meshmedic/x") == git(home.bare, "rev-parse", "main")


async def test_a_refused_push_says_so(home: Repository):
    """As where a rule of the host forbids the branch."""
    home.refuse("refs/heads/meshmedic/*")
    wire = Wire(home.at, TOKEN)
    fetched = await wire.fetch("main")
    with pytest.raises(RepositoryError, match="The push of meshmedic/x was refused"):
        await wire.push(fetched, "meshmedic/x", fetched.branches["main"], a_change())


async def test_a_wrong_token_is_told_without_it(home: Repository):
    """An expired one looks the same."""
    with pytest.raises(RepositoryError, match="wrong, or it has expired") as caught:
        await Wire(home.at, "not-the-token-at-all").fetch("main")
    assert "not-the-token" not in str(caught.value)


async def test_what_is_larger_than_the_limit_is_not_read(home: Repository):
    """Random text, which no compression makes small."""
    home.commit({"large": os.urandom(1_500_000).hex()})
    with pytest.raises(Stop, match="larger than 1 MiB"):
        await Wire(home.at, TOKEN, QUICK).fetch("main")


def moved(to: str) -> Handler:
    return lambda _request: web.Response(status=301, headers={"Location": to})


async def test_the_token_follows_no_redirect(tmp_path: Path):
    """Neither to another host nor to another path of the same one."""
    thief = repository(tmp_path / "thief")
    thief.commit(FILES)
    mine = repository(tmp_path / "mine")
    async with served(thief) as other:
        there = f"{other.at.url}/info/refs?service=git-upload-pack"
        async with served(mine, moved(there)) as one:
            with pytest.raises(RepositoryError, match="redirect, which the token does not follow"):
                await Wire(one.at, TOKEN).fetch("main")
    assert mine.requests == 1
    assert thief.authorizations == []


ANSWERS = {
    "a page": (web.Response(text="<html>hello</html>", content_type="text/html"), "not Git's"),
    "nothing of Git": (
        web.Response(
            body=b"hello", headers={"Content-Type": "application/x-git-upload-pack-advertisement"}
        ),
        "not Git's",
    ),
    "not there": (web.Response(status=404), "no such repository"),
    "forbidden": (web.Response(status=403), "may not do this"),
    "broken": (web.Response(status=502), "HTTP 502. Try again later"),
}


@pytest.mark.parametrize(("answer", "words"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_every_other_answer_is_a_clear_error(
    tmp_path: Path, answer: web.Response, words: str
):
    """With the repository's page, and what to do."""
    async with served(repository(tmp_path), lambda _request: answer) as one:
        with pytest.raises(RepositoryError, match=words) as caught:
            await Wire(one.at, TOKEN).fetch("main")
    assert one.at.page in str(caught.value)
    assert TOKEN not in str(caught.value)


HALVES = {
    "nothing": b"",
    "no line of Git's": b"hello",
    "a pack that ends": b"000dpackfile\n0010\x01PACK\x00\x00\x00\x02" + b"0000",
    "a pack of nonsense": b"000dpackfile\n0025\x01PACK\x00\x00\x00\x02\x00\x00\x00\x01"
    + b"\xff" * 20,
}


@pytest.mark.parametrize("body", HALVES.values(), ids=HALVES.keys())
async def test_half_an_answer_is_a_clear_error(tmp_path: Path, body: bytes):
    """Where the second request, or the third, ends in the middle."""
    made = repository(tmp_path)
    made.commit(FILES)

    def broken(request: web.Request) -> web.StreamResponse | None:
        if request.method != "POST" or made.requests < 3:
            return None
        kind = {"Content-Type": "application/x-git-upload-pack-result"}
        return web.Response(body=body, headers=kind)

    async with served(made, broken) as one:
        with pytest.raises(RepositoryError, match="not Git's"):
            await Wire(one.at, TOKEN).fetch("main")
    assert made.requests == 3


async def test_a_host_that_is_not_there_is_a_clear_error(tmp_path: Path):
    """Nothing listens."""
    async with served(repository(tmp_path)) as one:
        at = one.at
    with pytest.raises(RepositoryError, match="no answer"):
        await Wire(at, TOKEN).fetch("main")


async def test_a_host_that_hangs_is_given_up(tmp_path: Path):
    """It accepts, and says nothing."""
    over = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    at = at_port(server.sockets[0].getsockname()[1])
    try:
        with pytest.raises(RepositoryError, match="no answer"):
            await Wire(at, TOKEN, Limits(seconds=0.5)).fetch("main")
    finally:
        over.set()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.05)
