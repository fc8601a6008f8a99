"""One HTTP request: connection, TLS, status line, and which backend answered."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress

from bot.probe.connecting import Connection, connected
from bot.probe.hashing import sha256
from bot.probe.job import ProbeTask, is_address
from bot.probe.outcomes import CLOSED, NOT_HTTP, Ended, TryProgress

MOST_BODY = 65536
"""Bytes of an answer's body that are read."""

MOST_HEAD = 8192
KEPT = 8192
"""Bytes of a body that are kept to find out which backend gave it."""

UNPROMISED = 1.0
"""Seconds for which an answer without a length is read."""

LENGTH = re.compile(r"\d{1,15}")
LAST_CHUNK = b"0\r\n\r\n"

STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r?\n|$)")

NAMED = ("x-pod-name", "x-pod", "x-hostname", "x-served-by", "x-backend", "x-backend-server")
"""Headers by which backends name themselves, the surest first."""

HOSTNAME = re.compile(rb"^Hostname: (\S{1,253})\r?$", re.MULTILINE)
"""How traefik/whoami names itself, in its body."""

BODY_PREFIX = 1024


async def request(probe: ProbeTask, progress: TryProgress) -> None:
    """GET the path, and read the answer to its end or to MOST_BODY.

    Raises:
        Ended: The try failed. An error status is not a failure.
    """
    async with connected(probe.address, probe.port, progress) as sock:
        connection = await _connection(sock, probe, progress)
        progress.doing = "asked, and no answer came"
        await connection.send(_request(probe))
        head, begun = await read_head(connection)
        progress.doing = "the answer stalled"
        progress.status = status_of(head)
        headers = headers_of(head)
        body = await read_body(connection, begun, headers, progress)
        progress.backend = _backend(progress.status, headers, body)


async def _connection(sock: socket.socket, probe: ProbeTask, progress: TryProgress) -> Connection:
    if not probe.tls:
        return Connection(sock)
    progress.doing = "no answer to the TLS handshake"
    # It loads OpenSSL, which only a TLS probe needs.
    from bot.probe.securing import Secured  # noqa: PLC0415

    secured = Secured(sock, "" if is_address(probe.name) else probe.name)
    await secured.shake_hands()
    return secured


def _request(probe: ProbeTask) -> bytes:
    host = probe.name or (f"[{probe.address}]" if ":" in probe.address else probe.address)
    lines = [
        f"GET {probe.path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: meshmedic",
        "Accept: */*",
        "Connection: close",
    ]
    if probe.size:
        lines.append(f"X-Meshmedic-Padding: {'.' * probe.size}")
    return "\r\n".join([*lines, "", ""]).encode()


async def read_head(connection: Connection, received: bytes = b"") -> tuple[bytes, bytes]:
    """The head, or what there is of it up to MOST_HEAD, and the bytes that came after it.

    Raises:
        Ended: The other end closed without an answer. `received` is what came of it before.
    """
    while b"\r\n\r\n" not in received and len(received) < MOST_HEAD:
        part = await connection.receive()
        if not part and not received:
            raise Ended(CLOSED, "closed without an answer")
        if not part:
            break
        received += part
    head, _, begun = received.partition(b"\r\n\r\n")
    return head, begun


def status_of(head: bytes) -> int:
    """The status of a head.

    Raises:
        Ended: It is not HTTP.
    """
    status_line = STATUS_LINE.match(head)
    if not status_line:
        raise Ended(NOT_HTTP, f"it begins with {head[:24]!r}")
    return int(status_line[1])


def headers_of(head: bytes) -> dict[str, str]:
    """The headers in the order in which they came, by their names in small letters."""
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {
        name.decode("latin-1").strip().lower(): value.decode("latin-1").strip()
        for name, _, value in pairs
        if value
    }


async def read_body(
    connection: Connection, begun: bytes, headers: dict[str, str], progress: TryProgress
) -> bytes:
    """The beginning of the body; `progress` counts all of it, also where it stalls.

    Raises:
        Ended: It is shorter than was promised.
    """
    length = headers.get("content-length", "")
    wanted = min(MOST_BODY, int(length)) if LENGTH.fullmatch(length) else MOST_BODY
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    body, end = b"", b""
    part = begun
    # An endless stream is an answer too: only a promised length must be kept.
    with suppress(*(() if length else (TimeoutError,))):
        async with asyncio.timeout(None if length else UNPROMISED):
            while True:
                progress.size += len(part)
                body = (body + part)[:KEPT]
                end = (end + part)[-len(LAST_CHUNK) :]
                if progress.size >= wanted or (chunked and end == LAST_CHUNK):
                    break
                if not (part := await connection.receive()):
                    break
    if length and progress.size < wanted:
        raise Ended(CLOSED, f"closed after {progress.size} of {wanted} bytes")
    return body


def _backend(status: int, headers: dict[str, str], body: bytes) -> str:
    """The backend's name for itself, else a fingerprint of what is equal in all its answers."""
    if hostname := HOSTNAME.search(body):
        return hostname[1].decode("latin-1")
    for header in NAMED:
        if headers.get(header):
            return headers[header][:253]
    stable = "\n".join(
        [str(status), *(headers.get(header, "") for header in ("server", "content-type", "etag"))]
    )
    return sha256(stable.encode() + body[:BODY_PREFIX]).hex()[:16]
