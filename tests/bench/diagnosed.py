"""A whole diagnosis over real packets, where nothing times out: needs root and iproute2."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import AsyncIterator

from bot.net.diagnosis.diagnosis import Row
from tests.bench.figures import Figure
from tests.lab.running import run
from tests.lab.scenarios import Scenario, nothing

WANTED = 10_000.0
"""Milliseconds."""

FOUR = Scenario(
    "four endpoints", nothing, (Row.HEALTHY,), ("edge", "attic", "cellar", "shed"), nodes=5
)


async def measure(times: int) -> AsyncIterator[Figure]:
    """The median of several, or nothing where namespaces cannot be made."""
    if os.geteuid() or not shutil.which("ip"):
        return
    took = []
    for _ in range(times):
        result = await run(FOUR)
        assert result.decisive, result.diagnosis
        took.append(1000 * result.seconds)
    yield Figure(
        "diagnosis of a route with 4 endpoints on 4 nodes, real packets",
        statistics.median(took),
        "ms",
        at_most=WANTED,
    )
