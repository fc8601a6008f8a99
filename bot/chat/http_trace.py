"""Follows the requests of the HTTP session: which were lost, and the date of the last answer.

The library retries by itself, so only the session knows what came of each request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace

import aiohttp

from bot.domain.timestamps import ahead

SERVER_ERROR = 500


@dataclass(slots=True)
class Attempts:
    """The requests that tried to acknowledge an interaction.

    If Discord refuses an acknowledgement because there is one already, that one is ours if an
    earlier attempt was lost, and another process's otherwise. Lost are 5xx answers and broken
    connections; 2xx and 4xx are Discord's own answers.
    """

    lost: int = 0


_present: ContextVar[Attempts | None] = ContextVar("attempts", default=None)


@contextmanager
def counting(attempts: Attempts) -> Iterator[None]:
    """Count the requests that a block sends in its own task."""
    token = _present.set(attempts)
    try:
        yield
    finally:
        _present.reset(token)


class HttpTrace:
    """Listens to a session; `config` is for its `trace_configs`.

    `skew` is how many seconds our clock is ahead of Discord's, by its last answer.
    """

    def __init__(self) -> None:
        self.config = aiohttp.TraceConfig()
        self.config.on_request_end.append(self._ended)
        self.config.on_request_exception.append(self._broke)
        self.skew: float | None = None

    async def _ended(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        ended: aiohttp.TraceRequestEndParams,
    ) -> None:
        if (attempts := _present.get()) and ended.response.status >= SERVER_ERROR:
            attempts.lost += 1
        now = datetime.now(UTC)
        skew = ahead(now, now, ended.response.headers.get("Date"))
        if skew is not None:
            self.skew = skew

    async def _broke(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        _broken: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        if attempts := _present.get():
            attempts.lost += 1
