"""The agent's front: a signed job comes by POST /jobs, and its lines go back as they come."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from bot.probe.admitting import (
    MOST_HEAD,
    Admission,
    Request,
    RequestDenied,
    read_body,
    read_head,
)
from bot.probe.job import AgentJob
from bot.probe.listening import bound
from bot.probe.output import Write, encoded

MOST_CLIENTS = 64
MOST_BODIES = 8
"""Jobs that are read at a time, so that who may not ask cannot fill the memory."""

MOST_JOBS = 4
MOST_UNREAD = 1024 * 1024
"""Bytes that wait for a client; one that reads more slowly is cut off, and its job goes on."""

FAREWELL = 5.0
"""Seconds in which the last bytes reach a client."""

LINES = "application/x-ndjson"

Do = Callable[[AgentJob, Write], Awaitable[None]]
"""Does an admitted job, and says its lines."""


class Agent:
    """Takes jobs that `admission` admits, and has them done."""

    def __init__(self, admission: Admission, do: Do) -> None:
        self._admission = admission
        self._do = do
        self._clients = asyncio.Semaphore(MOST_CLIENTS)
        self._bodies = asyncio.Semaphore(MOST_BODIES)
        self._jobs = asyncio.Semaphore(MOST_JOBS)

    @asynccontextmanager
    async def bound(self, port: int) -> AsyncIterator[str]:
        """Take requests while the block runs; gives the port.

        Raises:
            Refused: The port is not to be had.
        """
        (stream,) = bound(port, socket.SOCK_STREAM)
        server = await asyncio.start_server(self._serve, sock=stream, limit=MOST_HEAD)
        try:
            yield f"{stream.getsockname()[1]}"
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self._clients.locked():
                async with self._clients:
                    with suppress(ConnectionError, TimeoutError):
                        await self._answer(reader, writer)
                        await _take_leave(reader, writer)
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._route(await read_head(reader), reader, writer)
        except RequestDenied as denied:
            line = {"job": "", "refused": str(denied)}
            writer.write(_head(denied.status, LINES) + encoded(line))

    async def _route(
        self, asked: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match asked.method, asked.path:
            case "GET", "/healthz":
                writer.write(_head(200, "text/plain") + b"ok\n")
            case "POST", "/jobs":
                await self._done(await self._job(asked, reader), reader, writer)
            case _:
                raise RequestDenied(404, "there are POST /jobs and GET /healthz")

    async def _job(self, asked: Request, reader: asyncio.StreamReader) -> AgentJob:
        self._admission.look(asked, time.time())
        length = asked.length
        if self._bodies.locked():
            raise RequestDenied(503, "busy with other requests")
        async with self._bodies:
            body = await read_body(reader, length)
        if self._jobs.locked():
            raise RequestDenied(503, f"{MOST_JOBS} jobs are under way")
        return self._admission.admit(asked, body, time.time())

    async def _done(
        self, job: AgentJob, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with self._jobs:
            writer.write(_head(200, LINES))
            doing = self._do(job, lambda line: _say(line, writer))
            await (_while_asked(doing, reader) if job.listen else doing)


def _head(status: int, kind: str) -> bytes:
    """A head without a length: the answer ends where the connection does."""
    return f"HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()


def _say(line: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    if writer.transport.get_write_buffer_size() > MOST_UNREAD:
        writer.transport.abort()
    if not writer.transport.is_closing():
        writer.write(encoded(line))


async def _while_asked(doing: Awaitable[None], reader: asyncio.StreamReader) -> None:
    """Listen until whoever asked hangs up: what would go on then only keeps others waiting."""
    working = asyncio.ensure_future(doing)
    leaving = asyncio.create_task(_end(reader))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
    if not working.cancelled():
        working.result()


async def _end(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        while await reader.read(MOST_HEAD):
            pass


async def _take_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close so that all arrives: with something unread, the kernel would break the connection."""
    async with asyncio.timeout(FAREWELL):
        writer.write_eof()
        while await reader.read(MOST_HEAD):
            pass
