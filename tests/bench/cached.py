"""An answer from the watch cache, while the cluster rests and while it changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from bot.health.service import Health
from bot.health.views import discord as render
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from tests.bench.figures import Figure, Spread
from tests.bench.server import Server

WANTED = 50.0
"""Milliseconds."""

CHURN = 50
"""Pods written anew each second: between two questions some changed."""

PAUSE = 0.05


async def measure(server: Server, questions: int) -> AsyncIterator[Figure]:
    """The time from the question to the message that would be sent."""
    async with connect(kubeconfig=server.kubeconfig) as api:
        cache = WatchCache(api)
        await cache.start()
        try:
            health = Health(cache)
            await _asked(health, 3)
            rest = await _asked(health, questions)
            await server.obey(f"churn {CHURN}")
            changing = await _asked(health, questions)
            await server.obey("well")
        finally:
            await cache.close()
    yield Figure("answer from the watch cache", rest.median, "ms", at_most=WANTED)
    name = f"the same while {CHURN} pods a second change"
    yield Figure(name, changing.median, "ms", at_most=WANTED)


async def _asked(health: Health, times: int) -> Spread:
    took = []
    for _ in range(times):
        await asyncio.sleep(PAUSE)
        began = time.perf_counter()
        render.report(await health.check(), ())
        took.append(1000 * (time.perf_counter() - began))
    return Spread(tuple(took))
