"""What is to be drawn, as data: it goes as JSON to the process that draws, and comes back as a PNG.

What a picture tells, it tells by shape and word before colour: who sees no colours reads the same.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec


class Sign(StrEnum):
    """What stands on a tile, each with a shape of its own."""

    WELL = "well"
    """Filled by the colour of its value, with the number."""
    SOME = "some"
    """The same with a corner cut off, and what failed in letters."""
    NONE = "none"
    """A cross."""
    UNSEEN = "unseen"
    """A dashed frame with a question mark."""
    UNTRIED = "untried"
    """Empty: it was not to be tried."""
    SELF = "self"
    """A dot: there is nothing to test."""


class Tile(msgspec.Struct, frozen=True):
    """One tile: its sign, the value that gives its colour, and a few letters."""

    sign: Sign
    value: float | None = None
    note: str = ""


class Key(msgspec.Struct, frozen=True):
    """What a tile means."""

    tile: Tile
    means: str


class HeatMap(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Rows lead to columns. `rows` has a tile for each of `names`, both ways; `key` explains."""

    title: str
    subtitle: str = ""
    names: tuple[str, ...]
    rows: tuple[tuple[Tile, ...], ...]
    key: tuple[Key, ...] = ()


class Level(StrEnum):
    """How well something was for a time: the worse, the higher its block."""

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


class Span(msgspec.Struct, frozen=True):
    """A time of one level; hours from the left edge."""

    begin: float
    end: float
    level: Level


class Lane(msgspec.Struct, frozen=True):
    """One line of a timeline: its name, and what it was when; a gap between spans is nothing."""

    name: str
    spans: tuple[Span, ...]
    note: str = ""


class Tick(msgspec.Struct, frozen=True):
    """A mark of the time's axis."""

    at: float
    label: str


class Timeline(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Lanes over `hours`: first how the areas were, then `incidents`, each with a bar."""

    title: str
    subtitle: str = ""
    hours: float
    lanes: tuple[Lane, ...]
    incidents: tuple[Lane, ...] = ()
    ticks: tuple[Tick, ...] = ()
    levels: tuple[Level, ...] = ()


Drawing: TypeAlias = HeatMap | Timeline


class Undrawn(msgspec.Struct, frozen=True):
    """There is no picture, and why."""

    why: str
