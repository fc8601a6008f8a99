"""A matrix for a terminal, and as plain text for a file."""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType
from rich.text import Text

from bot.core.network.matrix import Matrix
from bot.render import matrix as told
from bot.render import terminal, words

WIDE = 400
PAGE = 300


def matrix(each: Matrix) -> RenderableType:
    """The verdict, what is broken in words, then the grid."""
    parts: list[RenderableType] = [
        Text(told.HEADS[each.verdict], style=f"bold {terminal.STYLE[each.verdict]}")
    ]
    parts += [Text(words.line(one, WIDE)) for one in told.sentences(each)]
    parts += [
        Text.assemble(("not seen: ", "magenta"), words.line(one, WIDE)) for one in told.unseen(each)
    ]
    parts += [Text(""), *(Text(line, no_wrap=True) for line in told.grid(each))]
    parts.append(Text(f"{told.LEGEND}; tried by {words.line(each.prober, WIDE)}", "dim"))
    return Group(*parts)


def text(each: Matrix) -> str:
    """The same without colours, as wide as it needs."""
    page = io.StringIO()
    terminal.show(Console(file=page, width=PAGE, color_system=None), matrix(each))
    return page.getvalue()
