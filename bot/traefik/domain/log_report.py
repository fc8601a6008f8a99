"""From the logs of all replicas to one answer: whose failure it is, and what each address is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing.addresses import Address, AddressKind, classify, parse, split
from bot.routing.instance import TraefikPod
from bot.traefik.domain.answers import (
    FailureGroup,
    FailureView,
    LogsAnswer,
    RefusalView,
    RouteView,
    ServerView,
)
from bot.traefik.domain.log_events import LogReason, ProviderError, ServerCreated, UpstreamError
from bot.traefik.domain.log_summary import Counted, LogSummary, Times
from bot.traefik.domain.routes_view import replica
from bot.traefik.domain.runtime_view import Routers, by_log

DEFAULT_PORTS = {"http": 80, "h2c": 80, "https": 443}
BESIDE_FAILURES = (
    LogReason.REQUEST,
    LogReason.UNREADABLE,
    LogReason.LOAD_BALANCER,
    LogReason.CHOICE,
    LogReason.SERVER_STATE,
    LogReason.CONFIGURATION,
)
"""Lines of an access log, and lines that a log has only at a level that shows failures, too."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)

AddressKey = tuple[str, int | None]
"""Host and port."""


def logs(
    summaries: Mapping[str, LogSummary],
    snapshot: Snapshot | None,
    routes: Iterable[RouteView] = (),
    replicas: Iterable[TraefikPod] = (),
    *,
    route: str = "",
    since_seconds: int = 0,
    shows: bool = False,
    unseen: tuple[str, ...] = (),
) -> LogsAnswer:
    """Put the logs of the replicas together. `shows`: their level is known to show failures.

    With `route` (a label) only its failures, servers and refusals are kept.
    """
    report = _LogReport(summaries, snapshot, tuple(routes))
    irrelevant: Counter[str] = Counter()
    for summary in summaries.values():
        irrelevant.update(summary.irrelevant)
    answer = LogsAnswer(
        taken_at=snapshot.taken_at if snapshot else None,
        verdict=Verdict.UNKNOWN,
        replicas=tuple(map(replica, replicas)),
        since_seconds=since_seconds,
        route=route,
        lines=sum(summary.lines for summary in summaries.values()),
        shows_failures=shows or any(map(shows_failures, summaries.values())),
        classified=snapshot is not None,
        failures=tuple(group for group in report.groups() if not route or route in group.routes),
        servers=tuple(server for server in report.servers() if route in ("", server.route)),
        refusals=tuple(refusal for refusal in report.refusals() if route in ("", refusal.subject)),
        irrelevant=dict(irrelevant),
        left_out=sum(summary.left_out for summary in summaries.values()),
        cut=tuple(cut for summary in summaries.values() for cut in summary.cut),
        unseen=unseen,
    )
    return msgspec.structs.replace(answer, verdict=_verdict(answer))


def standing_refusals(
    summaries: Mapping[str, LogSummary], snapshot: Snapshot, routes: Iterable[RouteView]
) -> Iterator[tuple[str, str, datetime]]:
    """The label of each route that the newest lines refuse, in what words, and when last."""
    report = _LogReport(summaries, snapshot, tuple(routes))
    for summary in summaries.values():
        for event, at in summary.standing():
            if not event.kind and not event.unread:
                yield report.subject(event), event.message, at


def shows_failures(summary: LogSummary) -> bool:
    """Whether a log is of a level, or a kind, in which a failure would appear."""
    return bool(
        summary.failures
        or summary.servers
        or any(summary.irrelevant.get(reason) for reason in BESIDE_FAILURES)
    )


def _verdict(answer: LogsAnswer) -> Verdict:
    """Failed by requests that did not get through; silence counts only where it means something."""
    if answer.failed:
        return Verdict.FAILED
    if answer.refusals:
        return Verdict.DEGRADED
    if answer.only_harmless:
        return Verdict.HEALTHY
    unknown = (
        not answer.shows_failures or answer.unseen or not answer.lines or answer.unknown_errors
    )
    return Verdict.UNKNOWN if unknown else Verdict.HEALTHY


class _LogReport:
    """The logs with what the routes say of routers and addresses."""

    def __init__(
        self,
        summaries: Mapping[str, LogSummary],
        snapshot: Snapshot | None,
        routes: tuple[RouteView, ...],
    ) -> None:
        self._summaries = summaries
        self._snapshot = snapshot
        self._by_router: dict[str, str] = {}
        self._by_address: defaultdict[AddressKey, set[str]] = defaultdict(set)
        for summary in summaries.values():
            routers = Routers(by_log(summary))
            for route in routes:
                self._name(route, routers)
        for route in routes:
            for backend in route.backends:
                for url in backend.servers:
                    self._by_address[_key(url)].add(route.label)
        for summary in summaries.values():
            for server in summary.servers:
                router = server.event.router
                self._by_address[_key(server.event.url)].add(self._label(router) or router)

    def groups(self) -> list[FailureGroup]:
        """Failures by route, the most first."""
        by_route: defaultdict[tuple[str, ...], list[Failure]] = defaultdict(list)
        for replica_name, summary in self._summaries.items():
            for failure in summary.failures:
                by_route[self._routes(failure.event)].append((replica_name, failure))
        groups = [self._group(labels, failures) for labels, failures in by_route.items()]
        return sorted(groups, key=lambda group: (-group.count, group.routes))

    def servers(self) -> list[ServerView]:
        """Every server that was created, the current ones first."""
        merged: defaultdict[tuple[str, str], list[Server]] = defaultdict(list)
        for replica_name, summary in self._summaries.items():
            for server in summary.servers:
                merged[server.event.router, server.event.url].append((replica_name, server))
        views = map(self._server, merged.values())
        return sorted(views, key=lambda view: (not view.current, view.route or view.router))

    def refusals(self) -> list[RefusalView]:
        """What was refused, the latest first."""
        merged: defaultdict[tuple[str, str, bool], Times] = defaultdict(Times)
        for summary in self._summaries.values():
            for refusal in summary.refusals:
                event = refusal.event
                merged[self.subject(event), event.message, event.unread] += refusal.times
        views = [
            RefusalView(
                subject=subject,
                message=message,
                count=times.count,
                last=times.last,
                unread=unread,
            )
            for (subject, message, unread), times in merged.items()
        ]
        return sorted(views, key=lambda view: view.last or LONG_AGO, reverse=True)

    def _label(self, router: str) -> str:
        """The route that a router comes from; empty where that is not known."""
        known = self._by_router
        return known.get(router) or known.get(router.partition("-")[2], "")

    def _name(self, route: RouteView, routers: Routers) -> None:
        prefix = f"{route.ref.namespace}-{route.ref.name}"
        for rule in route.rules:
            named = (router.name for router in routers.of_rule(rule.routers, rule.match, prefix))
            self._by_router |= dict.fromkeys((*rule.routers, *named), route.label)

    def _routes(self, failure: UpstreamError) -> tuple[str, ...]:
        """By the router that the line names, else by the servers at that address."""
        if failure.router:
            return (self._label(failure.router) or failure.router,)
        labels = self._by_address.get(_key(failure.address), ()) if failure.address else ()
        return tuple(sorted(filter(None, labels)))

    def _group(self, labels: tuple[str, ...], failures: list[Failure]) -> FailureGroup:
        merged: defaultdict[tuple[object, ...], list[Failure]] = defaultdict(list)
        for replica_name, failure in failures:
            event = failure.event
            key = (event.cause, event.status, event.origin, _key(event.address))
            merged[key].append((replica_name, failure))
        views = sorted(map(self._failure, merged.values()), key=lambda view: -view.count)
        times = _times(failures)
        return FailureGroup(
            routes=labels,
            routers=tuple(sorted({failure.event.router for _, failure in failures} - {""})),
            count=times.count,
            first=times.first,
            last=times.last,
            failures=tuple(views),
        )

    def _failure(self, failures: list[Failure]) -> FailureView:
        event, times = failures[0][1].event, _times(failures)
        return FailureView(
            cause=event.cause,
            status=event.status,
            origin=event.origin,
            address=self._classified(event.address),
            count=times.count,
            first=times.first,
            last=times.last,
            replicas=_names(failures),
        )

    def _server(self, servers: list[Server]) -> ServerView:
        event = servers[0][1].event
        return ServerView(
            url=event.url,
            address=self._classified(event.url),
            router=event.router,
            route=self._label(event.router),
            current=any(server.current for _, server in servers),
            last=_times(servers).last,
            replicas=_names(servers),
        )

    def _classified(self, text: str) -> Address:
        if self._snapshot is not None and text:
            return classify(self._snapshot, text)
        host, port = split(text)
        return Address(text=text, kind=AddressKind.UNKNOWN, ip=host, port=port)

    def subject(self, refusal: ProviderError) -> str:
        """The route's label where an Ingress or route is named, else the router."""
        if refusal.kind:
            return "/".join(filter(None, (refusal.kind, refusal.namespace, refusal.name)))
        if not refusal.name:
            return self._label(refusal.router) or refusal.router
        kind = "ingress" if refusal.provider == "kubernetes" else "ingressroute"
        return f"{kind}/{refusal.namespace}/{refusal.name}"


Failure = tuple[str, Counted[UpstreamError]]
Server = tuple[str, Counted[ServerCreated]]
"""With the name of the replica that logged it."""


def _key(text: str) -> AddressKey:
    """An address without its scheme, which decides the port where none is written."""
    host, port = split(text)
    ip = parse(host)
    return str(ip or host).lower(), port or DEFAULT_PORTS.get(text.partition("://")[0])


def _names(logged: Iterable[tuple[str, object]]) -> tuple[str, ...]:
    return tuple(sorted({name for name, _ in logged if name}))


def _times(logged: Iterable[Failure] | Iterable[Server]) -> Times:
    return sum((counted.times for _, counted in logged), Times())
