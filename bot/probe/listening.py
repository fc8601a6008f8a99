"""Our own listener, which answers `echo` and `datagram` and reports its clients."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from bot.probe.accepting import ConnectionLimits, Connections, nobody, plain
from bot.probe.echo import MAGIC, SHORTEST
from bot.probe.job import MOST_BYTES, JobRefused
from bot.probe.output import Write

MOST_HEAD = 64
"""Bytes of the line that says how much is sent and wanted."""

LIMITS = ConnectionLimits(
    most=64, of_a_source=16, sent=MOST_HEAD + MOST_BYTES, asking=15.0, answering=15.0
)
"""A test from one pod makes up to a dozen connections to one listener at the same time. No try
lasts as long as `asking`: whose bytes are lost on their way has stalled, and must not see a reset.
"""

QUESTION = 2
"""Words in the first line of a client's datagram: the magic word and a token."""

OFTEN = 0.5
"""Seconds between two reports of what was heard."""

MOST_SOURCES = 4096
"""Sources that are counted; beyond that, the one that was silent longest is forgotten."""


class Listener:
    """Listens for TCP and UDP on one port. `on_heard` are called with each source and protocol.

    `is_known` says of an address whether it keeps room of its own, as those of peers do.
    """

    def __init__(self, name: str, is_known: Callable[[str], bool] = nobody) -> None:
        self._name = name.encode("ascii", "replace")
        self.on_heard: list[Callable[[str, str], None]] = []
        self._connections = Connections(
            streams(self._serve, MOST_BYTES), limits=LIMITS, is_known=is_known
        )

    @asynccontextmanager
    async def bound(self, port: int) -> AsyncIterator[str]:
        """Listen while the block runs; yields the port.

        Raises:
            JobRefused: The port cannot be used.
        """
        stream, packets = bound(port, socket.SOCK_STREAM, socket.SOCK_DGRAM)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Echoes(self), sock=packets)
        try:
            async with self._connections.listening(stream):
                yield f"{stream.getsockname()[1]}"
        finally:
            transport.close()

    def note(self, address: str, protocol: str) -> None:
        """Report a client."""
        for callback in self.on_heard:
            callback(plain(address), protocol)

    def answer(self, packet: bytes) -> bytes | None:
        """The datagram that is sent back: of the same size, with the listener's name."""
        head, newline, _ = packet.partition(b"\n")
        words = head.split(b" ")
        # An answer has three words and gets none: else two listeners would answer each other, once
        # a datagram to one of them bore the other's address.
        if not newline or words[0] != MAGIC or len(words) != QUESTION or len(packet) < SHORTEST:
            return None
        return (head + b" " + self._name + b"\n")[: len(packet)].ljust(len(packet), b".")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.note(str(writer.get_extra_info("peername", ("",))[0]), "tcp")
        try:
            # asyncio would print a cancellation, which ends the program, for each client.
            with suppress(asyncio.CancelledError, OSError, ValueError, EOFError):
                await self._echo(reader, writer)
        finally:
            writer.close()

    async def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readline()
        magic, up, down = head.split(b" ")
        sizes = int(up), int(down)
        if magic != MAGIC or not all(0 <= size <= MOST_BYTES for size in sizes):
            return
        await reader.readexactly(sizes[0])
        self._connections.asked(writer.transport)
        writer.write(MAGIC + b" " + self._name + b"\n")
        await writer.drain()
        writer.write(b"." * min(sizes))
        await writer.drain()
        # The client closes: to close first could cut off what is still on its way.
        await reader.read(1)


class _Echoes(asyncio.DatagramProtocol):
    """Answers datagrams. One that the kernel does not take now is lost, and never kept here.

    Answers to hosts that do not exist wait in the kernel, until it takes no more of anybody's.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._takes = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def pause_writing(self) -> None:
        self._takes = False

    def resume_writing(self) -> None:
        self._takes = True

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._listener.note(str(addr[0]), "udp")
        if self._takes and (back := self._listener.answer(data)):
            self._transport.sendto(back, addr)  # type: ignore[attr-defined]


class News:
    """Counts by source, and reports the counts that have changed."""

    def __init__(self, say: Write) -> None:
        self._say = say
        self._heard: dict[str, Counter[str]] = {}
        self._new: set[str] = set()

    def hear(self, source: str, protocol: str) -> None:
        """Count one connection or datagram."""
        counts = self._heard.pop(source, Counter())
        # A flood of forged sources must not blind us for longer than a moment.
        if len(self._heard) >= MOST_SOURCES:
            forgotten = next(iter(self._heard))
            del self._heard[forgotten]
            self._new.discard(forgotten)
        counts[protocol] += 1
        self._heard[source] = counts
        self._new.add(source)

    def tell(self) -> None:
        """Report what is new since the last report."""
        new, self._new = self._new, set()
        for source in sorted(new):
            self._say({"heard": {"source": source, **self._heard[source]}})


@asynccontextmanager
async def telling(listener: Listener, say: Write, often: float = OFTEN) -> AsyncIterator[None]:
    """Report news while the block runs, and once more at its end."""
    news = News(say)
    listener.on_heard.append(news.hear)

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(often)
            news.tell()

    task = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        task.cancel()
        listener.on_heard.remove(news.hear)
        news.tell()


def streams(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], limit: int
) -> Callable[[], asyncio.StreamReaderProtocol]:
    """Makes the protocol of each connection, as `asyncio.start_server` does.

    `limit` is in bytes, for a line; twice as many are buffered at most.
    """
    return lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(limit), serve)


def bound(port: int, *kinds: socket.SocketKind) -> list[socket.socket]:
    """A socket of each kind on one port (0: any), for IPv6 and IPv4 where there are both.

    Raises:
        JobRefused: The port cannot be used.
    """
    if socket.has_ipv6:
        with suppress(OSError):
            return _bound(socket.AF_INET6, "::", port, kinds)
    try:
        return _bound(socket.AF_INET, "0.0.0.0", port, kinds)  # noqa: S104  # as said above
    except OSError as error:
        raise JobRefused(f"port {port}: {error.strerror}") from error


def _bound(
    family: int, address: str, port: int, kinds: tuple[socket.SocketKind, ...]
) -> list[socket.socket]:
    socks: list[socket.socket] = []
    try:
        for kind in kinds:
            sock = socket.socket(family, kind)
            socks.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind((address, port or (socks[0].getsockname()[1] if len(socks) > 1 else 0)))
            sock.settimeout(0)
            if kind == socket.SOCK_STREAM:
                sock.listen()
    except OSError:
        for sock in socks:
            sock.close()
        raise
    return socks
