"""One TCP connection, with the time that its handshake or its refusal took."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.probe.outcomes import TryProgress, ended

RTT_AT = 68
"""Where `tcpi_rtt` stands in Linux's struct tcp_info, in microseconds."""

RECORD = 16384
"""Bytes that are received at a time: one record of TLS at most. Source: RFC 8446, 5.1."""


class Connection:
    """Sends and receives over a socket. Both methods raise `Ended` where the connection breaks."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def send(self, content: bytes) -> None:
        """Send all of it."""
        await send(self._sock, content)

    async def receive(self) -> bytes:
        """The next bytes; empty at the end."""
        return await receive(self._sock, RECORD)


def family(address: str) -> socket.AddressFamily:
    """The family of a literal address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@asynccontextmanager
async def connected(address: str, port: int, progress: TryProgress) -> AsyncIterator[socket.socket]:
    """A connected socket; `progress` records how long that took, and the address at this end.

    Raises:
        Ended: There is no connection.
    """
    try:
        sock = socket.socket(family(address), socket.SOCK_STREAM)
    except OSError as error:
        raise ended(error) from error
    with sock:
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        try:
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
        except OSError as error:
            took = (time.perf_counter() - began) * 1000
            progress.connected = min(took, _refused_alone(address, port, took))
            raise ended(error) from error
        took = (time.perf_counter() - began) * 1000
        progress.connected = min(took, _handshake(sock) or took)
        with suppress(OSError):
            progress.source = sock.getsockname()[0]
        yield sock


def _handshake(sock: socket.socket) -> float | None:
    """The handshake's time by the kernel, in milliseconds, which no other task can delay."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RTT_AT + 4)
    micros = struct.unpack_from("=I", info, RTT_AT)[0] if len(info) == RTT_AT + 4 else 0
    return micros / 1000 or None


def _refused_alone(address: str, port: int, limit: float) -> float:
    """The milliseconds that a refusal takes while nothing else runs; at most `limit`.

    How soon a refusal comes shows who refuses, and the kernel keeps no time for it. So connect
    once more and block the event loop meanwhile, for no longer than the first attempt took.
    """
    with socket.socket(family(address), socket.SOCK_STREAM) as sock:
        sock.settimeout(max(limit, 1.0) / 1000)
        began = time.perf_counter()
        sock.connect_ex((address, port))
        return (time.perf_counter() - began) * 1000


@asynccontextmanager
async def datagrams(address: str, port: int, progress: TryProgress) -> AsyncIterator[socket.socket]:
    """A UDP socket, connected so that refusals come back; `progress` records its address.

    Raises:
        Ended: Nothing can be sent.
    """
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        sock.settimeout(0)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
            progress.source = sock.getsockname()[0]
        except OSError as error:
            raise ended(error) from error
        yield sock


async def receive(sock: socket.socket, most: int) -> bytes:
    """The next bytes, empty at the end.

    Raises:
        Ended: The connection broke.
    """
    try:
        return await asyncio.get_running_loop().sock_recv(sock, most)
    except OSError as error:
        raise ended(error) from error


async def send(sock: socket.socket, content: bytes) -> None:
    """Send all of it.

    Raises:
        Ended: The connection broke.
    """
    try:
        await asyncio.get_running_loop().sock_sendall(sock, content)
    except OSError as error:
        raise ended(error) from error
