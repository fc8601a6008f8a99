"""The answer to `/net matrix`: the broken node or pair in words, the grid, the whole as a file."""

from __future__ import annotations

from bot.core.network.matrix import Matrix
from bot.core.verdict import Verdict
from bot.render import discord as render
from bot.render import matrix as told
from bot.render import terminal_matrix, words

SENTENCES = 8
LINE = 250
GRID = 1500
FILE = "matrix.txt"


def matrix(each: Matrix) -> render.Card:
    """One message, and the whole of it as a file."""
    verdict = each.verdict
    grid = list(told.grid(each))
    shown = sum(map(len, grid)) + len(grid) <= GRID
    parts = [
        f"## {words.MARK[verdict]} {told.HEADS[verdict]}\n{words.plural(len(each.nodes), 'node')}",
        _listed(told.sentences(each)),
        _unseen(tuple(told.unseen(each))),
        render.fence(grid, GRID) if shown else "-# The grid is in the file.",
        f"-# {told.LEGEND}",
    ]
    made = render.card(verdict, [part for part in parts if part], ())
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
