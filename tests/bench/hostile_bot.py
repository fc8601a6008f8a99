"""What a cluster full of hostile objects costs the bot.

    python -m tests.bench.hostile_bot KUBECONFIG

It keeps the cluster in the bot's watch cache, looks at it, and prints what that took, as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from bot.health.service import Health
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from bot.net.diagnosis.service import Diagnose
from bot.net.request.service import Reach
from bot.net.tools.service import Netshoot
from bot.traefik.service import Traefik
from commands import autocomplete

FIRST_ANSWER = 300.0
"""Seconds that the first lists may take."""


class Cost(msgspec.Struct, frozen=True):
    """What a process measured of itself: MiB, seconds of CPU time, and milliseconds of it."""

    memory: float
    peak: float
    look: float
    suggestions: dict[str, float]


async def cost_of(kubeconfig: Path) -> Cost:
    """What it costs this process to keep a cluster, to look at it, and to suggest of it."""
    gc.freeze()  # As the bot does, once all is imported.
    async with connect(kubeconfig=kubeconfig) as api:
        cache = WatchCache(api, first_answer=FIRST_ANSWER)
        await cache.start()
        try:
            health = Health(cache)
            await health.look()
            looks = [await _took(health.look) for _ in range(3)]
            ways = _suggestions(cache, health).items()
            suggestions = {
                name: 1000 * min([await _took(ask) for _ in range(3)]) for name, ask in ways
            }
            return Cost(_memory("VmRSS"), _memory("VmHWM"), min(looks), suggestions)
        finally:
            await cache.close()


def _suggestions(cache: WatchCache, health: Health) -> dict[str, Callable[[], Awaitable[object]]]:
    """Every way in which a keystroke asks for suggestions from the cluster's objects."""

    async def wrong() -> object:
        return autocomplete.findings(await health.present("a", 25))

    no_pods: Any = None
    return {
        "mute": wrong,
        "diagnose": lambda: Diagnose(cache).suggestions("a"),
        "test, begin": lambda: Reach(cache).origins("a"),
        "test, end": lambda: Reach(cache).destinations("a"),
        "tool": lambda: Netshoot(cache).targets("a", 25),
        "traefik": lambda: Traefik(cache, no_pods).suggestions("a", 25),
    }


async def _took(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    await ask()
    return time.process_time() - began


def _memory(field: str) -> float:
    """MiB, as the kernel counts."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    found = asyncio.run(cost_of(Path(sys.argv[1])))
    sys.stdout.buffer.write(msgspec.json.encode(found))
