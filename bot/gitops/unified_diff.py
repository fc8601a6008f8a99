"""A unified difference that `git apply` and `patch -p1` take."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

LINES = re.compile(r"[^\n]*\n|[^\n]+")
UNENDED = "\n\\ No newline at end of file\n"
"""What diff and patch write below a last line without an end."""


def difference(path: str, before: str, after: str) -> Iterator[str]:
    """Its lines; nothing where the texts are the same."""
    old, new = LINES.findall(before), LINES.findall(after)
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"):
        yield line if line.endswith("\n") else line + UNENDED
