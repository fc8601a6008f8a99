"""A unified diff that `git apply` and `patch -p1` accept."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

LINES = re.compile(r"[^\n]*\n|[^\n]+")
UNENDED = "\n\\ No newline at end of file\n"
"""The note of diff and patch below a last line without a line end."""


def difference(path: str, before: str, after: str) -> Iterator[str]:
    """The lines of the diff of two texts; none where they are the same."""
    old, new = LINES.findall(before), LINES.findall(after)
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"):
        yield line if line.endswith("\n") else line + UNENDED
