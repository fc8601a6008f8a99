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

Say = Callable[[dict[str, Any]], None]


class News:
    """Says the counts of each source since this was made, where they have changed."""

    def __init__(self, listener: Listener, say: Say) -> None:
        self._heard = listener.heard
        self._say = say
        self._before = Counter(self._heard)
        self._told = Counter(self._heard)

    def tell(self) -> None:
        """Say what is new since the last time."""
        if self._heard.total() == self._told.total():
            return
        changed = {each[0] for each, count in self._heard.items() if count != self._told[each]}
        self._told = Counter(self._heard)
        for source in sorted(changed):
            self._say({"heard": {"source": source, **self._counts(source)}})

    def _counts(self, source: str) -> dict[str, int]:
        kinds = ("tcp", "udp")
        found = {each: self._heard[source, each] - self._before[source, each] for each in kinds}
        return {each: count for each, count in found.items() if count}


@asynccontextmanager
async def telling(listener: Listener, say: Say, often: float = OFTEN) -> AsyncIterator[None]:
    """Tell while the block runs, and once more at its end."""
    news = News(listener, say)

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(often)
            news.tell()

    task = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        task.cancel()
        news.tell()
