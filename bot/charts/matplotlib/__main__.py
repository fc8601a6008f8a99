"""One picture: JSON of a `Drawing` on standard input, a PNG on standard output.

The library is loaded before the input is read, so that a process may wait for it.
"""

from __future__ import annotations

import gc
import sys

# A process that lives for one picture has no garbage worth looking for: a fifth of its time.
gc.disable()

import msgspec  # noqa: E402

from bot.charts.matplotlib import heat_map, timeline  # noqa: E402
from bot.charts.spec import Drawing, HeatMap  # noqa: E402

if __name__ == "__main__":
    if text := sys.stdin.buffer.read():
        drawing = msgspec.json.decode(text, type=Drawing)
        is_map = isinstance(drawing, HeatMap)
        picture = heat_map.draw(drawing) if is_map else timeline.draw(drawing)
        sys.stdout.buffer.write(picture)
