"""One picture: JSON of a `Drawing` on standard input, a PNG on standard output."""

from __future__ import annotations

import sys

import msgspec

from bot.render.drawing import Drawing, HeatMap
from bot.render.pictures import heat_map, timeline

if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Drawing)
    made = heat_map.draw(asked) if isinstance(asked, HeatMap) else timeline.draw(asked)
    sys.stdout.buffer.write(made)
