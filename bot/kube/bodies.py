"""Reading the body of an answer with a limit: an object may be as heavy as its writer likes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from bot.errors import TooHeavy
from bot.kube.transport import Response

MOST = 12 * 1024 * 1024
"""Bytes of any answer. An object has 1.5 MiB at most, of which JSON may write each as six."""

LIGHT = 1024 * 1024
"""Bytes of an answer of which any number is read at the same time."""

AT_ONCE = 2
"""Heavier answers that are read at the same time; others wait, however many kinds are heavy."""


class BodyReader:
    """Reads bodies whole, of which few are heavy at the same time."""

    def __init__(self) -> None:
        self._heavy = asyncio.Semaphore(AT_ONCE)

    async def read(self, response: Response, most: int = MOST) -> bytes:
        """The body.

        Raises:
            TooHeavy: It has more than `most` bytes; the rest is not read.
        """
        body = bytearray()
        async with AsyncExitStack() as turn:
            async for chunk in response.content.iter_any():
                if len(body) <= LIGHT < len(body) + len(chunk):
                    await turn.enter_async_context(self._heavy)
                body += chunk
                if len(body) > most:
                    raise TooHeavy(f"The API server's answer is more than {most:,} bytes.")
            return bytes(body)
