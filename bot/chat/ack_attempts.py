"""What became of the requests that were to acknowledge an interaction.

An acknowledgement that is refused as the second one is our own where an earlier attempt of ours
got no answer, and somebody else's where none did.

The library sends again by itself, so only the HTTP session knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp

SERVER_ERROR = 500


@dataclass(slots=True)
class Attempts:
    """The requests about one thing; `lost` may have been taken without our knowing.

    What Discord answered itself (2xx, 4xx) is not lost; 5xx, and a connection that broke, are.
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


def listen(trace: aiohttp.TraceConfig) -> None:
    """Let a session tell of its requests."""
    trace.on_request_end.append(_ended)
    trace.on_request_exception.append(_broke)


async def _ended(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    ended: aiohttp.TraceRequestEndParams,
) -> None:
    if (counted := _present.get()) and ended.response.status >= SERVER_ERROR:
        counted.lost += 1


async def _broke(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    _broken: aiohttp.TraceRequestExceptionParams,
) -> None:
    if counted := _present.get():
        counted.lost += 1
