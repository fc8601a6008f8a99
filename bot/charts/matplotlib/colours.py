"""The colours of pictures: readable on light and dark pages, and without colour vision."""

from __future__ import annotations

GROUND = "#1e1f22"
INK = "#f2f3f5"
FAINT = "#a0a4ab"
WELL, BUSY, POOR, BAD = "#009e73", "#56b4e9", "#e69f00", "#d55e00"
"""Bluish green, sky blue, orange and vermilion of Okabe and Ito's palette."""

MAP = "cividis"
"""Made so that people with and without colour vision see the same."""

DIMMEST = 0.22
"""Where on the map the smallest value stands: below it is too near to the ground."""

BRIGHT = 0.58
"""From here on the map needs dark ink."""
