"""The figures of a cluster full of hostile objects: the bot is a process of its own."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from tests.bench.figures import Figure
from tests.bench.hostile_bot import Cost
from tests.bench.server import started
from tests.places import ROOT

MEMORY = 160.0
"""MiB that the process may have; the limit of its pod is 256."""

PEAK = 220.0
LOOK = 0.5
"""Seconds of CPU time."""

SUGGESTIONS = 50.0
"""Milliseconds of CPU time."""

MAY_TAKE = 600.0
"""Seconds, all in all."""


async def measure(share: float) -> AsyncIterator[Figure]:
    """What the hostile cluster costs a bot that is a process of its own."""
    with tempfile.TemporaryDirectory(prefix="meshmedic-hostile-") as folder:
        async with started(f"hostile:{share}", Path(folder)) as server:
            argv = (sys.executable, "-m", "tests.bench.hostile_bot", str(server.kubeconfig))
            process = await asyncio.create_subprocess_exec(
                *argv, cwd=ROOT, stdout=asyncio.subprocess.PIPE
            )
            try:
                said, _ = await asyncio.wait_for(process.communicate(), MAY_TAKE)
            finally:
                if process.returncode is None:
                    process.kill()
            cost = msgspec.json.decode(said, type=Cost)
    yield Figure("hostile objects: memory of the process (RSS)", cost.memory, "MiB", at_most=MEMORY)
    yield Figure("hostile objects: the most it ever was", cost.peak, "MiB", at_most=PEAK)
    yield Figure("hostile objects: a look, CPU time", cost.look, "s", at_most=LOOK)
    name = "hostile objects: the slowest suggestions, CPU time"
    yield Figure(name, max(cost.suggestions.values()), "ms", at_most=SUGGESTIONS)
