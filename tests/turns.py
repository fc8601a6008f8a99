"""Whether the event loop goes on while something works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

SOME = 3
"""Turns of the event loop where it would get one or two if it stood still."""


@dataclass
class Turns:
    """How many the event loop had so far, a millisecond after each other."""

    count: int = 0


@asynccontextmanager
async def counted_turns() -> AsyncIterator[Turns]:
    """Count the turns of the event loop within the block."""
    turns = Turns()

    async def counting() -> None:
        while True:
            await asyncio.sleep(0.001)
            turns.count += 1

    task = asyncio.create_task(counting())
    try:
        yield turns
    finally:
        task.cancel()
