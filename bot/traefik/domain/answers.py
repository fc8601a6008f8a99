"""What is answered about Traefik, as people and JSON get it: routes, and what the logs say."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict
from bot.routing.addresses import Address
from bot.traefik.domain.backend import Backend
from bot.traefik.domain.log_events import Cause, Origin

API, LOG = "API", "log"
"""Where a belief comes from."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of what goes to people and into JSON."""


class Replica(Answer, frozen=True):
    """A Traefik that runs."""

    namespace: str
    name: str
    node: str = ""
    version: str = ""


class Live(Answer, frozen=True):
    """A server that Traefik has now, what its address stands for, and which replicas have it."""

    url: str
    address: Address
    replicas: tuple[str, ...] = ()


class RuleView(Answer, frozen=True):
    """A rule: what it should lead to, and what Traefik has made of it (None: not seen)."""

    match: str
    router: str
    backends: tuple[Backend, ...] = ()
    live: tuple[Live, ...] | None = None
    errors: tuple[str, ...] = ()


class RouteView(Answer, frozen=True):
    """A route with all that is known of it; `unread` says why this Traefik does not read it."""

    ref: Ref
    label: str
    api_version: str
    verdict: Verdict
    entry_points: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    unread: str = ""
    rules: tuple[RuleView, ...] = ()

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The backends of all its rules."""
        return tuple(backend for rule in self.rules for backend in rule.backends)

    @property
    def modes(self) -> tuple[str, ...]:
        """How its Services are reached: `VIP`, `pod IPs`."""
        return tuple(sorted({backend.mode.value for backend in self.backends}))


class RoutesAnswer(Answer, frozen=True):
    """What Traefik serves. `of` says where its own view comes from: API, log, or nowhere.

    `unseen` are things that could not be seen, each with how to allow it.
    """

    taken_at: datetime
    verdict: Verdict
    replicas: tuple[Replica, ...] = ()
    of: str = ""
    routes: tuple[RouteView, ...] = ()
    unseen: tuple[str, ...] = ()


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
    def current_servers(self) -> list[ServerView]:
        """The servers that were created last for their router."""
        return [server for server in self.servers if server.current]

    @property
    def failed(self) -> int:
        """Requests that did not reach their server, without those that clients gave up."""
        return sum(
            failure.count
            for group in self.failures
            for failure in group.failures
            if failure.cause is not Cause.CANCELLED
        )
