"""One HTTP request, told apart into connection, TLS, the status line, and who answered."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
from contextlib import suppress

from bot.probe.connecting import connected
from bot.probe.job import Probe, is_address
from bot.probe.outcomes import CLOSED, NOT_HTTP, TLS, Ended, Seen, ended

MOST_BODY = 65536
"""Bytes of an answer that are read; what is longer is not asked for."""

LINE = 8192

STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r?\n|$)")

NAMED = ("x-pod-name", "x-pod", "x-hostname", "x-served-by", "x-backend", "x-backend-server")
"""Headers by which backends name themselves, the surest first."""

HOSTNAME = re.compile(rb"^Hostname: (\S{1,253})\r?$", re.MULTILINE)
"""How traefik/whoami does it, in its body."""

BODY_PREFIX = 1024


async def request(probe: Probe, seen: Seen) -> None:
    """GET the path, and read the answer to its end or to MOST_BODY.

    Raises:
        Ended: It went otherwise than well; an error status is no such thing.
    """
    async with connected(probe.address, probe.port, seen) as made:
        reader, writer = await _streams(made, probe, seen)
        try:
            seen.doing = "asked, and no answer came"
            writer.write(_request(probe))
            await writer.drain()
            head = await _head(reader)
            seen.doing = "the answer stalled"
            seen.status = _status(head)
            headers = _headers(head)
            body = await _body(reader, headers, seen)
            seen.backend = _backend(seen.status, headers, body)
        except OSError as error:
            raise ended(error) from error
        finally:
            # Closed by `connected`: a TLS farewell may wait for an answer that never comes.
            writer.transport.abort()


async def _streams(
    made: socket.socket, probe: Probe, seen: Seen
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = name = None
    if probe.tls:
        seen.doing = "no answer to the TLS handshake"
        # Which name it is for is a question of its own; here it is whether anything answers.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        name = "" if not probe.name or is_address(probe.name) else probe.name
    try:
        return await asyncio.open_connection(
            sock=made.dup(), ssl=context, server_hostname=name, limit=LINE
        )
    except ssl.SSLError as error:
        raise Ended(TLS, error.reason or "the handshake failed") from error
    except ConnectionError as error:
        raise Ended(TLS, "the connection was closed in the handshake") from error
    except OSError as error:
        raise ended(error) from error


def _request(probe: Probe) -> bytes:
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


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            raise Ended(CLOSED, "closed without an answer") from error
        head = error.partial
    except asyncio.LimitOverrunError:
        head = await reader.read(LINE)
    return head


def _status(head: bytes) -> int:
    found = STATUS_LINE.match(head)
    if not found:
        raise Ended(NOT_HTTP, f"it begins with {head[:24]!r}")
    return int(found[1])


def _headers(head: bytes) -> dict[str, str]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {
        name.decode("latin-1").strip().lower(): value.decode("latin-1").strip()
        for name, _, value in pairs
        if value
    }


async def _body(reader: asyncio.StreamReader, headers: dict[str, str], seen: Seen) -> bytes:
    """The body, as much as there is; `seen` counts along, so that a stall tells how far it came."""
    length = headers.get("content-length", "")
    wanted = min(MOST_BODY, int(length)) if length.isdecimal() and len(length) < LINE else MOST_BODY
    body = b""
    # One that streams for ever has answered: only a length that was promised must be kept.
    unbounded = not length and seen.status
    with suppress(*((TimeoutError,) if unbounded else ())):
        async with asyncio.timeout(1.0 if unbounded else None):
            while len(body) < wanted and (part := await reader.read(wanted - len(body))):
                body += part
                seen.size = len(body)
                if "chunked" in headers.get("transfer-encoding", "") and body.endswith(
                    b"0\r\n\r\n"
                ):
                    break
    if length and len(body) < wanted:
        raise Ended(CLOSED, f"closed after {len(body)} of {wanted} bytes")
    return body


def _backend(status: int, headers: dict[str, str], body: bytes) -> str:
    """Its own name, where it tells one; else a print of what does not change by the request."""
    if found := HOSTNAME.search(body[:MOST_BODY]):
        return found[1].decode("latin-1")
    for header in NAMED:
        if headers.get(header):
            return headers[header][:253]
    stable = "\n".join(
        [str(status), *(headers.get(each, "") for each in ("server", "content-type", "etag"))]
    )
    return hashlib.sha256(stable.encode() + body[:BODY_PREFIX]).hexdigest()[:16]
