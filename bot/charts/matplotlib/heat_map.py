"""A heat map: rows lead to columns, the title above, what the signs mean below."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from bot.charts.matplotlib.colours import FAINT, GROUND, INK
from bot.charts.matplotlib.tile import Painter
from bot.charts.spec import HeatMap

DOTS = 150
"""Dots an inch."""

LEFT, RIGHT, HEAD, NAMES, FOOT = 1.6, 1.0, 0.55, 1.0, 0.45
"""Inches around the tiles: row names, slanted column names, title, column names, key."""

NARROWEST = 5.4
"""Inches of the whole: the key needs them."""

TILE, LEAST, MOST = 0.62, 2.4, 9.0
"""Inches of one tile where there is room, and of all tiles of a side."""

KEY_LINE = 0.28
"""Inches of a line of the key."""

WITH_NUMBERS = 34
"""Nodes up to which a tile has room for its number."""

LOWEST, HIGHEST = 1.0, 100.0
"""The scale of values; wider where one needs it."""


def draw(each: HeatMap) -> bytes:
    """The picture, as a PNG."""
    count = max(1, len(each.names))
    side = min(MOST, max(LEAST, TILE * count))
    wide = max(NARROWEST, LEFT + side + RIGHT)
    tall = HEAD + NAMES + side + FOOT + KEY_LINE * len(each.key)
    figure = Figure(figsize=(wide, tall), dpi=DOTS, facecolor=GROUND)
    FigureCanvasAgg(figure)
    below = tall - HEAD - NAMES - side
    axes = _axes(figure, (LEFT, below, side, side), count, count)
    _name(axes, each, size=min(10.0, 72 * side / count * 0.62))
    scale = _scale(each)
    painter = Painter(axes, scale, _size(side, count), thick=max(1.2, 72 * side / count / 9))
    for row, tiles in enumerate(each.rows):
        for column, tile in enumerate(tiles):
            painter.paint(column, row, tile)
    painter.hang()
    _say(figure, each, tall)
    _key(figure, each, scale)
    page = io.BytesIO()
    figure.savefig(page, format="png", facecolor=GROUND)
    return page.getvalue()


def _axes(
    figure: Figure, place: tuple[float, float, float, float], columns: float, rows: int
) -> Axes:
    """A field of tiles, its place in inches."""
    wide, tall = figure.get_size_inches()
    left, bottom, width, height = place
    axes = figure.add_axes((left / wide, bottom / tall, width / wide, height / tall))
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_facecolor(GROUND)
    axes.tick_params(length=0, colors=INK)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def _name(axes: Axes, each: HeatMap, *, size: float) -> None:
    places = [number + 0.5 for number in range(len(each.names))]
    axes.xaxis.tick_top()
    axes.tick_params(length=0, colors=INK)
    axes.set_xticks(places, labels=each.names, rotation=50, ha="left", rotation_mode="anchor")
    axes.set_yticks(places, labels=each.names)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        # A name may hold what the library would take for a formula.
        label.set_parse_math(False)
        label.set_fontsize(size)


def _size(side: float, count: int) -> float:
    """Points of the letters on a tile; 0 where nobody could read them."""
    return min(13.0, 72 * side / count * 0.36) if count <= WITH_NUMBERS else 0.0


def _scale(each: HeatMap) -> LogNorm:
    values = [tile.value for row in each.rows for tile in row if tile.value]
    return LogNorm(max(0.01, min([LOWEST, *values])), max([HIGHEST, *values]), clip=True)


def _say(figure: Figure, each: HeatMap, tall: float) -> None:
    left = 0.15 / figure.get_figwidth()
    head: dict[str, Any] = {"ha": "left", "va": "top", "parse_math": False}
    figure.text(left, 1 - 0.13 / tall, each.title, color=INK, fontsize=13, weight="bold", **head)
    figure.text(left, 1 - 0.4 / tall, each.subtitle, color=FAINT, fontsize=9, **head)


def _key(figure: Figure, each: HeatMap, scale: LogNorm) -> None:
    if not each.key:
        return
    rows = len(each.key)
    wide = figure.get_figwidth() - 0.3
    height = KEY_LINE * rows
    axes = _axes(figure, (0.15, 0.15, wide, height), wide / KEY_LINE, rows)
    painter = Painter(axes, scale, 5.5, thick=1.4)
    for row, one in enumerate(each.key):
        painter.paint(0, row, one.tile)
        axes.text(1.3, row + 0.5, one.means, color=INK, fontsize=8, va="center", parse_math=False)
    painter.hang()
