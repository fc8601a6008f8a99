"""What a line of Traefik's log tells: one of four things."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec


class Cause(StrEnum):
    """Why a request did not get through: the word of the errno, where one is told."""

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
    UNTOLD = "not told"
    """An access log says the status, and not why."""


class Origin(StrEnum):
    """Who of Traefik's parts said that a server failed."""

    PROXY = "proxy"
    TCP = "tcp"
    HEALTH_CHECK = "health check"
    ACCESS_LOG = "access log"


class LogReason(StrEnum):
    """Why a line is of no interest here."""

    BLANK = "an empty line"
    TOO_LONG = "too long to be one of these"
    NO_LOG_LINE = "no line of Traefik's log"
    LOAD_BALANCER = "a load balancer is made, no server"
    CHOICE = "which server was chosen"
    SERVER_STATE = "a server that Traefik itself takes to be up or down"
    CONFIGURATION = "a configuration has come"
    REQUEST = "a request that did not fail on its way"
    OTHER = "another message of Traefik's"


class ServerCreated(msgspec.Struct, frozen=True):
    """Traefik made a server of a service: the URL is where it would send requests."""

    url: str
    router: str = ""
    service: str = ""
    time: datetime | None = None


class UpstreamError(msgspec.Struct, frozen=True):
    """A request, connection or health check that did not reach its server.

    `status` is what the client was told, None where there is no HTTP. `address` is empty where the
    line names none, as with EOF.
    """

    cause: Cause
    status: int | None = None
    address: str = ""
    router: str = ""
    service: str = ""
    origin: Origin = Origin.PROXY
    time: datetime | None = None


class ProviderError(msgspec.Struct, frozen=True):
    """An object that Traefik refuses, in whole or in part, with its own words.

    `provider` is `kubernetes` (an Ingress) or `kubernetescrd` (a kind of Traefik's own); it and the
    object are empty where only `router` is named.
    """

    message: str
    provider: str = ""
    namespace: str = ""
    name: str = ""
    service: str = ""
    router: str = ""
    time: datetime | None = None


class Irrelevant(msgspec.Struct, frozen=True):
    """Nothing of these, and why."""

    reason: LogReason


LogEvent: TypeAlias = ServerCreated | UpstreamError | ProviderError | Irrelevant
