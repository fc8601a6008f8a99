"""One TCP connection, with the time that its handshake or its refusal took."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.probe.outcomes import Seen, ended


def family(address: str) -> socket.AddressFamily:
    """The family of a literal address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@asynccontextmanager
async def connected(address: str, port: int, seen: Seen) -> AsyncIterator[socket.socket]:
    """A connected socket, closed at the end; `seen` learns when, and from which address.

    Raises:
        Ended: There is no connection.
    """
    try:
        made = socket.socket(family(address), socket.SOCK_STREAM)
    except OSError as error:
        raise ended(error) from error
    with made:
        made.settimeout(0)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        try:
            await asyncio.get_running_loop().sock_connect(made, (address, port))
        except OSError as error:
            seen.connected = (time.perf_counter() - began) * 1000
            raise ended(error) from error
        seen.connected = (time.perf_counter() - began) * 1000
        with suppress(OSError):
            seen.source = made.getsockname()[0]
        yield made


async def receive(made: socket.socket, most: int) -> bytes:
    """The next bytes, empty at the end.

    Raises:
        Ended: The connection broke.
    """
    try:
        return await asyncio.get_running_loop().sock_recv(made, most)
    except OSError as error:
        raise ended(error) from error


async def send(made: socket.socket, content: bytes) -> None:
    """Send all of it.

    Raises:
        Ended: The connection broke.
    """
    try:
        await asyncio.get_running_loop().sock_sendall(made, content)
    except OSError as error:
        raise ended(error) from error
