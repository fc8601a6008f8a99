"""A heat map: rows lead to columns, the title above, what the signs mean below."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from bot.charts.matplotlib import canvas
from bot.charts.matplotlib.tile import Painter
from bot.charts.spec import HeatMap, Key

FOOT = 0.12
"""Inches between the tiles and the key."""

SLANT, SLANTED = 50, 0.77
"""Degrees of the column names, and their height as a share of their length."""

LONGEST = 18
"""Letters of a name for which there is room."""

TILE, MOST = 0.3, 9.0
"""Inches: the least of one tile, as far as all tiles of a side have `MOST` at the most."""

KEY_LINE = 0.26
"""Inches of a line of the key."""

WITH_NUMBERS = 34
"""Nodes up to which a tile has room for its number."""

LOWEST, HIGHEST = 1.0, 100.0
"""The scale of values; wider where one needs it."""


def draw(heat_map: HeatMap) -> bytes:
    """The picture, as a PNG."""
    count = max(1, len(heat_map.names))
    # The last column's name ends beyond the tiles.
    names = canvas.LETTER * min(LONGEST, max(map(len, heat_map.names), default=1))
    left, right = canvas.MARGIN + names, canvas.MARGIN + 0.6 * names
    side = min(MOST, max(canvas.WIDE - left - right, TILE * count))
    wide = left + side + right
    above = canvas.HEAD + 0.1 + SLANTED * names
    below = FOOT + KEY_LINE * len(heat_map.key) + canvas.MARGIN
    figure = canvas.new_figure(wide, above + side + below)
    axes = canvas.add_field(figure, (left, below, side, side), count, count)
    _name_tiles(axes, heat_map.names, size=min(canvas.LETTERS, 72 * side / count * 0.8))
    scale = _scale(heat_map)
    painter = Painter(axes, scale, _letter_size(side, count), thick=max(1.2, 72 * side / count / 9))
    for row, tiles in enumerate(heat_map.rows):
        for column, tile in enumerate(tiles):
            painter.paint(column, row, tile)
    painter.hang()
    canvas.add_heading(figure, heat_map)
    if heat_map.key:
        _add_key(figure, heat_map.key, scale)
    return canvas.as_png(figure)


def _name_tiles(axes: Axes, names: tuple[str, ...], *, size: float) -> None:
    places = [number + 0.5 for number in range(len(names))]
    axes.xaxis.tick_top()
    axes.tick_params(length=0, colors=canvas.INK)
    axes.set_xticks(places, labels=names, rotation=SLANT, ha="left", rotation_mode="anchor")
    axes.set_yticks(places, labels=names)
    canvas.format_labels((*axes.get_xticklabels(), *axes.get_yticklabels()), size)


def _letter_size(side: float, count: int) -> float:
    """Points of the letters on a tile; 0 where they would be too small to read."""
    return min(13.0, 72 * side / count * 0.36) if count <= WITH_NUMBERS else 0.0


def _scale(heat_map: HeatMap) -> LogNorm:
    values = [tile.value for row in heat_map.rows for tile in row if tile.value]
    return LogNorm(max(0.01, min([LOWEST, *values])), max([HIGHEST, *values]), clip=True)


def _add_key(figure: Figure, key: tuple[Key, ...], scale: LogNorm) -> None:
    wide = figure.get_figwidth() - 2 * canvas.MARGIN
    place = (canvas.MARGIN, canvas.MARGIN, wide, KEY_LINE * len(key))
    axes = canvas.add_field(figure, place, wide / KEY_LINE, len(key))
    painter = Painter(axes, scale, 7.0, thick=1.4)
    for row, entry in enumerate(key):
        painter.paint(0, row, entry.tile)
        canvas.write(axes, 1.3, row + 0.5, entry.means)
    painter.hang()
