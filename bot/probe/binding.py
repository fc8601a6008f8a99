"""Sockets that listen on one port, for whoever is in the pod network."""

from __future__ import annotations

import socket
from contextlib import suppress

from bot.probe.job import JobRefused

BACKLOG = 256


def bound(port: int, *kinds: socket.SocketKind) -> list[socket.socket]:
    """A socket of each kind on one port (0: any), of both families where there are both.

    Raises:
        Refused: The port is not to be had.
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
    made: list[socket.socket] = []
    try:
        for kind in kinds:
            sock = socket.socket(family, kind)
            made.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind((address, port or (made[0].getsockname()[1] if len(made) > 1 else 0)))
            sock.settimeout(0)
            if kind == socket.SOCK_STREAM:
                sock.listen(BACKLOG)
    except OSError:
        for sock in made:
            sock.close()
        raise
    return made
