"""A checked-out branch in memory, and paths that do not leave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bot.gitops.refusals import FileReason, Stop

MOST = 1024 * 1024
"""Bytes of a file; larger ones are not read."""

LONGEST = 4096
"""Characters of a path that a file names, as Linux takes them (PATH_MAX)."""


@dataclass(frozen=True)
class Tree:
    """Every file by its path (no leading slash), and the paths of links and submodules."""

    files: Mapping[str, bytes]
    links: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def folders(self) -> Mapping[str, frozenset[str]]:
        """The names in each folder; the root is the empty path."""
        names_by_folder: dict[str, set[str]] = {"": set()}
        for path in (*self.files, *self.links):
            parts = path.split("/")
            for depth, part in enumerate(parts):
                names_by_folder.setdefault("/".join(parts[:depth]), set()).add(part)
        return {folder: frozenset(names) for folder, names in names_by_folder.items()}

    def text(self, path: str) -> str:
        """A file's text.

        Raises:
            Stop: It is too large, or not UTF-8.
        """
        content = self.files[path]
        if len(content) > MOST:
            raise Stop(FileReason.TOO_LARGE, f"{path} has more than {MOST // 1024} KiB")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise Stop(FileReason.UNREADABLE, f"{path} is not UTF-8 text") from None

    def way(self, base: str, relative: str) -> str:
        """Resolve a path that is relative to a folder; the empty path is the root.

        Raises:
            Stop: It leaves the tree, or goes through a link.
        """
        if len(relative) > LONGEST:
            raise Stop(FileReason.TOO_LARGE, f"a path has more than {LONGEST:,} characters")
        parts: list[str] = base.split("/") if base else []
        for part in relative.split("/"):
            if part == ".." and not parts:
                raise Stop(FileReason.OUTSIDE, relative)
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
                if (path := "/".join(parts)) in self.links:
                    raise Stop(FileReason.LINK, path)
        return "/".join(parts)


def joined(folder: str, name: str) -> str:
    """A path below a folder; the root is empty."""
    return "/".join(filter(None, (folder, name)))
