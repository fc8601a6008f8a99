"""The answer to `/net matrix`: the broken node or pair in words, the grid, the whole as a file."""

from __future__ import annotations

from collections.abc import Sequence

from bot.charts.spec import Undrawn
from bot.domain.verdict import Verdict
from bot.net.mesh.matrix import Matrix
from bot.net.views import chart as heat_map
from bot.net.views import terminal_matrix
from bot.net.views import text_matrix as told
from bot.render import cards as render
from bot.render import text as words

SENTENCES = 8
LINE = 250
GRID = 1500
FILE = "matrix.txt"
PICTURE = "matrix.png"


def matrix(
    each: Matrix, drawn: bytes | Undrawn | None = None, rows: Sequence[render.Row] = ()
) -> render.Card:
    """One message with its picture where there is one, and the whole of it as a file."""
    verdict = each.verdict
    grid = list(told.grid(each))
    shown = sum(map(len, grid)) + len(grid) <= GRID
    picture = isinstance(drawn, bytes)
    parts = [
        f"## {words.MARK[verdict]} {told.HEADS[verdict]}\n{told.headline(each)}",
        _listed(told.sentences(each)),
        _unseen(tuple(told.unseen(each))),
        "" if picture else render.fence(grid, GRID) if shown else "-# The grid is in the file.",
        f"-# No picture: {drawn.why}" if isinstance(drawn, Undrawn) else "",
        "" if picture else f"-# {told.LEGEND}",
    ]
    made = render.card(verdict, [part for part in parts if part], rows)
    if isinstance(drawn, bytes):
        made = render.with_picture(made, render.Attachment(PICTURE, drawn), heat_map.alt(each))
    whole = render.Attachment(FILE, terminal_matrix.text(each).encode())
    return render.with_files(made, (whole,))


def _listed(sentences: tuple[str, ...]) -> str:
    lines = [render.escape(words.line(one, LINE)) for one in sentences[:SENTENCES]]
    if len(sentences) > SENTENCES:
        lines.append(f"-# … and {len(sentences) - SENTENCES} more in the file")
    return "\n".join(lines)


def _unseen(lines: tuple[str, ...]) -> str:
    if not lines:
        return ""
    shown = "\n".join(render.code(one, LINE) for one in lines[:3])
    more = f"\n-# … and {len(lines) - 3} more in the file" if len(lines) > 3 else ""  # noqa: PLR2004
    return f"{words.MARK[Verdict.UNKNOWN]} **not seen**\n{shown}{more}"
