"""The picture of a matrix as tiles, and a description of it for people who cannot see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.charts.spec import HeatMap, Key, Sign, Tile
from bot.net.mesh.matrix import By, Cell, Matrix, Pair
from bot.net.views import text
from bot.render import text as words

MOST = 60
"""The most nodes of one picture: with more, tiles cannot be distinguished."""

NAME = 18
ALT = 1000
"""Characters of the text that stands for a picture; Discord takes 1,024."""

TITLE = "Round trips between nodes"

KEY = (
    Key(Tile(Sign.WELL, 5.0, ""), "everything gets through; ms, brighter is slower"),
    Key(Tile(Sign.SOME, 5.0, "L"), "not everything: V VIP, L large, U UDP"),
    Key(Tile(Sign.NONE), "nothing gets through"),
    Key(Tile(Sign.UNSEEN), "not seen"),
    Key(Tile(Sign.UNTRIED), "not part of this test"),
    Key(Tile(Sign.SELF), "the node itself"),
)


def heat_map(matrix: Matrix) -> HeatMap:
    """The picture of the nodes that were to be tried; of too many, those with failures."""
    cells = text.by_pair(matrix)
    nodes = text.tested_nodes(matrix)
    names = _chosen(nodes, cells)
    some = f"{len(names)} of {len(nodes)} nodes" if len(names) < len(nodes) else ""
    rows = tuple(tuple(_tile((row, column), cells, matrix) for column in names) for row in names)
    signs = {tile.sign for row in rows for tile in row}
    return HeatMap(
        title=TITLE,
        subtitle=f"{some or words.plural(len(names), 'node')}, from row to column",
        names=tuple(words.line(name, NAME) or "?" for name in names),
        rows=rows,
        key=tuple(key for key in KEY if key.tile.sign in signs),
    )


def alt(matrix: Matrix) -> str:
    """The picture row by row, in words; the message next to it says the rest."""
    cells = text.by_pair(matrix)
    names = _chosen(text.tested_nodes(matrix), cells)
    count = words.plural(len(names), "node")
    rows = (_row(row, names, cells, matrix) for row in names)
    return words.whole(f"Heat map of {count}: round trips in ms.", rows, "row", ALT)


def _row(
    row: str, names: Sequence[str], cells: Mapping[Pair, Sequence[Cell]], matrix: Matrix
) -> str:
    to = (
        f"{words.line(column, NAME) or '?'} {means}"
        for column in names
        if (means := _means(_tile((row, column), cells, matrix)))
    )
    return f"From {words.line(row, NAME) or '?'}: {', '.join(to) or 'nothing tested'}."


def _means(tile: Tile) -> str:
    took = "" if tile.value is None else f"{tile.value:.0f}" if tile.value >= 1 else "under 1"
    match tile.sign:
        case Sign.WELL:
            return took or "reached"
        case Sign.SOME:
            return f"{took} without {tile.note}".lstrip()
        case Sign.NONE:
            return "unreachable"
        case Sign.UNSEEN:
            return "not seen"
        case _:
            return ""


def _chosen(names: Sequence[str], cells: Mapping[Pair, Sequence[Cell]]) -> tuple[str, ...]:
    """All, else those of which something fails; what is well needs no picture."""
    if len(names) <= MOST:
        return tuple(names)
    bad = {node for pair, tests in cells.items() for node in pair if not all(c.ok for c in tests)}
    return tuple(name for name in names if name in bad or not bad)[:MOST]


def _tile(pair: Pair, cells: Mapping[Pair, Sequence[Cell]], matrix: Matrix) -> Tile:
    if pair[0] == pair[1]:
        return Tile(Sign.SELF)
    tests = cells.get(pair, ())
    if not tests:
        return Tile(Sign.UNSEEN if text.expected(pair, matrix) else Sign.UNTRIED)
    took = next((cell.took for cell in tests if cell.test is By.POD), None)
    if any(cell.test is By.POD and not cell.well for cell in tests):
        return Tile(Sign.NONE)
    if letters := text.letters(tests):
        return Tile(Sign.SOME, took, letters)
    return Tile(Sign.WELL, took)
