"""The errno's word and the address in an error message of Go's.

Source: Go's net.OpError and net.DNSError; Traefik's `ComputeStatusCode` (v3) and oxy (v1, v2).
"""

from __future__ import annotations

import re

from bot.traefik.domain.log_events import Cause

SIGNS: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    (Cause.TIMEOUT, re.compile(r"timeout|timed out|deadline exceeded", re.IGNORECASE)),
    (Cause.REFUSED, re.compile(r"connection refused")),
    (Cause.NO_ROUTE, re.compile(r"no route to host|host is unreachable")),
    (Cause.UNREACHABLE, re.compile(r"network is unreachable")),
    (Cause.RESET, re.compile(r"connection reset by peer|broken pipe")),
    (Cause.CANCELLED, re.compile(r"context canceled|Client Closed Request")),
    (Cause.NO_SUCH_HOST, re.compile(r"no such host|server misbehaving")),
    (Cause.TLS, re.compile(r"\btls: |\bx509: ")),
    (Cause.EOF, re.compile(r"\bEOF\b")),
)
"""In this order: a timeout of a TLS handshake is a timeout."""

STATUS = {Cause.TIMEOUT: 504, Cause.CANCELLED: 499, Cause.TLS: 500, Cause.OTHER: 500}
"""What Traefik answers by the cause; 502 for every other one."""

PEER = re.compile(
    r"(?:dial|read|write|readfrom|writeto) (?:tcp|udp)[46]? "
    r"(?:\S{1,100}->)?(\[[^\]\s]{1,100}\]:\d{1,5}|[^\s:>]{1,260}:\d{1,5})"
)
LOOKED_UP = re.compile(r"lookup (\S{1,260}?)(?: on \S{1,100})?: ")


def cause_of(text: str) -> Cause:
    """The cause that an error message tells; OTHER where none of ours is in it."""
    return next((cause for cause, sign in SIGNS if sign.search(text)), Cause.OTHER)


def address_of(text: str) -> str:
    """The server's side of the connection, else the name that was looked up; empty for none."""
    found = PEER.search(text) or LOOKED_UP.search(text)
    return found[1] if found else ""


def status_of(cause: Cause) -> int:
    """What a client is told for a cause."""
    return STATUS.get(cause, 502)
