"""A route check: one request of `/`, and of the answer only what tells who gave it.

The body is never kept, no redirect is followed, and every fact has a limit.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from bot.probe.connecting import Connection, connected
from bot.probe.hashing import sha256
from bot.probe.job import ProbeTask
from bot.probe.outcomes import Ended, TryProgress
from bot.probe.web import LENGTH, headers_of, read_body, read_head, status_of

USER_AGENT = "meshmedic-route-check"
"""By which the owner of a site tells these requests from those of people."""

METHODS = {"route-head": "HEAD", "route-get": "GET"}

MOST_INTERIM = 4
"""Answers with a status below 200 before the final one."""

MOST_TEXT = 64
MOST_HOST = 253

HOST = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{0,20}:)?//([^/?#\s]{1,300})")
"""The authority of a Location; one without it leads to the same host."""


async def check(probe: ProbeTask, progress: TryProgress) -> None:
    """Ask for `/` once, and note what came back.

    Raises:
        Ended: No answer came, or none of HTTP. A certificate that is not accepted is a fact, and
            no failure.
    """
    async with _reached(probe, progress) as connection:
        progress.doing = "asked, and no answer came"
        asked = time.perf_counter()
        method = METHODS[probe.kind]
        await connection.send(_request(probe, method))
        head, begun = await read_head(connection)
        for _ in range(MOST_INTERIM):
            if status_of(head) >= 200:  # noqa: PLR2004  # RFC 9110, 15.2
                break
            head, begun = await read_head(connection, begun)
        latency = (time.perf_counter() - asked) * 1000
        progress.status = status_of(head)
        headers = headers_of(head)
        progress.backend = _print(progress.status, headers)
        progress.web = {**(progress.web or {}), **_facts(headers), "latency": round(latency, 3)}
        if method == "GET":
            # Read it to the end: hanging up early may look like a failure to the backend.
            with suppress(Ended, TimeoutError):
                await read_body(connection, begun, headers, progress)


@asynccontextmanager
async def _reached(probe: ProbeTask, progress: TryProgress) -> AsyncIterator[Connection]:
    """A connection, by TLS where that is wanted, whatever the certificate says.

    Of a certificate that is not accepted a second connection is made: the first one has ended.
    """
    if not probe.tls:
        async with connected(probe.address, probe.port, progress) as sock:
            yield Connection(sock)
        return
    # It loads OpenSSL, which only a TLS probe needs.
    from bot.probe.securing import Secured, Untrusted, knows_authorities  # noqa: PLC0415

    refused: int | None = None
    if knows_authorities():
        progress.doing = "no answer to the TLS handshake"
        async with connected(probe.address, probe.port, progress) as sock:
            trusted = Secured(sock, probe.name, verified=True)
            try:
                await trusted.shake_hands()
            except Untrusted as end:
                refused = end.number
            else:
                _note_certificate(trusted.certificate, probe, 0, progress)
                yield trusted
                return
    async with connected(probe.address, probe.port, progress) as sock:
        progress.doing = "no answer to the TLS handshake"
        secured = Secured(sock, probe.name)
        await secured.shake_hands()
        _note_certificate(secured.certificate, probe, refused, progress)
        yield secured


def _note_certificate(
    der: bytes, probe: ProbeTask, refused: int | None, progress: TryProgress
) -> None:
    from bot.probe.certificates import examine  # noqa: PLC0415  # only a TLS probe needs it

    progress.web = {"certificate": examine(der, probe.name, time.time(), refused)}


def _request(probe: ProbeTask, method: str) -> bytes:
    lines = (
        f"{method} / HTTP/1.1",
        f"Host: {probe.name}",
        f"User-Agent: {USER_AGENT}",
        "Accept: */*",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode()


def _facts(headers: dict[str, str]) -> dict[str, Any]:
    length = headers.get("content-length", "")
    host = HOST.match(headers.get("location", "")[:1024])
    facts: dict[str, Any] = {
        "server": _text(headers.get("server", "")),
        "content_type": _text(headers.get("content-type", "")),
        "login": "www-authenticate" in headers,
        "location": _text(_bare(host[1]), MOST_HOST) if host else "",
        "retry_after": _text(headers.get("retry-after", "")),
    }
    filled = {name: fact for name, fact in facts.items() if fact}
    return {**filled, "length": int(length)} if LENGTH.fullmatch(length) else filled


def _bare(authority: str) -> str:
    """The host alone, in small letters, without credentials and port."""
    host = authority.rpartition("@")[2].lower()
    return host if host.startswith("[") else host.partition(":")[0]


def _text(value: str, most: int = MOST_TEXT) -> str:
    return "".join(char for char in value[:most] if char.isascii() and char.isprintable())


def _print(status: int, headers: dict[str, str]) -> str:
    """A fingerprint of an answer by its head, which is all that a HEAD has.

    The order of the headers is a part of it: a server writes those of its own answers otherwise
    than those that it passes on.
    """
    values = (headers.get(name, "") for name in ("server", "content-type", "content-length"))
    return sha256("\n".join([str(status), *headers, *values]).encode()).hex()[:16]
