"""The answers about Traefik, for people and as JSON: routes, and what the logs say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict, worst
from bot.routing.addresses import Address
from bot.traefik.domain.backend import Backend
from bot.traefik.domain.log_events import Cause, LogReason, Origin

API, LOG = "API", "log"
"""The source of Traefik's own view."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of everything that is shown or written as JSON."""


class Replica(Answer, frozen=True):
    """A running Traefik."""

    namespace: str
    name: str
    node: str = ""
    version: str = ""


class Live(Answer, frozen=True):
    """A server that Traefik uses now: its address, classified, and the replicas that use it."""

    url: str
    address: Address
    replicas: tuple[str, ...] = ()


class RuleView(Answer, frozen=True):
    """A rule: its backends by the objects, and Traefik's live servers (None: not observed).

    `router` is Traefik's name for it; empty where that is not known. An HTTPRoute has a router for
    each entrypoint, and which of several names it has is not known: `other_routers` are the rest.
    """

    match: str
    router: str
    other_routers: tuple[str, ...] = ()
    backends: tuple[Backend, ...] = ()
    live: tuple[Live, ...] | None = None
    errors: tuple[str, ...] = ()

    @property
    def routers(self) -> tuple[str, ...]:
        """All names that its routers may have."""
        return (self.router, *self.other_routers) if self.router else ()


class RouteView(Answer, frozen=True):
    """A route with everything known about it; `unread` is why this Traefik does not read it."""

    ref: Ref
    label: str
    api_version: str
    verdict: Verdict
    entry_points: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unread: str = ""
    rules: tuple[RuleView, ...] = ()

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The backends of all rules."""
        return tuple(backend for rule in self.rules for backend in rule.backends)

    @property
    def modes(self) -> tuple[str, ...]:
        """How Traefik reaches the Services: `VIP`, `pod IPs`."""
        return tuple(sorted({backend.mode.value for backend in self.backends}))


class RoutesAnswer(Answer, frozen=True):
    """What Traefik serves. `of` is the source of Traefik's own view: API, log, or empty.

    `unseen` are things that could not be observed, each with how to allow it.
    """

    taken_at: datetime
    verdict: Verdict
    replicas: tuple[Replica, ...] = ()
    of: str = ""
    routes: tuple[RouteView, ...] = ()
    unseen: tuple[str, ...] = ()

    def within(self, namespace: str) -> RoutesAnswer:
        """The routes of one namespace, with the verdict that they make."""
        routes = tuple(route for route in self.routes if route.ref.namespace == namespace)
        verdicts = [route.verdict for route in routes if not route.unread]
        verdict = worst([*verdicts, Verdict.UNKNOWN] if self.unseen or not routes else verdicts)
        return msgspec.structs.replace(self, routes=routes, verdict=verdict)


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

    @property
    def symptom(self) -> str:
        """`502 connection refused`; the status alone where the log states no cause."""
        cause = "" if self.status and self.cause is Cause.UNTOLD else self.cause
        return f"{self.status or ''} {cause}".strip()


class FailureGroup(Answer, frozen=True):
    """The failures of one route, of several that share an address, or of none that is known.

    `routers` are Traefik's own names, if the log has them.
    """

    routes: tuple[str, ...]
    routers: tuple[str, ...]
    count: int
    first: datetime | None
    last: datetime | None
    failures: tuple[FailureView, ...]


class ServerView(Answer, frozen=True):
    """A server that Traefik created; `current` is False if its router got others since."""

    url: str
    address: Address
    router: str
    route: str
    current: bool
    last: datetime | None
    replicas: tuple[str, ...] = ()


class RefusalView(Answer, frozen=True):
    """An object that Traefik refuses, with Traefik's own message.

    `unread` means that Traefik cannot read any object of the kind that `subject` names.
    """

    subject: str
    message: str
    count: int
    last: datetime | None
    unread: bool = False


class LogsAnswer(Answer, frozen=True):
    """What the logs say. `classified` is False if addresses were not compared with a cluster.

    `shows_failures` is False if a log of this level does not show failures.
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
    def unknown_errors(self) -> int:
        """Lines that tell of an error which no reader knows."""
        return self.irrelevant.get(LogReason.UNKNOWN_ERROR, 0)

    @property
    def only_harmless(self) -> bool:
        """Whether a saved log holds nothing but warnings about what works.

        Of a running Traefik such a log proves nothing, where its level shows no failures.
        """
        reasons = {reason for reason in self.irrelevant if reason != LogReason.BLANK}
        events = (*self.failures, *self.servers, *self.refusals)
        unseen = (*self.unseen, *self.cut)
        return reasons == {LogReason.HARMLESS} and not (events or unseen or self.classified)

    @property
    def current_servers(self) -> list[ServerView]:
        """The servers that were created last for their router."""
        return [server for server in self.servers if server.current]

    @property
    def failed(self) -> int:
        """Requests that did not reach their server, without those that clients gave up."""
        return failed_requests(failure for group in self.failures for failure in group.failures)


def failed_requests(failures: Iterable[FailureView]) -> int:
    """How many requests failed, without those that clients gave up."""
    return sum(failure.count for failure in told_once(tuple(failures)))


def told_once(failures: Sequence[FailureView]) -> tuple[FailureView, ...]:
    """The failures that tell of each request once, without those that clients gave up.

    The proxy's line with the cause, its older line of the round trip and the access log's line
    tell of the same request, so only the most frequent of the three counts for each status.
    """
    real = [failure for failure in failures if failure.cause is not Cause.CANCELLED]
    counts: Counter[tuple[int | str, str]] = Counter()
    for failure in real:
        counts[_kind(failure), _teller(failure)] += failure.count
    # The most frequent last, so that it stays.
    tellers = dict(key for key, _ in sorted(counts.items(), key=lambda pair: pair[1]))
    return tuple(failure for failure in real if tellers[_kind(failure)] == _teller(failure))


def _kind(failure: FailureView) -> int | str:
    return failure.status or failure.origin


def _teller(failure: FailureView) -> str:
    """The kind of line that told of a failure."""
    if failure.origin is Origin.PROXY and failure.cause is Cause.UNTOLD:
        return "round trip"
    return failure.origin
