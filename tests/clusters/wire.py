"""The wire to a real API server, which a test may cut, stop, or leave open and silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto

CHUNK = 64 * 1024


class Mode(Enum):
    """What the wire does with bytes."""

    PASSES = auto()
    SILENT = auto()
    DEAD = auto()


class Wire:
    """A TCP relay on loopback. TLS passes through it unread."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._mode = Mode.PASSES
        self._open: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self.port = 0

    def set(self, mode: Mode) -> None:
        """Change what happens; whatever was open during silence or an outage breaks at its end."""
        broken = mode is Mode.DEAD or self._mode is Mode.SILENT
        self._mode = mode
        if broken:
            self.cut()
        if mode is Mode.SILENT:
            self._passing.clear()
        else:
            self._passing.set()

    def cut(self) -> None:
        """Break every open connection."""
        for writer in list(self._open):
            writer.transport.abort()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side or the test ends it."""
        if self._mode is Mode.DEAD:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            there, back = await asyncio.open_connection(*self._target)
            self._open.add(back)
            try:
                await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
            finally:
                self._open.discard(back)
                back.transport.abort()
        except OSError:
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(CHUNK):
                await self._passing.wait()
                sink.write(chunk)
                await sink.drain()
        if not sink.is_closing():
            sink.close()


@asynccontextmanager
async def wired(host: str, port: int) -> AsyncIterator[Wire]:
    """A wire to that address, listening on `Wire.port`."""
    wire = Wire(host, port)
    server = await asyncio.start_server(wire.relay, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        wire.set(Mode.DEAD)
        await asyncio.sleep(0)
