"""Strangers at the port for health and metrics: what they cost, and what a kubelet is told."""

from __future__ import annotations

import asyncio
import time

from bot.runtime.http_server import LIMITS
from tests.faults.stage import Stage
from tests.runtime.strangers import MANY, ONE, allowed, memory, open_files, rush
from tests.wire.scraping import OK

TIMES = 10_000
HALF = b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 4000

GROWTH = 5.0
"""MiB that they may cost."""

COMING_AND_GOING = 32
"""Descriptors that the bot opens by itself, or has not closed yet."""

PROMPT = 5.0
"""Seconds for /healthz: a kubelet waits no longer, by the Deployment."""


async def come(stage: Stage) -> None:
    """10,000 half requests, of one pod and then of many, which stay; the figures are noted.

    Raises:
        AssertionError: They cost more than they may.
    """
    assert stage.bot is not None
    pid = stage.bot.process.pid
    before, files = memory(pid), open_files(pid)
    enough = asyncio.Event()
    asking = asyncio.create_task(_kubelet(stage, enough))
    times = stage.held.enter_context(allowed(TIMES))
    async with rush(stage.probed.port, times, HALF, *ONE):
        most = memory(pid)
    await stage.held.enter_async_context(rush(stage.probed.port, times, HALF, *MANY))
    grown, held = max(most, memory(pid)) - before, open_files(pid) - files
    enough.set()
    took = max(await asking)
    stage.noted = f"{grown:+.1f} MiB, {held} files, /healthz in {took:.2f} s"
    assert grown < GROWTH, stage.noted
    assert held <= LIMITS.most + COMING_AND_GOING, stage.noted
    assert took < PROMPT, stage.noted


async def go(stage: Stage) -> None:
    """All of them leave."""
    await stage.held.aclose()


async def _kubelet(stage: Stage, enough: asyncio.Event) -> list[float]:
    """Ask for /healthz until it is enough; the seconds that each answer took."""
    took: list[float] = []
    while not enough.is_set():
        began = time.monotonic()
        status, _ = await stage.probed.get("/healthz", source="127.9.9.1")
        assert status == OK
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.1)
    return took
