"""A matrix for a terminal, and as plain text for a file."""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType
from rich.text import Text

from bot.net.mesh.matrix import Matrix
from bot.net.views import text_matrix as told
from bot.render import terminal
from bot.render import text as words

WIDE = 400
PAGE = 300


def matrix(each: Matrix, width: int = PAGE) -> RenderableType:
    """The verdict, what is broken in words, then the grid, in blocks that fit into `width`."""
    parts: list[RenderableType] = [
        Text(told.HEADS[each.verdict], style=f"bold {terminal.STYLE[each.verdict]}")
    ]
    parts.append(Text(told.headline(each)))
    parts += [Text(words.line(one, WIDE)) for one in told.sentences(each)]
    parts += [
        Text.assemble(("not seen: ", "magenta"), words.line(one, WIDE)) for one in told.unseen(each)
    ]
    parts += [Text(""), *(Text(line, no_wrap=True) for line in told.grid(each, width))]
    parts.append(Text(f"{told.LEGEND}; tried by {words.line(each.prober, WIDE)}", "dim"))
    return Group(*parts)


def text(each: Matrix) -> str:
    """The same without colours, as wide as it needs."""
    page = io.StringIO()
    terminal.show(Console(file=page, width=PAGE, color_system=None), matrix(each))
    return page.getvalue()
