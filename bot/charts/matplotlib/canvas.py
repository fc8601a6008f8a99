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
INK = "#f2f3f5"
FAINT = "#a0a4ab"
WELL, BUSY, POOR, BAD = "#009e73", "#56b4e9", "#e69f00", "#d55e00"
"""Bluish green, sky blue, orange and vermilion of Okabe and Ito's palette."""


def new_figure(wide: float, tall: float, *, dots: int) -> Figure:
    """An empty picture; inches, and dots an inch."""
    figure = Figure(figsize=(wide, tall), dpi=dots, facecolor=GROUND)
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


def write(axes: Axes, x: float, y: float, text: str, size: float) -> None:
    """Text to the right of a point, in the middle of its height."""
    axes.text(x, y, text, color=INK, fontsize=size, va="center", parse_math=False)


def dashed_frames(shapes: list[Shape], thick: float) -> PolyCollection:
    """Frames of what was not observed."""
    return PolyCollection(
        shapes, facecolors="none", edgecolors=FAINT, linewidths=thick, linestyles=(0, (2, 2))
    )


def add_heading(
    figure: Figure, drawing: Drawing, *, left: float, tops: tuple[float, float], small: float
) -> None:
    """The title and the subtitle, `tops` inches below the upper edge."""
    title, subtitle = (1 - top / figure.get_figheight() for top in tops)
    style: dict[str, Any] = {"ha": "left", "va": "top", "parse_math": False}
    figure.text(left, title, drawing.title, color=INK, fontsize=13, weight="bold", **style)
    figure.text(left, subtitle, drawing.subtitle, color=FAINT, fontsize=small, **style)


def as_png(figure: Figure) -> bytes:
    """The picture as a file."""
    page = io.BytesIO()
    figure.savefig(page, format="png", facecolor=GROUND)
    return page.getvalue()
