"""Drawings as data: they go as JSON to the process that draws, and come back as PNGs.

Shapes and words carry the meaning; colours only repeat it, so a picture can be read without them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec


class Sign(StrEnum):
    """The sign on a tile; each has its own shape."""

    WELL = "well"
    """Filled by the colour of its value, with the number."""
    SOME = "some"
    """Filled by the colour of its value, with a corner cut off and letters for what failed."""
    NONE = "none"
    """A cross."""
    UNSEEN = "unseen"
    """A dashed frame with a question mark."""
    UNTRIED = "untried"
    """Empty: not part of the test."""
    SELF = "self"
    """A dot: there is nothing to test."""


class Tile(msgspec.Struct, frozen=True):
    """One tile: its sign, the value that gives its colour, and a few letters."""

    sign: Sign
    value: float | None = None
    note: str = ""


class Key(msgspec.Struct, frozen=True):
    """The meaning of a tile, for the key."""

    tile: Tile
    means: str


class HeatMap(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A map from origins (rows) to destinations (columns), with a tile for each pair of `names`."""

    title: str
    subtitle: str = ""
    names: tuple[str, ...]
    rows: tuple[tuple[Tile, ...], ...]
    key: tuple[Key, ...] = ()


class Level(StrEnum):
    """The health of something for a time: the worse, the higher its block."""

    WELL = "well"
    """A thin line at the bottom."""
    BUSY = "busy"
    """Under way or suspended: a low block."""
    DEGRADED = "degraded"
    """A block of two thirds."""
    FAILED = "failed"
    """A block of the whole height, in vermilion, with a dark stroke through it."""
    UNSEEN = "unseen"
    """A dashed frame."""


LEVEL_WORDS = {
    Level.WELL: "healthy",
    Level.BUSY: "in progress or suspended",
    Level.DEGRADED: "degraded",
    Level.FAILED: "failed",
    Level.UNSEEN: "not seen",
}
"""What a level means, in the key of a picture and in the text in place of it."""


class Span(msgspec.Struct, frozen=True):
    """A time of the same level; hours from the left edge."""

    begin: float
    end: float
    level: Level


class Lane(msgspec.Struct, frozen=True):
    """One line of a timeline; nothing is drawn between its spans."""

    name: str
    spans: tuple[Span, ...]
    note: str = ""


class Tick(msgspec.Struct, frozen=True):
    """A mark on the axis of time."""

    at: float
    label: str


class Timeline(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Lanes over `hours`: the health of the areas, then the incidents as bars."""

    title: str
    subtitle: str = ""
    hours: float
    lanes: tuple[Lane, ...]
    incidents: tuple[Lane, ...] = ()
    ticks: tuple[Tick, ...] = ()
    levels: tuple[Level, ...] = ()


Drawing: TypeAlias = HeatMap | Timeline


class Undrawn(msgspec.Struct, frozen=True):
    """The reason why there is no picture."""

    why: str
