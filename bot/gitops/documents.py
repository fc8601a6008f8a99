"""YAML texts: their objects, their nodes, and what they mean; of a branch each read once."""

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
from bot.routing.native_lb import Path

MOST_FILES = 5000

Known: TypeAlias = dict[str, list[Any] | Stop]
"""The documents of a text, or why it is not read."""


def objects(document: Any) -> Iterator[tuple[Path, Any]]:
    """The document, or the items of the list that it is."""
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        for index, item in enumerate(document["items"]):
            yield ("items", index), item
    else:
        yield (), document


class Original:
    """A file as it was: its text, where its nodes stand, and what they mean.

    Raises:
        yaml.YAMLError: It is not YAML.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.roots = documents(text)
        self.data = meaning(text)

    def objects(self) -> Iterator[tuple[int, Path, Any]]:
        """Every object: its document, its place in that, and itself."""
        for number, document in enumerate(self.data):
            for prefix, manifest in objects(document):
                yield number, prefix, manifest

    def becomes(self, splices: Sequence[Splice], change: Callable[[list[Any]], object]) -> bool:
        """Whether the splices do to the text just what `change` does to its meaning."""
        # Written out and read again, so that what aliases share is no longer shared.
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
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def at(document: Any, path: Path) -> Any:
    """What stands at a path."""
    for step in path:
        document = document[step]
    return document


def encrypted(document: Any) -> bool:
    """Whether SOPS encrypted it."""
    return isinstance(document, dict) and "sops" in document


@dataclass
class Texts:
    """The files of a tree, and the patches that are written in them."""

    tree: Tree
    _files: Known = field(default_factory=dict)
    _patches: Known = field(default_factory=dict)

    def file(self, path: str) -> list[Any]:
        """The documents of a file.

        Raises:
            Stop: It is no YAML, or too much of it.
        """
        if path not in self._files and len(self._files) >= MOST_FILES:
            raise Stop(FileReason.TOO_LARGE, f"more than {MOST_FILES} files")
        return _once(self._files, path, lambda: parsed(self.tree.text(path), path))

    def patch(self, folder: str, patch: str) -> list[Any]:
        """The documents of a patch: written where it stands, or a file named in a folder.

        Raises:
            Stop: It is not there, no YAML, or too much of it.
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
        Stop: It is no YAML, or too much of it.
    """
    try:
        if too_much := excess(text):
            raise Stop(FileReason.TOO_LARGE, f"{path}: {too_much.why.rstrip('.')}")
        return meaning(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Stop(FileReason.UNREADABLE, path) from None


def _once(known: Known, key: str, parse: Callable[[], list[Any]]) -> list[Any]:
    if key not in known:
        try:
            known[key] = parse()
        except Stop as stop:
            known[key] = stop
    documents = known[key]
    if isinstance(documents, Stop):
        # Another one each time: an exception keeps the frames that it went through.
        raise Stop(documents.reason, documents.detail)
    return documents
