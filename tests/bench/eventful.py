"""Alerts in a cluster in which a thousand objects a second change, for a minute.

    python -m tests.bench.eventful KUBECONFIG SECONDS

is the process that is measured: the watches, the examination every fifteen seconds, and what
alerts remember of it; the API server and Discord are elsewhere. It prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import msgspec

from bot.alerting.delivery import AlertDelivery
from bot.alerting.domain.actions import Board, Edit, Post
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.service import LOOK_EVERY, AlertService
from bot.chat.lost_channels import LostChannels
from bot.domain.election import Alone
from bot.health.service import Health
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from bot.runtime.memory_store import Unkept
from tests.bench.figures import Figure
from tests.bench.server import ROOT, Server

EVENTS = 1000
"""Changes a second."""

CORE = 15.0
"""Per cent of one."""

GROWTH = 4.0
"""MiB between a third of the time and its end. What grew with the events would hold more: a
thousand a second of 6 KB each are 240 MB in forty seconds, and a thousandth of that is noise."""

SETTLING = 5.0
"""Seconds until the first lists are in and the first look is over."""

LAG = 5.0
"""Seconds that the last events may take to arrive."""


class Measured(msgspec.Struct, frozen=True):
    """What the process says of itself: `cpu` seconds of `wall` ones, `grown` MiB."""

    cpu: float
    wall: float
    taken: int
    grown: float
    stall: float


async def measure(server: Server, seconds: int) -> AsyncIterator[Figure]:
    """CPU, growth and stalls of that process, and whether it took all events in."""
    argv = (sys.executable, "-m", "tests.bench.eventful", str(server.kubeconfig), str(seconds))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=pipe)
    assert process.stdout
    try:
        assert (await process.stdout.readline()).strip() == b"ready"
        await server.obey(f"storm {EVENTS} {seconds}")
        printed = await asyncio.wait_for(process.stdout.readline(), seconds + 60)
        found = msgspec.json.decode(printed, type=Measured)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await server.obey("well")
    told = f"while {EVENTS:,} objects a second change"
    yield Figure(f"events taken in, {told}", found.taken / seconds, "/s", at_least=0.98 * EVENTS)
    share = 100 * found.cpu / found.wall
    yield Figure("alerts and watches meanwhile", share, "% of a core", at_most=CORE)
    yield Figure("growth of their memory", found.grown, "MiB", at_most=GROWTH)
    yield Figure("their longest stall of the event loop", 1000 * found.stall, "ms")


async def _run(kubeconfig: Path, seconds: int) -> Measured:
    async with connect(kubeconfig=kubeconfig) as api:
        cache = WatchCache(api)
        await cache.start()
        store, channel, rules = Unkept(), _Silent(), Rules(routes=(AlertRoute(1),))
        lost = LostChannels(store, channel)
        delivery = AlertDelivery(store, channel, Alone(), rules, lost)
        alerts = AlertService(Health(cache), delivery, board=2)
        await alerts.turn()
        looking = asyncio.create_task(_look(alerts))
        await asyncio.sleep(SETTLING)
        gc.collect()
        gc.freeze()
        before = _revisions(cache)
        ticking = asyncio.create_task(_longest_stall())
        print("ready", flush=True)  # noqa: T201  # the other end reads it
        while _revisions(cache) == before:  # noqa: ASYNC110  # nobody tells of a revision
            await asyncio.sleep(0.01)
        began, spent = time.perf_counter(), time.process_time()
        await asyncio.sleep(seconds / 3)
        held = _resident()
        await asyncio.sleep(seconds - seconds / 3)
        wall, cpu = time.perf_counter() - began, time.process_time() - spent
        grown = _resident() - held
        await asyncio.sleep(LAG)
        ticking.cancel()
        looking.cancel()
        stall = (await asyncio.gather(ticking, looking, return_exceptions=True))[0]
        taken = _revisions(cache) - before
        await cache.close()
    return Measured(cpu, wall, taken, grown, stall if isinstance(stall, float) else 0.0)


async def _look(alerts: AlertService) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        await alerts.turn()


async def _longest_stall() -> float:
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(TICK)
            now = time.perf_counter()
            longest, last = max(longest, now - last - TICK), now
    except asyncio.CancelledError:
        return longest


TICK = 0.02
"""Seconds: coarse, so that looking costs next to nothing."""


def _revisions(cache: WatchCache) -> int:
    return sum(each.revision for each in cache.watches())


def _resident() -> float:
    """MiB that are held now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


class _Silent:
    """A channel that takes everything."""

    async def post(self, act: Post) -> int:
        return 1

    async def edit(self, act: Edit | Board) -> bool:
        return True

    async def find(self, act: Post, since: datetime) -> int | None:
        return None

    async def complain(self, channel: int, lost: int, why: str) -> None:
        return


if __name__ == "__main__":
    said = asyncio.run(_run(Path(sys.argv[1]), int(sys.argv[2])))
    print(json.dumps(msgspec.to_builtins(said)), flush=True)  # noqa: T201  # the same
