"""The agent's server: takes signed jobs by POST /jobs, and streams their lines back."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from bot.probe.accepting import ConnectionLimits, Connections, nobody
from bot.probe.admitting import (
    BODY_PATIENCE,
    HEAD_PATIENCE,
    MOST_BODY,
    MOST_HEAD,
    Admission,
    Request,
    RequestDenied,
    read_body,
    read_head,
)
from bot.probe.job import AgentJob
from bot.probe.listening import bound, streams
from bot.probe.output import Write, encoded

MOST_JOBS = 4
MOST_UNREAD = 1024 * 1024
"""Bytes that wait for a client. A client that reads too slowly is cut off; its job goes on."""

FAREWELL = 5.0
"""Seconds within which the last bytes must reach a client."""

LIMITS = ConnectionLimits(
    sent=MOST_HEAD + MOST_BODY,
    asking=HEAD_PATIENCE + BODY_PATIENCE + FAREWELL,
    answering=FAREWELL,
)
"""The last resort: who is slow is told so before."""

LINES = "application/x-ndjson"

Do = Callable[[AgentJob, Write], Awaitable[None]]
"""Does an admitted job and writes its lines."""


class Agent:
    """Accepts the jobs that `admission` admits, and has them done.

    `is_known` says of an address whether it keeps room of its own, as the kubelet's does.
    """

    def __init__(
        self, admission: Admission, do: Do, is_known: Callable[[str], bool] = nobody
    ) -> None:
        self._admission = admission
        self._do = do
        self._connections = Connections(
            streams(self._serve, MOST_HEAD), limits=LIMITS, is_known=is_known
        )
        self._jobs = asyncio.Semaphore(MOST_JOBS)

    @asynccontextmanager
    async def bound(self, port: int) -> AsyncIterator[str]:
        """Serve requests while the block runs; yields the port.

        Raises:
            JobRefused: The port cannot be used.
        """
        (stream,) = bound(port, socket.SOCK_STREAM)
        async with self._connections.listening(stream):
            yield f"{stream.getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # Of a connection that is reset, write_eof raises what is no ConnectionError.
            with suppress(OSError):
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
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match request.method, request.path:
            case "GET", "/healthz":
                self._connections.asked(writer.transport)
                writer.write(_head(200, "text/plain") + b"ok\n")
            case "POST", "/jobs":
                await self._do_job(await self._job(request, reader), reader, writer)
            case _:
                raise RequestDenied(404, "there are POST /jobs and GET /healthz")

    async def _job(self, request: Request, reader: asyncio.StreamReader) -> AgentJob:
        self._admission.look(request, time.time())
        body = await read_body(reader, request.length)
        if self._jobs.locked():
            raise RequestDenied(503, f"{MOST_JOBS} jobs are under way")
        return self._admission.admit(request, body, time.time())

    async def _do_job(
        self, job: AgentJob, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with self._jobs:
            left = job.expires - time.time() + FAREWELL
            self._connections.asked(writer.transport, answering=left, known=True)
            writer.write(_head(200, LINES))
            doing = self._do(job, lambda line: _say(line, writer))
            await (_while_connected(doing, reader) if job.listen else doing)


def _head(status: int, kind: str) -> bytes:
    """A head without a length: the answer ends with the connection."""
    return f"HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()


def _say(line: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    if writer.transport.get_write_buffer_size() > MOST_UNREAD:
        writer.transport.abort()
    if not writer.transport.is_closing():
        writer.write(encoded(line))


async def _while_connected(doing: Awaitable[None], reader: asyncio.StreamReader) -> None:
    """Listen until the client hangs up: going on after that would only keep others waiting."""
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
    with suppress(OSError):
        while await reader.read(MOST_HEAD):
            pass


async def _take_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close so that everything arrives: with bytes unread, the kernel resets the connection."""
    async with asyncio.timeout(FAREWELL):
        writer.write_eof()
        await _end(reader)
