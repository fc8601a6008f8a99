"""How a try ended, in the words of `bot.net.probing.protocol.Outcome`."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any

OK = "ok"
REFUSED = "refused"
TIMEOUT = "timeout"
NO_ROUTE = "no route"
RESET = "reset"
CLOSED = "closed"
STALLED = "stalled"
NAME = "name"
TLS = "tls"
NOT_HTTP = "not http"
UNTRIED = "untried"

OF_ERRNO = {
    errno.ECONNREFUSED: REFUSED,
    errno.ETIMEDOUT: TIMEOUT,
    errno.EHOSTUNREACH: NO_ROUTE,
    errno.ENETUNREACH: NO_ROUTE,
    errno.ENETDOWN: NO_ROUTE,
    errno.EHOSTDOWN: NO_ROUTE,
    # A rule of this node's own firewall refuses the packet to its sender.
    errno.EPERM: NO_ROUTE,
    errno.EACCES: NO_ROUTE,
    errno.ECONNRESET: RESET,
    errno.EPIPE: RESET,
    errno.ECONNABORTED: RESET,
}

PATIENT = frozenset({TIMEOUT, STALLED})
"""Outcomes that are worth a second try: on a relayed path the first packet may be lost."""


class Ended(Exception):  # caught where the answer is made
    """A try failed: its outcome, a detail, and the errno or response code."""

    def __init__(self, outcome: str, detail: str = "", number: int = 0) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.number = number


@dataclass(slots=True)
class TryProgress:
    """What is known of a try so far; times are in milliseconds. `doing` explains a stall.

    `web` are the facts of a route check's answer, as `bot.net.probing.protocol.WebFacts` has them.
    """

    doing: str = ""
    connected: float | None = None
    status: int = 0
    size: int = 0
    backend: str = ""
    source: str = ""
    addresses: tuple[str, ...] = ()
    web: dict[str, Any] | None = None


def ended(error: OSError, otherwise: str = UNTRIED) -> Ended:
    """The failure that a system error stands for."""
    number = error.errno or 0
    return Ended(OF_ERRNO.get(number, otherwise), error.strerror or str(error), number)
