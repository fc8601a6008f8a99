"""A timeline: a lane for each area, where a higher block is worse, and incidents as bars below.

Each lane has its name and note in a line of their own, so that it is as wide as the picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from bot.charts.matplotlib import canvas
from bot.charts.spec import LEVEL_WORDS, Lane, Level, Span, Tick, Timeline

LANE, INCIDENTS, FOOT, KEY_LINE = 0.38, 0.34, 0.3, 0.24
"""Inches: of a lane with its name, the heading of the incidents, the days, a line of the key."""

NAMED = 0.5
"""The share of a lane that its name takes."""

SIGN, WORDS, SPACE = 0.2, 0.28, 0.05
"""Inches: of a sign of the key, from its left edge to its words, and between two labels."""

FIELD = canvas.WIDE - 2 * canvas.MARGIN
"""Inches of the width without its margins."""


class Style(NamedTuple):
    """The look of a level: its height in blocks, and its colour."""

    height: float
    colour: str


STYLES = {
    Level.WELL: Style(0.22, canvas.WELL),
    Level.BUSY: Style(0.42, canvas.BUSY),
    Level.DEGRADED: Style(0.72, canvas.POOR),
    Level.FAILED: Style(1.0, canvas.BAD),
    Level.UNSEEN: Style(1.0, canvas.FAINT),
}


def draw(timeline: Timeline) -> bytes:
    """The picture, as a PNG."""
    key = list(_lines(timeline.levels))
    areas, bars = LANE * len(timeline.lanes), LANE * len(timeline.incidents)
    between = INCIDENTS if bars else 0.0
    below = canvas.MARGIN + KEY_LINE * len(key)
    figure = canvas.new_figure(canvas.WIDE, canvas.HEAD + areas + between + bars + FOOT + below)
    low = below + FOOT
    lowest = _add_lanes(figure, timeline, low + bars + between, areas, timeline.lanes)
    if bars:
        lowest = _add_lanes(figure, timeline, low, bars, timeline.incidents)
        tall = figure.get_figheight()
        place = (canvas.MARGIN / canvas.WIDE, (low + bars + 0.08) / tall)
        figure.text(*place, "Incidents", color=canvas.FAINT, fontsize=canvas.LETTERS)
    _add_scale(lowest, timeline)
    canvas.add_heading(figure, timeline)
    _add_key(figure, key)
    return canvas.as_png(figure)


def _add_lanes(
    figure: Figure, timeline: Timeline, bottom: float, height: float, lanes: tuple[Lane, ...]
) -> Axes:
    place = (canvas.MARGIN, bottom, FIELD, height)
    axes = canvas.add_field(figure, place, timeline.hours, len(lanes))
    for row, lane in enumerate(lanes):
        middle = row + NAMED / 2 + 0.06
        canvas.write(axes, 0, middle, lane.name)
        canvas.write(axes, timeline.hours, middle, lane.note, align="right")
        for tick in timeline.ticks:
            between = [row + NAMED + 0.1, row + 1]
            axes.plot([tick.at] * 2, between, color=canvas.FAINT, linewidth=0.4, alpha=0.5)
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
            bottom = row + 0.97
            top = bottom - style.height * (1 - NAMED - 0.1)
            corners = [(span.begin, bottom), (span.begin, top), (span.end, top), (span.end, bottom)]
            if span.level is Level.UNSEEN:
                frames.append(corners)
                continue
            fills.append(corners)
            colours.append(style.colour)
            if span.level is Level.FAILED:
                middle = (top + bottom) / 2
                strokes.append([(span.begin, middle), (span.end, middle)])
    for shapes in (
        PolyCollection(fills, facecolors=colours, linewidths=0),
        canvas.dashed_frames(frames, 0.7),
        LineCollection(strokes, colors=canvas.GROUND, linewidths=1.3),
    ):
        axes.add_collection(shapes, autolim=False)


def _add_scale(axes: Axes, timeline: Timeline) -> None:
    ticks = _readable(timeline)
    axes.set_xticks([tick.at for tick in ticks], labels=[tick.label for tick in ticks], ha="left")
    canvas.format_labels(axes.get_xticklabels(), canvas.LETTERS)


def _readable(timeline: Timeline) -> list[Tick]:
    """The marks whose labels neither run into the next one nor leave the picture."""
    hour = FIELD / timeline.hours
    shown: list[Tick] = []
    free = 0.0
    for tick in timeline.ticks:
        ends = tick.at * hour + canvas.LETTER * len(tick.label)
        if tick.at * hour >= free and ends <= canvas.WIDE - canvas.MARGIN:
            shown.append(tick)
            free = ends + SPACE
    return shown


def _lines(levels: Iterable[Level]) -> Iterable[list[tuple[float, Level]]]:
    """The key in lines: each level with the inches to its left."""
    line: list[tuple[float, Level]] = []
    begin = 0.0
    for level in levels:
        wide = WORDS + canvas.LETTER * len(LEVEL_WORDS[level]) + 0.1
        if line and begin + wide > FIELD:
            yield line
            line, begin = [], 0.0
        line.append((begin, level))
        begin += wide
    if line:
        yield line


def _add_key(figure: Figure, lines: list[list[tuple[float, Level]]]) -> None:
    """Signs next to their words."""
    if not lines:
        return
    place = (canvas.MARGIN, canvas.MARGIN / 2, FIELD, KEY_LINE * len(lines))
    axes = canvas.add_field(figure, place, FIELD, len(lines))
    for row, line in enumerate(lines):
        for begin, level in line:
            canvas.write(axes, begin + WORDS, row + 0.75, LEVEL_WORDS[level])
    spans = (tuple(Span(begin, begin + SIGN, level) for begin, level in line) for line in lines)
    _paint(axes, tuple(Lane("", signs) for signs in spans))
