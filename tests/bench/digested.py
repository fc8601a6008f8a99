"""A digest of ten thousand pods, from the question to the message, its picture included."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from bot.digest.composer import Composer
from bot.digest.domain.diff import BASES, Bases, base
from bot.digest.domain.records import DigestSchedule
from bot.digest.domain.schedule import Timetable
from bot.digest.views import discord as discord_digest
from bot.domain.verdict import Verdict
from bot.health.service import Health
from bot.history.domain.record import HISTORY, History, PastIncident, Point
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from bot.runtime.memory_store import Unkept
from tests.bench.drawn import HOLDS, watched
from tests.bench.figures import Figure, Spread
from tests.bench.server import Server

WANTED = 1.0
"""Seconds."""

LOADING = 3.0
"""Seconds that whoever draws has to load the library; before a digest is due it has a minute."""

EVERYTHING = DigestSchedule(
    name="digest",
    channel=0,
    when=Timetable(8, 0),
    began=datetime(2026, 1, 1, tzinfo=UTC),
    trends=True,
)


async def measure(server: Server, rounds: int, told: str) -> AsyncIterator[Figure]:
    """Compared with a digest before it, over a whole week of history."""
    async with connect(kubeconfig=server.kubeconfig) as api:
        cache = WatchCache(api)
        await cache.start()
        try:
            health, store = Health(cache), Unkept()
            report = await health.check()
            known = base(report, None)
            await store.change(BASES, lambda _: Bases({"digest": known}))
            await store.change(HISTORY, lambda _: a_week(datetime.now(UTC)))
            artist = watched(told)
            composer = Composer(health, store, artist.draw)
            at_once = [await _composed(composer) for _ in range(rounds)]
            due = []
            for _ in range(rounds):
                await artist.prepare()
                await asyncio.sleep(LOADING)
                due.append(await _composed(composer))
            await artist.processes.close()
        finally:
            await cache.close()
    name = "a digest with its picture, when it is due"
    yield Figure(name, Spread(tuple(due)).median, "s", at_most=WANTED)
    yield Figure("the same, asked for at once", Spread(tuple(at_once)).median, "s")
    kilobytes = int(Path(told).read_text())  # noqa: ASYNC240  # a few bytes, and nothing else runs
    yield Figure("memory of what draws it", kilobytes / 1024, "MiB", at_most=HOLDS)


async def _composed(composer: Composer) -> float:
    began = perf_counter()
    letter = await composer.compose(EVERYTHING)
    card = discord_digest.digest(letter.digest, letter.picture, letter.alt)
    assert isinstance(letter.picture, bytes), letter.picture
    assert card.discord_files()
    return perf_counter() - began


def a_week(now: datetime) -> History:
    """Every hour another state, and a hundred incidents."""
    chance = random.Random(1)  # noqa: S311  # the same each time
    hour = int(now.timestamp()) // 3600
    points = tuple(
        Point(hour - ago, "".join(chance.choices("hpsdf", k=7))) for ago in range(7 * 24, -1, -1)
    )
    begins = [now - timedelta(hours=chance.uniform(5, 150)) for _ in range(100)]
    incidents = tuple(
        PastIncident(
            f"pods/Pod/apps/web-{number % 20}", began, began + timedelta(hours=4), Verdict.FAILED
        )
        for number, began in enumerate(begins)
    )
    return History(points, incidents)
