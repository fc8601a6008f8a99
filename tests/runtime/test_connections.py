"""How long a connection may last, with times that a test can wait for."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.runtime.connections import Connections

SHORT = 0.3
LONG = 30.0

MUCH = b"x" * 16 * 1024 * 1024
"""More than the kernel takes for a client that does not read."""


class Generous(asyncio.Protocol):
    """Says much to whoever says something."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, _data: bytes) -> None:
        self.transport.write(MUCH)
        self.transport.close()


@asynccontextmanager
async def listening(asking: float, reading: float) -> AsyncIterator[tuple[Connections, int]]:
    connections = Connections(Generous, asking=asking, reading=reading)
    server = await asyncio.get_running_loop().create_server(connections, "127.0.0.1", 0)
    yield connections, server.sockets[0].getsockname()[1]
    server.close()
    connections.cut_off()


async def is_left(connections: Connections) -> float:
    """Wait until no connection is open; the seconds that it took."""
    began = time.monotonic()
    async with asyncio.timeout(10):
        while True:
            if not connections.open:
                return time.monotonic() - began
            await asyncio.sleep(0.01)


async def test_an_answer_that_nobody_reads_is_kept_for_a_while_only() -> None:
    """First the time for asking ends, and then the time for reading."""
    async with listening(SHORT, SHORT) as (connections, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"please")
        await asyncio.sleep(SHORT / 2)
        assert len(connections.open) == 1
        assert await is_left(connections) > SHORT
        writer.close()


async def test_a_slow_reader_gets_its_whole_answer() -> None:
    """One that goes on reading after the time for asking has ended is not cut off."""
    async with listening(SHORT, LONG) as (connections, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"please")
        await asyncio.sleep(2 * SHORT)
        assert len(await reader.read(-1)) == len(MUCH)
        await is_left(connections)
        writer.close()


@pytest.mark.parametrize("leave", [asyncio.StreamWriter.close, lambda w: w.transport.abort()])
async def test_one_that_leaves_by_itself_is_forgotten(
    leave: Callable[[asyncio.StreamWriter], None],
) -> None:
    """Its place is free at once, long before its time is over."""
    async with listening(LONG, LONG) as (connections, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.05)
        assert len(connections.open) == 1
        leave(writer)
        assert await is_left(connections) < LONG / 10


async def test_at_the_end_all_are_cut_off() -> None:
    """A client that does not read cannot hold the end of the process up."""
    async with listening(LONG, LONG) as (connections, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"please")
        await asyncio.sleep(0.05)
        connections.cut_off()
        assert len(connections.open) == 0
        writer.close()
