"""The configured repository: branches as trees in memory, and commits on the bot's branches.

It runs in a process of its own, since the content is whatever somebody pushed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
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
from dulwich.objects import Blob, Commit, ShaFile
from dulwich.objects import Tree as Folder
from dulwich.pack import pack_objects_to_data
from dulwich.repo import MemoryRepo

from bot.errors import RepositoryError
from bot.gitops.domain.repository_url import RepositoryAddress
from bot.gitops.pack import Pack, PackError
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.source import HEADS
from bot.gitops.transport import Limits, Wire
from bot.gitops.tree import MOST, Tree

T = TypeVar("T")

MOST_ENTRIES = 50_000
"""Files and folders of a branch."""
MOST_PATHS = 8 * 1024 * 1024
"""Bytes of all their paths."""
DEEPEST = 60
"""Folders in each other."""
FOLDER = b"40000"
FILE = b"100"
"""How the modes of git's files begin; permissions follow."""
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
    pack: Pack


@dataclass(frozen=True, slots=True)
class Fetched:
    """The tips of the requested branches that exist."""

    branches: Mapping[str, Branch]


@dataclass(frozen=True, slots=True)
class Commission:
    """A commit that changes one file."""

    path: str
    text: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Git:
    """The repository of the settings. Each call is one conversation, and blocks."""

    at: RepositoryAddress
    token: str
    limits: Limits = DEFAULT

    def fetch(self, *branches: str) -> Fetched:
        """Read the tips of branches, without history; a branch that does not exist is left out.

        Raises:
            RepositoryError: It cannot be read, or takes too long.
            Stop: It is too large.
        """
        return self._alone(lambda wire: _fetched(wire, branches))

    def push(self, fetched: Fetched, branch: str, onto: Branch, commission: Commission) -> str:
        """Push one commit on top of a fetched tip as the branch. Returns its id.

        The branch must stand where it was fetched (or not be there).

        Raises:
            RepositoryError: It is refused, or the branch has moved.
        """
        objects = _commit(onto, commission)
        before = fetched.branches.get(branch)
        expected = before.commit.encode() if before else None
        self._alone(lambda wire: _pushed(wire, branch, expected, objects))
        return str(objects[-1].id.decode())

    def _alone(self, talk: Callable[[Wire], T]) -> T:
        wire = Wire(self.at, self.token, self.limits)
        try:
            return talk(wire)
        except FOREIGN as error:
            why = str(error).replace(self.token, "") or type(error).__name__
            raise RepositoryError(
                f"{self.at.page}: the answer is not Git's: {why[:200]}."
            ) from error
        finally:
            wire.close()


def _fetched(wire: Wire, branches: tuple[str, ...]) -> Fetched:
    names = [f"{HEADS}{branch}".encode() for branch in branches]

    def wants(refs: Mapping[Any, Any], depth: int | None = None) -> list[Any]:
        del depth
        return list(dict.fromkeys(refs[ref] for ref in names if ref in refs))

    received = bytearray()

    def receive(piece: bytes) -> int:
        received.extend(piece)
        return len(piece)

    nothing: Any = MemoryRepo()
    result = wire.fetch_pack(
        "",
        wants,
        nothing.get_graph_walker(),
        receive,
        depth=1,
        ref_prefix=names,
        # A file of exactly the limit is read. Only servers that offer it look at this.
        filter_spec=b"blob:limit=%d" % (MOST + 1),
    )
    refs: Mapping[Any, Any] = result.refs
    tips = {branch: refs[ref] for branch, ref in zip(branches, names, strict=True) if refs.get(ref)}
    if not tips:
        return Fetched({})
    pack = Pack(received)
    return Fetched({branch: _branch(pack, tip) for branch, tip in tips.items()})


def _branch(pack: Pack, tip: Any) -> Branch:
    commit = _object(pack, tip)
    if not isinstance(commit, Commit):
        raise RepositoryError("A branch of the repository isn't a commit.")
    entries = dict(_entries(pack, commit.tree))
    files = {path: name for path, (mode, name) in entries.items() if mode.startswith(FILE)}
    tree = Tree(_Blobs(pack, files), frozenset(entries.keys() - files.keys()))
    return Branch(tip.decode(), tree, commit.author == AUTHOR.encode(), commit.tree, pack)


def _object(pack: Pack, name: Any) -> ShaFile:
    """An object of the library, by its name in hexadecimal digits."""
    kind, content = pack[bytes.fromhex(name.decode())]
    number = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}[kind]
    return ShaFile.from_raw_string(number, content)


def _entries(pack: Pack, root: Any) -> Iterator[tuple[str, tuple[bytes, bytes]]]:
    """Every path but those of folders, with mode and name.

    Folders count too: a tree of few objects that name each other has folders without end.
    """
    pending, count, size = [("", bytes.fromhex(root.decode()), 0)], 0, 0
    while pending:
        folder, name, depth = pending.pop()
        for entry, mode, of in _listed(pack, name):
            path = f"{folder}{entry}"
            count, size = count + 1, size + len(path)
            if count > MOST_ENTRIES or size > MOST_PATHS or depth > DEEPEST:
                raise Stop(FileReason.TOO_LARGE, _TOO_MANY)
            if mode == FOLDER:
                pending.append((f"{path}/", of, depth + 1))
            else:
                yield path, (mode, of)


_TOO_MANY = (
    f"the branch has more than {MOST_ENTRIES:,} files and folders, or more than {DEEPEST} in each "
    "other"
)


def _listed(pack: Pack, name: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """The entries of a folder: name, mode and object. Source: gitformat-pack(5), fsck's rules.

    What has a name that is no UTF-8 has no mode: it can be neither a file nor a folder to us.
    """
    kind, content = pack[name]
    names: set[str] = set()
    at = 0
    while at < len(content):
        space, zero = content.index(b" ", at), content.index(b"\0", at)
        try:
            mode, entry = content[at:space], content[space + 1 : zero].decode()
        except UnicodeDecodeError:
            mode, entry = b"", content[space + 1 : zero].decode(errors="backslashreplace")
        of = content[zero + 1 : zero + 21]
        if kind != b"tree" or "/" in entry or entry in ("", ".", "..") or len(of) < 20:  # noqa: PLR2004  # a name's bytes
            raise PackError("a folder is written wrongly")
        if entry in names:
            raise PackError("a folder has two entries of one name")
        names.add(entry)
        yield entry, mode.lstrip(b"0"), of
        at = zero + 21


class _Blobs(Mapping[str, bytes]):
    """The files of a tree, each unpacked when it is read."""

    def __init__(self, pack: Pack, blobs: Mapping[str, bytes]) -> None:
        self._pack, self._blobs = pack, blobs

    def __getitem__(self, path: str) -> bytes:
        name = self._blobs[path]
        if name not in self._pack:
            raise Stop(FileReason.TOO_LARGE, f"{path} has more than {MOST // 1024} KiB")
        return self._pack[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._blobs)

    def __contains__(self, path: object) -> bool:
        return path in self._blobs

    def __len__(self) -> int:
        return len(self._blobs)


def _commit(onto: Branch, commission: Commission) -> list[Any]:
    """The new objects; the commit is the last. The same commission makes the same commit."""
    blob = Blob.from_string(commission.text.encode())
    objects: list[ShaFile] = [blob]
    root = _with(onto.pack, onto.root, commission.path.encode().split(b"/"), blob.id, objects)
    commit = Commit()
    parent: Any = onto.commit.encode()
    commit.tree, commit.parents = root, [parent]
    commit.author = commit.committer = AUTHOR.encode()
    commit.author_time = commit.commit_time = int(commission.at.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = commission.message.encode()
    return [*objects, commit]


def _with(pack: Pack, root: Any, parts: list[bytes], blob: Any, objects: list[ShaFile]) -> Any:
    """The id of a folder in which one file below it is replaced, with the same mode."""
    before: Any = _object(pack, root)
    folder = Folder()
    for entry in before.iteritems():
        folder.add(entry.path, entry.mode, entry.sha)
    mode, old = before[parts[0]]
    below = _with(pack, old, parts[1:], blob, objects) if parts[1:] else blob
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
