"""Our own listener: it answers `echo` and `datagram`, and tells whom it heard."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from bot.probe.binding import bound
from bot.probe.echo import MAGIC, SHORTEST
from bot.probe.job import MOST_BYTES

LONGEST_HEAD = 64
PATIENCE = 15.0
"""Seconds that one connection is kept."""

MOST_CLIENTS = 256
MAPPED = "::ffff:"
"""How an IPv4 address looks to a socket of both families."""


class Listener:
    """TCP and UDP on one port, under a name. `hearers` are told each source and protocol."""

    def __init__(self, name: str) -> None:
        self._name = name.encode("ascii", "replace")
        self.hearers: list[Callable[[str, str], None]] = []
        self._clients = 0

    @asynccontextmanager
    async def bound(self, port: int) -> AsyncIterator[str]:
        """Listen while the block runs; gives the address and port.

        Raises:
            Refused: The port is not to be had.
        """
        stream, packets = bound(port, socket.SOCK_STREAM, socket.SOCK_DGRAM)
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._serve, sock=stream, limit=MOST_BYTES * 2)
        transport, _ = await loop.create_datagram_endpoint(lambda: _Echoes(self), sock=packets)
        try:
            yield f"{stream.getsockname()[1]}"
        finally:
            server.close()
            transport.close()

    def note(self, address: str, protocol: str) -> None:
        """Pass on whom we heard."""
        for hear in self.hearers:
            hear(address.removeprefix(MAPPED), protocol)

    def answer(self, packet: bytes) -> bytes | None:
        """The datagram that goes back: the same size, with our name."""
        head, found, _ = packet.partition(b"\n")
        if not found or not head.startswith(MAGIC) or len(packet) < SHORTEST:
            return None
        return (head + b" " + self._name + b"\n")[: len(packet)].ljust(len(packet), b".")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.note(str(writer.get_extra_info("peername", ("",))[0]), "tcp")
        self._clients += 1
        try:
            if self._clients <= MOST_CLIENTS:
                # A cancellation is the program's end: asyncio would print it for each client.
                with suppress(asyncio.CancelledError, TimeoutError, OSError, ValueError, EOFError):
                    async with asyncio.timeout(PATIENCE):
                        await self._echo(reader, writer)
        finally:
            self._clients -= 1
            writer.close()

    async def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readline()
        magic, up, down = head.split(b" ")
        sizes = int(up), int(down)
        if magic != MAGIC or not all(0 <= size <= MOST_BYTES for size in sizes):
            return
        await reader.readexactly(sizes[0])
        writer.write(MAGIC + b" " + self._name + b"\n")
        await writer.drain()
        writer.write(b"." * min(sizes))
        await writer.drain()
        # The client closes: to close first could cut off what is still on its way.
        await reader.read(1)


class _Echoes(asyncio.DatagramProtocol):
    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._listener.note(str(addr[0]), "udp")
        if back := self._listener.answer(data):
            self._transport.sendto(back, addr)  # type: ignore[attr-defined]
