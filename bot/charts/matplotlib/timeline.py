"""A timeline: a lane an area, the higher a block the worse; incidents as bars below."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from bot.charts.matplotlib.colours import BAD, BUSY, FAINT, GROUND, INK, POOR, WELL
from bot.charts.spec import Lane, Level, Span, Timeline

DOTS = 170
WIDE, LEFT, RIGHT = 6.6, 1.6, 0.85
HEAD, FOOT, KEY = 0.78, 0.36, 0.42
LANE, BAR = 0.34, 0.26
"""Inches. Discord shows a picture some 550 pixels wide, a phone 300: letters must bear that."""

HEADING, LETTERS, SMALL = 13, 9.5, 8.5
"""Points."""

SIGN, LETTER = 0.075, 0.0128
"""Of the width: a sign of the key with the room around it, and a letter."""

HEIGHT = {
    Level.WELL: 0.16,
    Level.BUSY: 0.34,
    Level.DEGRADED: 0.62,
    Level.FAILED: 0.86,
    Level.UNSEEN: 0.86,
}
COLOUR = {Level.WELL: WELL, Level.BUSY: BUSY, Level.DEGRADED: POOR, Level.FAILED: BAD}

MEANS = {
    Level.WELL: "healthy",
    Level.BUSY: "under way, suspended",
    Level.DEGRADED: "degraded",
    Level.FAILED: "failed",
    Level.UNSEEN: "not seen",
}

Corners = list[tuple[float, float]]


def draw(each: Timeline) -> bytes:
    """The picture, as a PNG."""
    areas, bars = LANE * len(each.lanes), BAR * len(each.incidents)
    between = 0.3 if bars else 0.0
    tall = HEAD + areas + between + bars + FOOT + KEY
    figure = Figure(figsize=(WIDE, tall), dpi=DOTS, facecolor=GROUND)
    FigureCanvasAgg(figure)
    upper = _axes(figure, each, tall - HEAD - areas, areas, each.lanes)
    if bars:
        lower = _axes(figure, each, FOOT + KEY, bars, each.incidents)
        figure.text(
            0.015, (FOOT + KEY + bars + 0.06) / tall, "Incidents", color=FAINT, fontsize=LETTERS
        )
        _scale(lower, each)
    else:
        _scale(upper, each)
    _say(figure, each, tall)
    _key(figure, each, tall)
    page = io.BytesIO()
    figure.savefig(page, format="png", facecolor=GROUND)
    return page.getvalue()


def _axes(
    figure: Figure, each: Timeline, bottom: float, height: float, lanes: tuple[Lane, ...]
) -> Axes:
    wide, tall = figure.get_size_inches()
    field = (LEFT / wide, bottom / tall, (wide - LEFT - RIGHT) / wide, height / tall)
    axes = figure.add_axes(field)
    axes.set_xlim(0, each.hours)
    axes.set_ylim(len(lanes), 0)
    axes.set_facecolor(GROUND)
    axes.tick_params(length=0, colors=INK)
    axes.set_xticks([])
    names = [lane.name for lane in lanes]
    axes.set_yticks([row + 0.5 for row in range(len(lanes))], labels=names)
    for label in axes.get_yticklabels():
        # A name may hold what the library would take for a formula.
        label.set_parse_math(False)
        label.set_fontsize(LETTERS)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for tick in each.ticks:
        axes.axvline(tick.at, color=FAINT, linewidth=0.4, alpha=0.5)
    for row, lane in enumerate(lanes):
        axes.text(
            each.hours * 1.01, row + 0.5, lane.note, color=INK, fontsize=LETTERS, va="center",
            parse_math=False,
        )  # fmt: skip
    _paint(axes, lanes)
    return axes


def _paint(axes: Axes, lanes: tuple[Lane, ...]) -> None:
    """All shapes of a kind at once, which is cheap."""
    fills: list[Corners] = []
    colours: list[str] = []
    frames: list[Corners] = []
    strokes: list[Corners] = []
    for row, lane in enumerate(lanes):
        for span in lane.spans:
            top, bottom = row + 0.93 - HEIGHT[span.level], row + 0.93
            corners = [(span.begin, bottom), (span.begin, top), (span.end, top), (span.end, bottom)]
            if span.level is Level.UNSEEN:
                frames.append(corners)
                continue
            fills.append(corners)
            colours.append(COLOUR[span.level])
            if span.level is Level.FAILED:
                strokes.append([(span.begin, row + 0.5), (span.end, row + 0.5)])
    axes.add_collection(PolyCollection(fills, facecolors=colours, linewidths=0), autolim=False)
    dashed = PolyCollection(
        frames, facecolors="none", edgecolors=FAINT, linewidths=0.7, linestyles=(0, (2, 2))
    )
    axes.add_collection(dashed, autolim=False)
    axes.add_collection(LineCollection(strokes, colors=GROUND, linewidths=1.3), autolim=False)


def _scale(axes: Axes, each: Timeline) -> None:
    ticks = [tick.at for tick in each.ticks]
    axes.set_xticks(ticks, labels=[tick.label for tick in each.ticks])
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
        label.set_fontsize(LETTERS)
        label.set_horizontalalignment("left")


def _say(figure: Figure, each: Timeline, tall: float) -> None:
    head: dict[str, Any] = {"ha": "left", "va": "top", "parse_math": False}
    figure.text(
        0.015, 1 - 0.12 / tall, each.title, color=INK, fontsize=HEADING, weight="bold", **head
    )
    figure.text(0.015, 1 - 0.41 / tall, each.subtitle, color=FAINT, fontsize=LETTERS, **head)


def _key(figure: Figure, each: Timeline, tall: float) -> None:
    axes = figure.add_axes((0.015, 0.08 / tall, 0.97, 0.24 / tall))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(1, 0)
    # One lane: they stand beside each other, each as wide as its words.
    widths = [SIGN + LETTER * len(MEANS[level]) for level in each.levels]
    places = [sum(widths[:at]) for at in range(len(widths))]
    spans = [Span(at, at + 0.03, level) for at, level in zip(places, each.levels, strict=True)]
    _paint(axes, (Lane("", tuple(spans)),))
    for at, level in zip(places, each.levels, strict=True):
        axes.text(
            at + 0.038, 0.6, MEANS[level], color=INK, fontsize=SMALL, va="center",
            parse_math=False,
        )  # fmt: skip
