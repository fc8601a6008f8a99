"""The whole bot with a clock beside it that tells how long its event loop stood still.

At SIGUSR1 it writes the longest stall since the last one, in seconds, as a line to the file that
`BENCH_STALLS` names.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from bot.__main__ import main as run_bot

STALLS = "BENCH_STALLS"
TICK = 0.002
"""Seconds between two looks at the clock."""


class Clock:
    """Ticks in a loop; a tick that comes late tells of what held the loop up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, told: Path) -> None:
        self._loop = loop
        self._told = told
        self._longest = 0.0
        self._last = time.perf_counter()
        loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._loop.add_signal_handler(signal.SIGUSR1, self._tell)
        self._last = time.perf_counter()
        self._loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        now = time.perf_counter()
        self._longest = max(self._longest, now - self._last - TICK)
        self._last = now
        self._loop.call_later(TICK, self._tick)

    def _tell(self) -> None:
        with self._told.open("a") as file:
            file.write(f"{self._longest}\n")
        self._longest = 0.0


class _Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()
        Clock(loop, Path(os.environ[STALLS]))
        return loop


def main(argv: Sequence[str] | None = None) -> None:
    """Run the bot, watched."""
    asyncio.set_event_loop_policy(_Policy())
    run_bot(argv)
