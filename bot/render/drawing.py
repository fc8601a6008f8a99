"""What is to be drawn, as data: it goes as JSON to the process that draws, and comes back as a PNG.

What a picture tells, it tells by shape and word before colour: who sees no colours reads the same.
"""

from __future__ import annotations

from enum import StrEnum

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


class HeatMap(msgspec.Struct, frozen=True, kw_only=True):
    """Rows lead to columns. `rows` has a tile for each of `names`, both ways; `key` explains."""

    title: str
    subtitle: str = ""
    names: tuple[str, ...]
    rows: tuple[tuple[Tile, ...], ...]
    key: tuple[Key, ...] = ()


class Undrawn(msgspec.Struct, frozen=True):
    """There is no picture, and why."""

    why: str
