r"""The clients of our own listener: bytes there and back, which direction stalls, who answers.

TCP: the client sends `MESHMEDIC <up> <down>\n` and then `up` bytes. The listener says its name in
a line once it has them all, and then sends `down` bytes. UDP: a datagram `MESHMEDIC <token>\n`,
filled up to its size, comes back at that size as `MESHMEDIC <token> <name>\n`. Never does more
come back than was sent.
"""

from __future__ import annotations

import asyncio
import os
import socket

from bot.probe.connecting import connected, family, receive, send
from bot.probe.job import MOST_BYTES, Probe
from bot.probe.outcomes import CLOSED, NOT_HTTP, Ended, Seen, ended

MAGIC = b"MESHMEDIC"
SHORTEST = 128
"""Bytes of the smallest datagram: the listener's name must fit into it."""


async def echo(probe: Probe, seen: Seen) -> None:
    """Send `size` bytes to a listener, and get as many back.

    Raises:
        Ended: It went otherwise than well.
    """
    async with connected(probe.address, probe.port, seen) as made:
        seen.doing = "what was sent was not acknowledged"
        await send(made, MAGIC + b" %d %d\n" % (probe.size, probe.size) + b"." * probe.size)
        answer = await _some(made)
        name, _, rest = answer.partition(b"\n")
        if not name.startswith(MAGIC):
            raise Ended(NOT_HTTP, "something else answers there")
        seen.backend = name.removeprefix(MAGIC).strip().decode("latin-1")
        seen.doing = "acknowledged, and then the answer stalled"
        seen.size = len(rest)
        while seen.size < probe.size:
            seen.size += len(await _some(made))


async def datagram(probe: Probe, seen: Seen) -> None:
    """Send a datagram to a listener, and get it back.

    Raises:
        Ended: The system says that it cannot be sent.
    """
    loop = asyncio.get_running_loop()
    token = os.urandom(8).hex().encode()
    sent = (MAGIC + b" " + token + b"\n").ljust(max(probe.size, SHORTEST), b".")
    with socket.socket(family(probe.address), socket.SOCK_DGRAM) as made:
        made.settimeout(0)
        try:
            await loop.sock_connect(made, (probe.address, probe.port))
            seen.source = made.getsockname()[0]
            await loop.sock_sendall(made, sent)
            while not (back := await loop.sock_recv(made, 65536)).startswith(MAGIC + b" " + token):
                pass
        except OSError as error:
            raise ended(error) from error
    seen.size = len(back)
    head = back.partition(b"\n")[0]
    seen.backend = head.removeprefix(MAGIC + b" " + token).strip().decode("latin-1")


async def _some(made: socket.socket) -> bytes:
    part = await receive(made, MOST_BYTES)
    if not part:
        raise Ended(CLOSED, "closed before all was there")
    return part
