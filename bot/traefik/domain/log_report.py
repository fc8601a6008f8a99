"""From the logs of all replicas to one answer: whose failure it is, and what each address is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing.addresses import Address, AddressKind, classify, parse, split
from bot.traefik.domain.instance import TraefikPod
from bot.traefik.domain.log_answer import (
    FailureGroup,
    FailureView,
    LogsAnswer,
    RefusalView,
    ServerView,
)
from bot.traefik.domain.log_events import LogReason
from bot.traefik.domain.log_summary import Failure, LogSummary, Refusal, Server, Times
from bot.traefik.domain.routes import ServedRoute
from bot.traefik.domain.routes_view import replica
from bot.traefik.domain.runtime_view import Routers, by_log

DEFAULT_PORTS = {"http": 80, "h2c": 80, "https": 443}
AT_DEBUG = (
    LogReason.LOAD_BALANCER,
    LogReason.CHOICE,
    LogReason.SERVER_STATE,
    LogReason.CONFIGURATION,
)
"""Lines that a log has only where it also tells of failures."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def logs(
    summaries: Mapping[str, LogSummary],
    snapshot: Snapshot | None,
    found: Iterable[ServedRoute] = (),
    replicas: Iterable[TraefikPod] = (),
    *,
    route: str = "",
    since_seconds: int = 0,
    shows: bool = False,
    unseen: tuple[str, ...] = (),
) -> LogsAnswer:
    """Put the replicas' logs together. `shows` tells that their level shows failures.

    With `route` (a label) only its failures, servers and refusals are kept.
    """
    book = _Book(summaries, snapshot, tuple(found))
    failures = tuple(group for group in book.groups() if not route or route in group.routes)
    servers = tuple(server for server in book.servers() if route in ("", server.route))
    refusals = tuple(
        refusal for refusal in book.refusals() if not route or refusal.subject == route
    )
    shows = shows or any(map(tells_of_failures, summaries.values()))
    answer = LogsAnswer(
        taken_at=snapshot.taken_at if snapshot else None,
        verdict=Verdict.UNKNOWN,
        replicas=tuple(map(replica, replicas)),
        since_seconds=since_seconds,
        route=route,
        lines=sum(summary.lines for summary in summaries.values()),
        shows_failures=shows,
        classified=snapshot is not None,
        failures=failures,
        servers=servers,
        refusals=refusals,
        irrelevant=_irrelevant(summaries.values()),
        left_out=sum(summary.left_out for summary in summaries.values()),
        cut=tuple(word for summary in summaries.values() for word in summary.cut),
        unseen=unseen,
    )
    return _judged(answer)


def tells_of_failures(summary: LogSummary) -> bool:
    """Whether a log is of a level, or a kind, in which a failure would stand."""
    return bool(
        summary.failures
        or summary.servers
        or summary.irrelevant.get(LogReason.REQUEST)
        or any(summary.irrelevant.get(reason) for reason in AT_DEBUG)
    )


def _judged(answer: LogsAnswer) -> LogsAnswer:
    """Failed by requests that did not get through; silence counts only where it means something."""
    verdict = Verdict.HEALTHY
    if answer.failed:
        verdict = Verdict.FAILED
    elif answer.refusals:
        verdict = Verdict.DEGRADED
    elif not answer.shows_failures or answer.unseen or not answer.lines:
        verdict = Verdict.UNKNOWN
    return msgspec.structs.replace(answer, verdict=verdict)


def _irrelevant(summaries: Iterable[LogSummary]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for summary in summaries:
        for reason, count in summary.irrelevant.items():
            counts[reason.value] = counts.get(reason.value, 0) + count
    return counts


class _Book:
    """The logs with what the routes say of routers and addresses."""

    def __init__(
        self,
        summaries: Mapping[str, LogSummary],
        snapshot: Snapshot | None,
        found: tuple[ServedRoute, ...],
    ) -> None:
        self._summaries = summaries
        self._snapshot = snapshot
        self._by_router: dict[str, str] = {}
        self._by_address: dict[tuple[str, int | None], dict[str, None]] = {}
        for summary in summaries.values():
            routers = Routers(by_log(summary))
            for route in found:
                self._name(route, routers)
        for route in found:
            for backend in route.backends:
                for url in backend.servers:
                    self._at(url)[route.label] = None
        for summary in summaries.values():
            for server in summary.servers:
                self._at(server.url)[self.label(server.router) or server.router] = None

    def label(self, router: str) -> str:
        """The route that a router comes from; empty where that is not known."""
        known = self._by_router
        return known.get(router) or known.get(router.partition("-")[2], "")

    def groups(self) -> Iterable[FailureGroup]:
        """Failures by route, the most first."""
        by_route: dict[tuple[str, ...], list[tuple[str, Failure]]] = {}
        for name, summary in self._summaries.items():
            for failure in summary.failures:
                by_route.setdefault(self._routes(failure), []).append((name, failure))
        made = [self._group(names, failures) for names, failures in by_route.items()]
        return sorted(made, key=lambda each: (-each.count, each.routes))

    def servers(self) -> Iterable[ServerView]:
        """Every server that was made, the current ones first."""
        merged: dict[tuple[str, str], list[tuple[str, Server]]] = {}
        for name, summary in self._summaries.items():
            for server in summary.servers:
                merged.setdefault((server.router, server.url), []).append((name, server))
        made = [self._server(servers) for servers in merged.values()]
        return sorted(made, key=lambda each: (not each.current, each.route or each.router))

    def refusals(self) -> Iterable[RefusalView]:
        """What was refused, the latest first."""
        merged: dict[tuple[str, str], Times] = {}
        for summary in self._summaries.values():
            for refusal in summary.refusals:
                key = (self._subject(refusal), refusal.message)
                merged[key] = _both(merged.get(key, Times()), refusal.times)
        made = [
            RefusalView(subject=subject, message=message, count=times.count, last=times.last)
            for (subject, message), times in merged.items()
        ]
        return sorted(made, key=lambda each: each.last or LONG_AGO, reverse=True)

    def _name(self, route: ServedRoute, routers: Routers) -> None:
        prefix = f"{route.ref.namespace}-{route.ref.name}"
        for rule in route.rules:
            self._by_router[rule.router] = route.label
            for router in routers.of(rule.router, rule.match, prefix):
                self._by_router[router.name] = route.label

    def _at(self, text: str) -> dict[str, None]:
        return self._by_address.setdefault(_key(text), {})

    def _routes(self, failure: Failure) -> tuple[str, ...]:
        """By the router that the line names, else by who has a server at that address."""
        if failure.router:
            return (self.label(failure.router) or failure.router,)
        found = self._by_address.get(_key(failure.address), {}) if failure.address else {}
        return tuple(sorted(filter(None, found)))

    def _group(self, names: tuple[str, ...], found: list[tuple[str, Failure]]) -> FailureGroup:
        merged: dict[tuple[object, ...], list[tuple[str, Failure]]] = {}
        for name, failure in found:
            key = (failure.cause, failure.status, failure.origin, _key(failure.address))
            merged.setdefault(key, []).append((name, failure))
        views = sorted(map(self._failure, merged.values()), key=lambda each: -each.count)
        times = _all(failure.times for _, failure in found)
        return FailureGroup(
            routes=names,
            routers=tuple(sorted({failure.router for _, failure in found} - {""})),
            count=times.count,
            first=times.first,
            last=times.last,
            failures=tuple(views),
        )

    def _failure(self, found: list[tuple[str, Failure]]) -> FailureView:
        each = found[0][1]
        times = _all(one.times for _, one in found)
        return FailureView(
            cause=each.cause,
            status=each.status,
            origin=each.origin,
            address=self._classified(each.address),
            count=times.count,
            first=times.first,
            last=times.last,
            replicas=_names(found),
        )

    def _server(self, found: list[tuple[str, Server]]) -> ServerView:
        each = found[0][1]
        return ServerView(
            url=each.url,
            address=self._classified(each.url),
            router=each.router,
            route=self.label(each.router),
            current=any(one.current for _, one in found),
            last=_all(one.times for _, one in found).last,
            replicas=_names(found),
        )

    def _classified(self, text: str) -> Address:
        if self._snapshot is not None and text:
            return classify(self._snapshot, text)
        host, port = split(text)
        return Address(text=text, kind=AddressKind.UNKNOWN, ip=host, port=port)

    def _subject(self, each: Refusal) -> str:
        """The route's label where an Ingress or route is named, else the router."""
        if not each.name:
            return self.label(each.router) or each.router
        kind = "ingress" if each.provider == "kubernetes" else "ingressroute"
        return f"{kind}/{each.namespace}/{each.name}"


def _key(text: str) -> tuple[str, int | None]:
    """An address without its scheme, which decides the port where none is said."""
    host, port = split(text)
    ip = parse(host)
    return str(ip or host).lower(), port or DEFAULT_PORTS.get(text.partition("://")[0])


def _names(found: Iterable[tuple[str, object]]) -> tuple[str, ...]:
    return tuple(sorted({name for name, _ in found if name}))


def _all(times: Iterable[Times]) -> Times:
    whole = Times()
    for time in times:
        whole = _both(whole, time)
    return whole


def _both(one: Times, other: Times) -> Times:
    return Times(
        one.count + other.count,
        _chosen(min, one.first, other.first),
        _chosen(max, one.last, other.last),
    )


def _chosen(
    choose: Callable[..., datetime], one: datetime | None, other: datetime | None
) -> datetime | None:
    known = [moment for moment in (one, other) if moment is not None]
    return choose(known) if known else None
