"""The tiles of a heat map: each sign has a shape, so that no colour is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import LinearSegmentedColormap, LogNorm

from bot.charts.matplotlib.canvas import BAD, FAINT, INK, Shape, dashed_frames
from bot.charts.spec import Sign, Tile

MAP = LinearSegmentedColormap.from_list("calm", ["#4a9fb0", "#d6eef4"])
"""Of one hue, slower is brighter: the same without colour vision, and bright enough for `DARK`."""

DARK = "#000000"
"""Letters on a tile."""

GAP = 0.06
"""Between two tiles, in tiles."""

NEAR, FAR = 0.27, 0.73
"""Where a cross begins and ends."""

Colour = tuple[float, ...] | str


@dataclass(slots=True)
class Painter:
    """Paints tiles of one heat map; `hang` draws all of one shape at once, which is cheap.

    `size` is that of letters in points; 0 leaves them out. `thick` is that of lines.
    """

    axes: Axes
    scale: LogNorm
    size: float
    thick: float
    _fills: list[tuple[Shape, Colour]] = field(default_factory=list)
    _corners: list[Shape] = field(default_factory=list)
    _frames: list[Shape] = field(default_factory=list)
    _strokes: list[Shape] = field(default_factory=list)

    def paint(self, column: int, row: int, tile: Tile) -> None:
        """Paint a tile at its place."""
        match tile.sign:
            case Sign.WELL:
                self._fill(column, row, tile)
                self._letters(column + 0.5, row + 0.5, number(tile.value), DARK, 1.0)
            case Sign.SOME:
                self._fill(column, row, tile)
                self._corners.append(_square(column, row)[1:])
                self._letters(column + 0.32, row + 0.3, number(tile.value), DARK, 0.72)
                share = 0.95 - 0.12 * len(tile.note)
                self._letters(column + 0.68, row + 0.71, tile.note, DARK, share)
            case Sign.NONE:
                self._fills.append((_square(column, row), BAD))
                self._strokes += _cross(column, row)
            case Sign.UNSEEN:
                self._frames.append(_square(column, row))
                self._letters(column + 0.5, row + 0.5, "?", FAINT, 1.0)
            case Sign.SELF:
                self.axes.plot(column + 0.5, row + 0.5, ".", color=FAINT, markersize=self.thick * 2)
            case Sign.UNTRIED:
                pass
            case _:
                assert_never(tile.sign)

    def hang(self) -> None:
        """Draw the painted tiles into the picture."""
        shapes = [shape for shape, _ in self._fills]
        colours = [colour for _, colour in self._fills]
        thin = max(0.6, self.thick / 3)
        for collection in (
            PolyCollection(shapes, facecolors=colours, linewidths=0),
            PolyCollection(self._corners, facecolors=BAD, edgecolors=INK, linewidths=thin),
            dashed_frames(self._frames, 0.8),
            LineCollection(self._strokes, colors=INK, linewidths=self.thick, capstyle="round"),
        ):
            self.axes.add_collection(collection, autolim=False)

    def _fill(self, column: int, row: int, tile: Tile) -> None:
        shade = float(self.scale(tile.value or float(self.scale.vmin or 1)))
        self._fills.append((_square(column, row), tuple(MAP(shade))))

    def _letters(self, x: float, y: float, text: str, colour: str, share: float) -> None:
        if self.size and text:
            self.axes.text(
                x, y, text, color=colour, fontsize=self.size * share, fontweight="bold",
                ha="center", va="center", parse_math=False,
            )  # fmt: skip


def number(value: float | None) -> str:
    """A value in three characters or so."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 1 else "<1"


def _square(column: int, row: int) -> Shape:
    """The corners, from the upper left one clockwise."""
    left, top, side = column + GAP / 2, row + GAP / 2, 1 - GAP
    return [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]


def _cross(column: int, row: int) -> list[Shape]:
    lines = (((NEAR, NEAR), (FAR, FAR)), ((NEAR, FAR), (FAR, NEAR)))
    return [[(column + x, row + y) for x, y in line] for line in lines]
