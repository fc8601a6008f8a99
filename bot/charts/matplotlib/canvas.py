"""The figure, fields, heading and file that all pictures share, and their colours.

The colours can be read on light and dark pages, and without colour vision.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from bot.charts.spec import Drawing

Shape = list[tuple[float, float]]
"""Its corners."""

GROUND = "#1e1f22"
"""Our own background: letters have the same contrast on Discord's light theme and its dark one."""

INK = "#f2f3f5"
FAINT = "#a0a4ab"
WELL, BUSY, POOR, BAD = "#009e73", "#56b4e9", "#e69f00", "#d55e00"
"""Bluish green, sky blue, orange and vermilion of Okabe and Ito's palette."""

WIDE = 3.9
"""Inches. On a phone that shows a picture 300 pixels wide, `LETTERS` are 10 pixels high."""

LETTERS, TITLE = 9.5, 12.0
"""Points."""

LETTER = 0.082
"""Inches of a letter of that size, at the most of those that names have."""

MARGIN, HEAD = 0.12, 0.62
"""Inches: at each side, and of the title with the subtitle."""

PIXELS = 1600
"""The most of a line: Discord's desktop client shows 550, and a large picture needs memory."""

DOTS = 260
"""Dots an inch, as far as `PIXELS` allow."""


def new_figure(wide: float, tall: float) -> Figure:
    """An empty picture; inches."""
    figure = Figure(figsize=(wide, tall), dpi=min(DOTS, PIXELS / wide), facecolor=GROUND)
    FigureCanvasAgg(figure)
    return figure


def add_field(
    figure: Figure, place: tuple[float, float, float, float], columns: float, rows: int
) -> Axes:
    """A field without marks and frame; `place` is left, bottom, width and height in inches."""
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


def format_labels(labels: Iterable[Text], size: float) -> None:
    """Show names as they are: the library would take some for formulas."""
    for label in labels:
        label.set_parse_math(False)
        label.set_fontsize(size)


def write(axes: Axes, x: float, y: float, text: str, *, align: str = "left") -> None:
    """Text that begins or ends at a point, in the middle of its height."""
    axes.text(x, y, text, color=INK, fontsize=LETTERS, ha=align, va="center", parse_math=False)


def dashed_frames(shapes: list[Shape], thick: float) -> PolyCollection:
    """Frames of what was not observed."""
    return PolyCollection(
        shapes, facecolors="none", edgecolors=FAINT, linewidths=thick, linestyles=(0, (2, 2))
    )


def add_heading(figure: Figure, drawing: Drawing) -> None:
    """The title and the subtitle, at the upper edge."""
    wide, tall = figure.get_size_inches()
    style: dict[str, Any] = {"x": MARGIN / wide, "ha": "left", "va": "top", "parse_math": False}
    title, subtitle = (1 - top / tall for top in (0.12, 0.36))
    figure.text(y=title, s=drawing.title, color=INK, fontsize=TITLE, weight="bold", **style)
    figure.text(y=subtitle, s=drawing.subtitle, color=FAINT, fontsize=LETTERS, **style)


def as_png(figure: Figure) -> bytes:
    """The picture as a file."""
    page = io.BytesIO()
    figure.savefig(page, format="png", facecolor=GROUND)
    return page.getvalue()
