"""A timeline: a lane for each area, where a higher block is worse, and incidents as bars below."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from bot.charts.matplotlib import canvas
from bot.charts.spec import Lane, Level, Span, Timeline

DOTS = 170
WIDE, LEFT, RIGHT = 6.6, 1.6, 0.85
HEAD, FOOT, KEY = 0.78, 0.36, 0.42
LANE, BAR = 0.34, 0.26
"""Inches. Letters must be readable where Discord shows the picture 550 pixels wide, a phone 300."""

LETTERS, SMALL = 9.5, 8.5
"""Points."""

SIGN, LETTER = 0.075, 0.0128
"""Shares of the width: a sign of the key with its margins, and a letter."""


class Style(NamedTuple):
    """The look of a level: its height in lanes, its colour, and its meaning for the key."""

    height: float
    colour: str
    means: str


STYLES = {
    Level.WELL: Style(0.16, canvas.WELL, "healthy"),
    Level.BUSY: Style(0.34, canvas.BUSY, "under way, suspended"),
    Level.DEGRADED: Style(0.62, canvas.POOR, "degraded"),
    Level.FAILED: Style(0.86, canvas.BAD, "failed"),
    Level.UNSEEN: Style(0.86, canvas.FAINT, "not seen"),
}


def draw(timeline: Timeline) -> bytes:
    """The picture, as a PNG."""
    areas, bars = LANE * len(timeline.lanes), BAR * len(timeline.incidents)
    between = 0.3 if bars else 0.0
    tall = HEAD + areas + between + bars + FOOT + KEY
    figure = canvas.new_figure(WIDE, tall, dots=DOTS)
    lowest = _add_lanes(figure, timeline, tall - HEAD - areas, areas, timeline.lanes)
    if bars:
        lowest = _add_lanes(figure, timeline, FOOT + KEY, bars, timeline.incidents)
        top = (FOOT + KEY + bars + 0.06) / tall
        figure.text(0.015, top, "Incidents", color=canvas.FAINT, fontsize=LETTERS)
    _add_scale(lowest, timeline)
    canvas.add_heading(figure, timeline, left=0.015, tops=(0.12, 0.41), small=LETTERS)
    _add_key(figure, timeline.levels)
    return canvas.as_png(figure)


def _add_lanes(
    figure: Figure, timeline: Timeline, bottom: float, height: float, lanes: tuple[Lane, ...]
) -> Axes:
    place = (LEFT, bottom, WIDE - LEFT - RIGHT, height)
    axes = canvas.add_field(figure, place, timeline.hours, len(lanes))
    names = [lane.name for lane in lanes]
    axes.set_yticks([row + 0.5 for row in range(len(lanes))], labels=names)
    canvas.format_labels(axes.get_yticklabels(), LETTERS)
    for tick in timeline.ticks:
        axes.axvline(tick.at, color=canvas.FAINT, linewidth=0.4, alpha=0.5)
    for row, lane in enumerate(lanes):
        canvas.write(axes, timeline.hours * 1.01, row + 0.5, lane.note, LETTERS)
    _paint(axes, lanes)
    return axes


def _paint(axes: Axes, lanes: tuple[Lane, ...]) -> None:
    """Draw all shapes of one kind at once, which is cheap."""
    fills: list[canvas.Shape] = []
    colours: list[str] = []
    frames: list[canvas.Shape] = []
    strokes: list[canvas.Shape] = []
    for row, lane in enumerate(lanes):
        for span in lane.spans:
            style = STYLES[span.level]
            top, bottom = row + 0.93 - style.height, row + 0.93
            corners = [(span.begin, bottom), (span.begin, top), (span.end, top), (span.end, bottom)]
            if span.level is Level.UNSEEN:
                frames.append(corners)
                continue
            fills.append(corners)
            colours.append(style.colour)
            if span.level is Level.FAILED:
                strokes.append([(span.begin, row + 0.5), (span.end, row + 0.5)])
    for shapes in (
        PolyCollection(fills, facecolors=colours, linewidths=0),
        canvas.dashed_frames(frames, 0.7),
        LineCollection(strokes, colors=canvas.GROUND, linewidths=1.3),
    ):
        axes.add_collection(shapes, autolim=False)


def _add_scale(axes: Axes, timeline: Timeline) -> None:
    ticks = [tick.at for tick in timeline.ticks]
    axes.set_xticks(ticks, labels=[tick.label for tick in timeline.ticks], ha="left")
    canvas.format_labels(axes.get_xticklabels(), LETTERS)


def _add_key(figure: Figure, levels: tuple[Level, ...]) -> None:
    tall = figure.get_figheight()
    axes = figure.add_axes((0.015, 0.08 / tall, 0.97, 0.24 / tall))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(1, 0)
    # One lane: the signs stand beside each other, each as wide as its words.
    spans: list[Span] = []
    begin = 0.0
    for level in levels:
        spans.append(Span(begin, begin + 0.03, level))
        canvas.write(axes, begin + 0.038, 0.6, STYLES[level].means, SMALL)
        begin += SIGN + LETTER * len(STYLES[level].means)
    _paint(axes, (Lane("", tuple(spans)),))
