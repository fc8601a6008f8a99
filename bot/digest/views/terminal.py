"""A digest for a terminal: the words of its file, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.digest.domain.digest import Digest
from bot.digest.views import text as text_view
from bot.render.terminal import STYLE


def digest(digest: Digest) -> RenderableType:
    """All of it: nothing is left out for room."""
    return Group(*_lines(digest))


def _lines(digest: Digest) -> Iterator[RenderableType]:
    title, *others = text_view.text(digest).splitlines()
    yield Text(title, style=f"bold {STYLE[digest.verdict]}")
    for line in others:
        if line.startswith("  "):
            yield Padding(Text(line.strip()), (0, 0, 0, 2), expand=False)
        else:
            yield Text(line, style="bold")
