"""What the HTTP session tells of its requests: lost ones, and the date of the last answer.

The library sends again by itself, so only the session knows what became of each request.
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
    """The requests that were to acknowledge an interaction.

    An acknowledgement that is refused as the second one is our own where an earlier attempt of
    ours was lost, and another process's where none was. What Discord answered itself (2xx, 4xx) is
    not lost; 5xx, and a connection that broke, are.
    """

    lost: int = 0


_present: ContextVar[Attempts | None] = ContextVar("attempts", default=None)


@contextmanager
def counting(attempts: Attempts) -> Iterator[None]:
    """Count the requests that the block sends in its own task."""
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
