"""The events that a line of Traefik's log may contain: one of five."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec


class Cause(StrEnum):
    """Why a request did not get through; for a failed connection the text of its errno."""

    REFUSED = "connection refused"
    NO_ROUTE = "no route to host"
    UNREACHABLE = "network is unreachable"
    TIMEOUT = "timeout"
    RESET = "connection reset"
    EOF = "EOF"
    CANCELLED = "client went away"
    NO_SUCH_HOST = "no such host"
    TLS = "TLS"
    OTHER = "another error"
    UNTOLD = "not stated"
    """An access log has the status, and no reason."""


class Origin(StrEnum):
    """The part of Traefik that reported the failure."""

    PROXY = "proxy"
    TCP = "tcp"
    HEALTH_CHECK = "health check"
    ACCESS_LOG = "access log"


class LogReason(StrEnum):
    """Why a line contains no event."""

    BLANK = "an empty line"
    TOO_LONG = "too long to be one of these"
    NO_LOG_LINE = "no line of Traefik's log"
    LOAD_BALANCER = "a load balancer is made, no server"
    CHOICE = "which server was chosen"
    SERVER_STATE = "a server that Traefik itself considers up or down"
    CONFIGURATION = "a configuration has come"
    REQUEST = "a request that did not fail on its way"
    UNREADABLE = "a request whose line has quotes of its own, so that it may say anything"
    HARMLESS = "a warning about something that works"
    UNKNOWN_ERROR = "an error that is not known here"
    OTHER = "another message of Traefik's"


class ServerCreated(msgspec.Struct, frozen=True):
    """Traefik created a server of a service; it sends requests to the URL."""

    url: str
    router: str = ""
    service: str = ""
    time: datetime | None = None


class UpstreamError(msgspec.Struct, frozen=True):
    """A request, connection or health check that did not reach its server.

    `status` is the client's HTTP status, None for other protocols. `address` is empty if the line
    names none, as with EOF.
    """

    cause: Cause
    status: int | None = None
    address: str = ""
    router: str = ""
    service: str = ""
    origin: Origin = Origin.PROXY
    time: datetime | None = None


class ServedRequest(msgspec.Struct, frozen=True):
    """A request that a server answered, by the access log: its router, and its time as written."""

    router: str
    stamp: str


class ProviderError(msgspec.Struct, frozen=True):
    """An object that Traefik refuses, in whole or in part, with Traefik's own words.

    `provider` is `kubernetes` (an Ingress) or `kubernetescrd` (one of Traefik's kinds); it and the
    object are empty if only `router` is named. `kind` is that of the object where it is neither an
    Ingress nor an IngressRoute. `unread` means that Traefik cannot read objects of that kind at
    all: what it serves of them grows stale.
    """

    message: str
    provider: str = ""
    namespace: str = ""
    name: str = ""
    service: str = ""
    router: str = ""
    kind: str = ""
    unread: bool = False
    time: datetime | None = None


class Irrelevant(msgspec.Struct, frozen=True):
    """None of the other events, and why."""

    reason: LogReason


LogEvent: TypeAlias = ServerCreated | UpstreamError | ServedRequest | ProviderError | Irrelevant
