"""The answer to what Traefik's logs tell: failures by route, servers classified, refusals."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain.verdict import Verdict
from bot.routing.addresses import Address
from bot.traefik.domain.log_events import Cause, Origin
from bot.traefik.domain.routes_view import Answer, Replica


class FailureView(Answer, frozen=True):
    """Failures of one kind at one address."""

    cause: Cause
    status: int | None
    origin: Origin
    address: Address
    count: int
    first: datetime | None
    last: datetime | None
    replicas: tuple[str, ...] = ()


class FailureGroup(Answer, frozen=True):
    """The failures of one route; several where they share the address, none where it is unknown.

    `routers` are Traefik's own names, where the lines tell them.
    """

    routes: tuple[str, ...]
    routers: tuple[str, ...]
    count: int
    first: datetime | None
    last: datetime | None
    failures: tuple[FailureView, ...]


class ServerView(Answer, frozen=True):
    """A server that Traefik made; `current` is False where its router got others since."""

    url: str
    address: Address
    router: str
    route: str
    current: bool
    last: datetime | None
    replicas: tuple[str, ...] = ()


class RefusalView(Answer, frozen=True):
    """An object that Traefik refuses, in its words."""

    subject: str
    message: str
    count: int
    last: datetime | None


class LogsAnswer(Answer, frozen=True):
    """What the logs tell. `classified` is False where no cluster says what addresses are.

    `shows_failures` is False where a log of this level would not tell of any.
    """

    taken_at: datetime | None
    verdict: Verdict
    replicas: tuple[Replica, ...] = ()
    since_seconds: int = 0
    route: str = ""
    lines: int = 0
    shows_failures: bool = True
    classified: bool = True
    failures: tuple[FailureGroup, ...] = ()
    servers: tuple[ServerView, ...] = ()
    refusals: tuple[RefusalView, ...] = ()
    irrelevant: dict[str, int] = msgspec.field(default_factory=dict)
    left_out: int = 0
    cut: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """Requests that did not reach their server, those that clients gave up left out."""
        return sum(
            failure.count
            for group in self.failures
            for failure in group.failures
            if failure.cause is not Cause.CANCELLED
        )
