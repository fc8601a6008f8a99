"""A heat map: rows lead to columns, the title above, what the signs mean below."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from bot.charts.matplotlib import canvas
from bot.charts.matplotlib.tile import Painter
from bot.charts.spec import HeatMap, Key

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


def draw(heat_map: HeatMap) -> bytes:
    """The picture, as a PNG."""
    count = max(1, len(heat_map.names))
    side = min(MOST, max(LEAST, TILE * count))
    wide = max(NARROWEST, LEFT + side + RIGHT)
    tall = HEAD + NAMES + side + FOOT + KEY_LINE * len(heat_map.key)
    figure = canvas.new_figure(wide, tall, dots=DOTS)
    below = tall - HEAD - NAMES - side
    axes = canvas.add_field(figure, (LEFT, below, side, side), count, count)
    _name_tiles(axes, heat_map.names, size=min(10.0, 72 * side / count * 0.62))
    scale = _scale(heat_map)
    painter = Painter(axes, scale, _letter_size(side, count), thick=max(1.2, 72 * side / count / 9))
    for row, tiles in enumerate(heat_map.rows):
        for column, tile in enumerate(tiles):
            painter.paint(column, row, tile)
    painter.hang()
    canvas.add_heading(figure, heat_map, left=0.15 / wide, tops=(0.13, 0.4), small=9)
    if heat_map.key:
        _add_key(figure, heat_map.key, scale)
    return canvas.as_png(figure)


def _name_tiles(axes: Axes, names: tuple[str, ...], *, size: float) -> None:
    places = [number + 0.5 for number in range(len(names))]
    axes.xaxis.tick_top()
    axes.tick_params(length=0, colors=canvas.INK)
    axes.set_xticks(places, labels=names, rotation=50, ha="left", rotation_mode="anchor")
    axes.set_yticks(places, labels=names)
    canvas.format_labels((*axes.get_xticklabels(), *axes.get_yticklabels()), size)


def _letter_size(side: float, count: int) -> float:
    """Points of the letters on a tile; 0 where they would be too small to read."""
    return min(13.0, 72 * side / count * 0.36) if count <= WITH_NUMBERS else 0.0


def _scale(heat_map: HeatMap) -> LogNorm:
    values = [tile.value for row in heat_map.rows for tile in row if tile.value]
    return LogNorm(max(0.01, min([LOWEST, *values])), max([HIGHEST, *values]), clip=True)


def _add_key(figure: Figure, key: tuple[Key, ...], scale: LogNorm) -> None:
    wide = figure.get_figwidth() - 0.3
    place = (0.15, 0.15, wide, KEY_LINE * len(key))
    axes = canvas.add_field(figure, place, wide / KEY_LINE, len(key))
    painter = Painter(axes, scale, 5.5, thick=1.4)
    for row, entry in enumerate(key):
        painter.paint(0, row, entry.tile)
        canvas.write(axes, 1.3, row + 0.5, entry.means, 8)
    painter.hang()
