"""YAML texts: their objects, nodes and data; those of a branch are parsed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import yaml

from bot.gitops.refusals import FileReason, Stop
from bot.gitops.tree import Tree
from bot.manifests.edit import Splice, documents, splice
from bot.manifests.limits import excess
from bot.manifests.loading import load_all
from bot.routing.native_lb import Path

MOST_FILES = 5000
MOST_BYTES = 16 * 1024 * 1024
"""Of all files that are read as YAML."""
MOST_OBJECTS = 5000
"""Documents of a text, and items of their lists."""

Known: TypeAlias = dict[str, list[Any] | Stop]
"""The documents of a text, or why it cannot be read."""


def objects(document: Any) -> Iterator[tuple[Path, Any]]:
    """The document, or the items of the list that it is."""
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        for index, item in enumerate(document["items"]):
            yield ("items", index), item
    else:
        yield (), document


class Original:
    """A file before an edit: its text, nodes and data.

    Raises:
        yaml.YAMLError: It is not YAML.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.roots = documents(text)
        self.data = meaning(text)

    def objects(self) -> Iterator[tuple[int, Path, Any]]:
        """Every object: the number of its document, its path in it, and itself."""
        for number, document in enumerate(self.data):
            for prefix, manifest in objects(document):
                yield number, prefix, manifest

    def becomes(self, splices: Sequence[Splice], change: Callable[[list[Any]], object]) -> bool:
        """Whether the splices change the text exactly as `change` changes its data."""
        # A deep copy, so that aliases do not share objects.
        expected = [msgspec.to_builtins(document) for document in self.data]
        change(expected)
        try:
            return meaning(splice(self.text, splices)) == expected
        except (yaml.YAMLError, ValueError):
            return False


def meaning(text: str) -> list[Any]:
    """The documents of a text.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    return load_all(text)


def at(document: Any, path: Path) -> Any:
    """The value at a path."""
    for step in path:
        document = document[step]
    return document


def encrypted(document: Any) -> bool:
    """Whether a document is encrypted by SOPS."""
    return isinstance(document, dict) and "sops" in document


@dataclass
class Texts:
    """The files of a tree, and the patches that are written in them."""

    tree: Tree
    _files: Known = field(default_factory=dict)
    _patches: Known = field(default_factory=dict)
    _read: int = 0
    _bytes: int = 0

    @property
    def full(self) -> bool:
        """Whether no more is read."""
        return self._read > MOST_FILES or self._bytes > MOST_BYTES

    def file(self, path: str) -> list[Any]:
        """The documents of a file, which are kept.

        Raises:
            Stop: It is not YAML, or too large.
        """
        return _once(self._files, path, lambda: self.glance(path))

    def glance(self, path: str) -> list[Any]:
        """The documents of a file, which are not kept.

        Raises:
            Stop: It is not YAML, or too large.
        """
        text = self.tree.text(path)
        self._read, self._bytes = self._read + 1, self._bytes + len(text)
        if self.full:
            most = MOST_BYTES // 1024 // 1024
            raise Stop(
                FileReason.TOO_LARGE,
                f"more than {MOST_FILES:,} YAML files, or more than {most} MiB of them",
            )
        return parsed(text, path)

    def patch(self, folder: str, patch: str) -> list[Any]:
        """The documents of a patch: inline YAML, or the name of a file in a folder.

        Raises:
            Stop: It does not exist, is not YAML, or is too large.
        """
        if "\n" in patch or ":" in patch:
            return _once(self._patches, patch, lambda: parsed(patch, "a patch"))
        path = self.tree.way(folder, patch)
        if path not in self.tree.files:
            raise Stop(FileReason.UNREADABLE, f"{path} is not there")
        return self.file(path)


def parsed(text: str, path: str) -> list[Any]:
    """The documents of a text.

    Raises:
        Stop: It is not YAML, or too large.
    """
    try:
        if too_much := excess(text):
            raise Stop(FileReason.TOO_LARGE, f"{path}: {too_much.why.rstrip('.')}")
        loaded = meaning(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Stop(FileReason.UNREADABLE, path) from None
    if sum(1 for document in loaded for _ in objects(document)) > MOST_OBJECTS:
        raise Stop(FileReason.TOO_LARGE, f"{path} has more than {MOST_OBJECTS:,} objects")
    return loaded


def _once(known: Known, key: str, parse: Callable[[], list[Any]]) -> list[Any]:
    if key not in known:
        try:
            known[key] = parse()
        except Stop as stop:
            known[key] = stop
    documents = known[key]
    if isinstance(documents, Stop):
        # A new one each time, as an exception keeps references to frames.
        raise Stop(documents.reason, documents.detail)
    return documents
