"""How a try ended, in the words of `bot.net.probing.protocol.Outcome`."""

from __future__ import annotations

import errno
from dataclasses import dataclass

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
    # A rule of this node's own firewall says no to the sender itself.
    errno.EPERM: NO_ROUTE,
    errno.EACCES: NO_ROUTE,
    errno.ECONNRESET: RESET,
    errno.EPIPE: RESET,
    errno.ECONNABORTED: RESET,
}

PATIENT = frozenset({TIMEOUT, STALLED})
"""Outcomes that a second try may mend: the first packet of a relayed path can be lost."""


class Ended(Exception):  # how a try ended, carried to where the answer is made
    """A try ended other than well."""

    def __init__(self, outcome: str, detail: str = "", number: int = 0) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.number = number


@dataclass(slots=True)
class TryProgress:
    """What one try has learnt so far; times in milliseconds. `doing` explains a stall."""

    doing: str = ""
    connected: float | None = None
    status: int = 0
    size: int = 0
    backend: str = ""
    source: str = ""
    addresses: tuple[str, ...] = ()


def ended(error: OSError, otherwise: str = UNTRIED) -> Ended:
    """What an error of the system means."""
    number = error.errno or 0
    return Ended(OF_ERRNO.get(number, otherwise), error.strerror or str(error), number)
