"""Golden files: what a person sees and what is stored, word for word, so that a change is a diff.

Each area is a module with a table `PAGES` from a file's name to a function without arguments that
makes its text; test_golden.py compares them all with the files under `files/<area>/`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

import pytest

FILES = Path(__file__).parent / "files"
MOST = 200
"""Lines of a difference that are shown."""

RENEW = "If that is what you want: `make golden`, then review the diff of tests/golden/files."

Pages = Mapping[str, Callable[[], str]]
"""By the name of the file in the area's folder; the extension says what it holds."""


def compare(name: str, text: str, *, write: bool) -> None:
    """Hold a text against the golden file `name`, or write it there.

    Fails with the unified difference where they differ, and where there is no such file.
    """
    path = FILES / name
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    if not path.is_file():
        pytest.fail(f"There is no golden file {name}. {RENEW}", pytrace=False)
    kept = path.read_text(encoding="utf-8")
    if kept != text:
        pytest.fail(f"{name} differs.\n{_difference(kept, text)}\n{RENEW}", pytrace=False)


def _difference(kept: str, text: str) -> str:
    lines = difflib.unified_diff(
        kept.splitlines(), text.splitlines(), "golden", "now", lineterm="", n=2
    )
    shown = list(islice(lines, MOST + 1))
    more = ["(the rest is left out)"] if len(shown) > MOST else []
    # Where the lines are the same, the difference is in how they end.
    return "\n".join([*shown[:MOST], *more]) or f"{kept[-40:]!r}\n{text[-40:]!r}"
