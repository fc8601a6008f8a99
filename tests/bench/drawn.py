"""A picture of thirty nodes: how long it takes, and how much memory whoever draws it holds."""

from __future__ import annotations

import random
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from bot.charts.process import DRAWS, Artist
from bot.net.mesh.matrix import By, Cell, Matrix, neighbours
from bot.net.views import chart as heat_map
from tests.bench.figures import Figure, Spread

NODES = 30
HOLDS = 107.0
"""MiB, so that it and a bot of ten thousand pods together stay below 220."""

WATCHED = (
    "import re, runpy, sys; runpy.run_module('bot.charts.matplotlib', run_name='__main__'); "
    r"held = re.search(r'VmHWM:\s+(\d+)', open('/proc/self/status').read())[1]; "
    "open(sys.argv[1], 'w').write(held)"
)
"""The kernel's high water mark of this program alone: getrusage would count the process that it was
forked from, too."""


async def measure(rounds: int, told: str) -> AsyncIterator[Figure]:
    """Drawn by a process that writes its memory into the file `told` when it is done."""
    artist = watched(told)
    picture = heat_map.heat_map(a_matrix())
    seconds = []
    for _ in range(rounds):
        began = perf_counter()
        made = await artist.draw(picture)
        assert isinstance(made, bytes), made
        seconds.append(perf_counter() - began)
    yield Figure(f"a picture of {NODES} nodes", Spread(tuple(seconds)).median, "s")
    kilobytes = int(Path(told).read_text())  # noqa: ASYNC240  # a few bytes, and nothing else runs
    yield Figure("memory of what draws it", kilobytes / 1024, "MiB", at_most=HOLDS)


def watched(told: str) -> Artist:
    """Draws, and tells its memory in a file."""
    return Artist(program=replace(DRAWS, command=(sys.executable, "-c", WATCHED, told)))


def a_matrix() -> Matrix:
    """A mesh of distant homes, with a dead node."""
    chance = random.Random(1)  # noqa: S311  # the same each time
    nodes = tuple(f"node-{number}" for number in range(NODES))
    cells = [
        Cell(
            source=one,
            target=other,
            test=test,
            tries=3,
            well=0 if "node-7" in (one, other) else 3,
            took=chance.lognormvariate(3, 1),
        )
        for one in nodes
        for other in neighbours(nodes, one)
        for test in By
    ]
    return Matrix(nodes=nodes, cells=tuple(cells))
