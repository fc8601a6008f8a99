"""What a listener heard since somebody began to ask."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bot.probe.listening import Listener

OFTEN = 0.5
"""Seconds between two looks whether something was heard."""

MOST_SOURCES = 4096
"""Sources that are counted. Of more, the one that was silent longest is forgotten."""

Say = Callable[[dict[str, Any]], None]


class News:
    """Counts by source, and says those that have changed."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._heard: dict[str, Counter[str]] = {}
        self._new: set[str] = set()

    def hear(self, source: str, protocol: str) -> None:
        """Count one connection or datagram."""
        counts = self._heard.pop(source, Counter())
        # A flood of invented sources is to blind us for a moment only.
        if len(self._heard) >= MOST_SOURCES:
            forgotten = next(iter(self._heard))
            del self._heard[forgotten]
            self._new.discard(forgotten)
        counts[protocol] += 1
        self._heard[source] = counts
        self._new.add(source)

    def tell(self) -> None:
        """Say what is new since the last time."""
        new, self._new = self._new, set()
        for source in sorted(new):
            self._say({"heard": {"source": source, **self._heard[source]}})


@asynccontextmanager
async def telling(listener: Listener, say: Say, often: float = OFTEN) -> AsyncIterator[None]:
    """Tell while the block runs, and once more at its end."""
    news = News(say)
    listener.hearers.append(news.hear)

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(often)
            news.tell()

    task = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        task.cancel()
        listener.hearers.remove(news.hear)
        news.tell()
