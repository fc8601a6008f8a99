"""What the YAML of a checked-out branch means, each text read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from bot.gitops.refusals import FileReason, Stop
from bot.gitops.tree import Tree
from bot.manifests.limits import excess

MOST_FILES = 5000

Known: TypeAlias = dict[str, list[Any] | Stop]
"""The documents of a text, or why it is not read."""


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

    def patch(self, folder: str, given: str) -> list[Any]:
        """The documents of a patch: written where it stands, or a file named in a folder.

        Raises:
            Stop: It is not there, no YAML, or too much of it.
        """
        if "\n" in given or ":" in given:
            return _once(self._patches, given, lambda: parsed(given, "a patch"))
        path = self.tree.way(folder, given)
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
        return list(yaml.load_all(text, Loader=yaml.CSafeLoader))
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
