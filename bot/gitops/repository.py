"""The configured repository: branches as trees in memory, and commits on the bot's branches."""

from __future__ import annotations

import asyncio
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from dulwich.errors import (
    ApplyDeltaError,
    ChecksumMismatch,
    FileFormatException,
    GitProtocolError,
    HangupException,
    NotGitRepository,
    WrongObjectException,
)
from dulwich.object_store import MemoryObjectStore, iter_tree_contents
from dulwich.objects import Blob, Commit, ShaFile
from dulwich.objects import Tree as Folder
from dulwich.pack import pack_objects_to_data
from dulwich.repo import MemoryRepo

from bot.errors import RepositoryError
from bot.gitops.domain.repository_url import RepositoryAddress
from bot.gitops.source import HEADS
from bot.gitops.transport import Limits, Wire
from bot.gitops.tree import Tree

T = TypeVar("T")

MOST_ENTRIES = 100_000
DEFAULT = Limits()
AUTHOR = "meshmedic <meshmedic@users.noreply.localhost>"
FOREIGN = (
    *(GitProtocolError, HangupException, NotGitRepository, FileFormatException),
    *(ChecksumMismatch, ApplyDeltaError, WrongObjectException, zlib.error, EOFError, OSError),
    *(LookupError, ValueError, AssertionError, TypeError),
)
"""What the library raises where the answer is not Git, or is cut off."""


@dataclass(frozen=True, slots=True)
class Branch:
    """The tip of a branch. `ours` tells whether the bot made the commit."""

    commit: str
    tree: Tree
    ours: bool
    root: bytes


@dataclass(frozen=True, slots=True)
class Fetched:
    """The tips of the requested branches that exist."""

    branches: Mapping[str, Branch]
    store: MemoryObjectStore


@dataclass(frozen=True, slots=True)
class Commission:
    """A commit that changes one file."""

    path: str
    text: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Git:
    """The repository of the settings. Each call is one conversation, in its own thread."""

    at: RepositoryAddress
    token: str
    limits: Limits = DEFAULT

    async def fetch(self, *branches: str) -> Fetched:
        """Read the tips of branches, without history; a branch that does not exist is left out.

        Raises:
            RepositoryError: It cannot be read, takes too long or is too large.
        """
        return await self._alone(lambda wire: _fetched(wire, branches))

    async def push(
        self, fetched: Fetched, branch: str, onto: Branch, commission: Commission
    ) -> str:
        """Push one commit on top of a fetched tip as the branch. Returns its id.

        The branch must stand where it was fetched (or not be there).

        Raises:
            RepositoryError: It is refused, or the branch has moved.
        """
        objects = _commit(fetched.store, onto, commission)
        before = fetched.branches.get(branch)
        expected = before.commit.encode() if before else None
        await self._alone(lambda wire: _pushed(wire, branch, expected, objects))
        return str(objects[-1].id.decode())

    async def _alone(self, talk: Callable[[Wire], T]) -> T:
        wire = Wire(self.at, self.token, self.limits)
        try:
            # The wire ends by itself; this is for the time that unpacking takes.
            async with asyncio.timeout(2 * self.limits.seconds):
                return await asyncio.to_thread(talk, wire)
        except TimeoutError:
            raise RepositoryError(f"{self.at.page}: reading it took too long.") from None
        except FOREIGN as error:
            why = str(error).replace(self.token, "") or type(error).__name__
            raise RepositoryError(
                f"{self.at.page}: the answer is not Git's: {why[:200]}."
            ) from error
        finally:
            wire.close()


def _fetched(wire: Wire, branches: tuple[str, ...]) -> Fetched:
    repo = MemoryRepo()
    store: Any = repo.object_store
    names = [f"{HEADS}{branch}".encode() for branch in branches]

    def wants(refs: Mapping[Any, Any], depth: int | None = None) -> list[Any]:
        del depth
        return list(dict.fromkeys(refs[ref] for ref in names if ref in refs))

    result = wire.fetch("", repo, determine_wants=wants, depth=1, ref_prefix=names)
    refs: Mapping[Any, Any] = result.refs
    tips = zip(branches, map(refs.get, names), strict=True)
    return Fetched({branch: _branch(store, tip) for branch, tip in tips if tip}, store)


def _branch(store: MemoryObjectStore, tip: Any) -> Branch:
    commit = store[tip]
    if not isinstance(commit, Commit):
        raise RepositoryError("A branch of the repository is no commit.")
    entries = {
        entry.path.decode(errors="surrogateescape"): entry
        for entry in islice(iter_tree_contents(store, commit.tree), MOST_ENTRIES + 1)
    }
    if len(entries) > MOST_ENTRIES:
        raise RepositoryError(f"The branch has more than {MOST_ENTRIES} files.")
    files = {path: entry.sha for path, entry in entries.items() if stat.S_ISREG(entry.mode)}
    tree = Tree(_Blobs(store, files), frozenset(entries.keys() - files.keys()))
    return Branch(tip.decode(), tree, commit.author == AUTHOR.encode(), commit.tree)


class _Blobs(Mapping[str, bytes]):
    """The files of a tree, each unpacked when it is read."""

    def __init__(self, store: MemoryObjectStore, blobs: Mapping[str, Any]) -> None:
        self._store, self._blobs = store, blobs

    def __getitem__(self, path: str) -> bytes:
        blob: Any = self._store[self._blobs[path]]
        content: bytes = blob.data
        return content

    def __iter__(self) -> Iterator[str]:
        return iter(self._blobs)

    def __len__(self) -> int:
        return len(self._blobs)


def _commit(store: MemoryObjectStore, onto: Branch, commission: Commission) -> list[Any]:
    """The new objects; the commit is the last. The same commission makes the same commit."""
    blob = Blob.from_string(commission.text.encode())
    objects: list[ShaFile] = [blob]
    root = _with(store, onto.root, commission.path.encode().split(b"/"), blob.id, objects)
    commit = Commit()
    parent: Any = onto.commit.encode()
    commit.tree, commit.parents = root, [parent]
    commit.author = commit.committer = AUTHOR.encode()
    commit.author_time = commit.commit_time = int(commission.at.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = commission.message.encode()
    return [*objects, commit]


def _with(
    store: MemoryObjectStore, root: Any, parts: list[bytes], blob: Any, objects: list[ShaFile]
) -> Any:
    """The id of a folder in which one file below it is replaced, with the same mode."""
    before: Any = store[root]
    folder = Folder()
    for entry in before.iteritems():
        folder.add(entry.path, entry.mode, entry.sha)
    mode, old = before[parts[0]]
    below = _with(store, old, parts[1:], blob, objects) if parts[1:] else blob
    folder[parts[0]] = (mode, below)
    objects.append(folder)
    return folder.id


def _pushed(wire: Wire, branch: str, expected: bytes | None, objects: list[Any]) -> None:
    ref = f"{HEADS}{branch}".encode()

    def update(refs: Mapping[Any, Any]) -> dict[Any, Any]:
        if refs.get(ref) != expected:
            raise RepositoryError(f"The branch {branch} has moved meanwhile. Ask again.")
        return {ref: objects[-1].id}

    def pack(*_args: Any, **_options: Any) -> tuple[int, Iterator[Any]]:
        return pack_objects_to_data([(blob, None) for blob in objects])

    result = wire.send_pack("", update, pack)
    for error in (result.ref_status or {}).values():
        if error:
            raise RepositoryError(
                f"The push of {branch} was refused: {str(error)[:200]}. Let the token push "
                "branches that begin with meshmedic/."
            )
