"""One picture: JSON of a `HeatMap` on standard input, a PNG on standard output."""

from __future__ import annotations

import sys

import msgspec

from bot.render.drawing import HeatMap
from bot.render.pictures.heat_map import draw

if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=HeatMap)
    sys.stdout.buffer.write(draw(asked))
