r"""Clients of our own listener: whether bytes arrive in both directions, and who answers.

TCP: the client sends `MESHMEDIC <up> <down>\n` and then `up` bytes. Once it has them all, the
listener sends a line with its name, and then `down` bytes. UDP: a datagram `MESHMEDIC <token>\n`,
filled up to its size, comes back at that size as `MESHMEDIC <token> <name>\n`. An answer
is never larger than the request.
"""

from __future__ import annotations

import os
import socket

from bot.probe.connecting import connected, datagrams, receive, send
from bot.probe.job import MOST_BYTES, ProbeTask
from bot.probe.outcomes import CLOSED, NOT_HTTP, Ended, TryProgress

MAGIC = b"MESHMEDIC"
SHORTEST = 128
"""Bytes of the smallest datagram: the listener's name must fit into it."""


async def echo(probe: ProbeTask, progress: TryProgress) -> None:
    """Send `size` bytes to a listener, and get as many back.

    Raises:
        Ended: The try failed.
    """
    async with connected(probe.address, probe.port, progress) as sock:
        progress.doing = "what was sent was not acknowledged"
        await send(sock, MAGIC + b" %d %d\n" % (probe.size, probe.size) + b"." * probe.size)
        answer = await _receive(sock)
        name, _, payload = answer.partition(b"\n")
        if not name.startswith(MAGIC):
            raise Ended(NOT_HTTP, "something else answers there")
        progress.backend = name.removeprefix(MAGIC).strip().decode("latin-1")
        progress.doing = "acknowledged, and then the answer stalled"
        progress.size = len(payload)
        while progress.size < probe.size:
            progress.size += len(await _receive(sock))


async def datagram(probe: ProbeTask, progress: TryProgress) -> None:
    """Send a datagram to a listener, and get it back.

    Raises:
        Ended: It cannot be sent.
    """
    token = os.urandom(8).hex().encode()
    sent = (MAGIC + b" " + token + b"\n").ljust(max(probe.size, SHORTEST), b".")
    async with datagrams(probe.address, probe.port, progress) as sock:
        await send(sock, sent)
        while not (back := await receive(sock, 65536)).startswith(MAGIC + b" " + token):
            pass
    progress.size = len(back)
    head = back.partition(b"\n")[0]
    progress.backend = head.removeprefix(MAGIC + b" " + token).strip().decode("latin-1")


async def _receive(sock: socket.socket) -> bytes:
    part = await receive(sock, MOST_BYTES)
    if not part:
        raise Ended(CLOSED, "closed before all was there")
    return part
