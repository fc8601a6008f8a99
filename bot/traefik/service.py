"""The use case of `/traefik`: what Traefik serves, what its logs say, and one route in full.

Traefik's own API comes first, then its log. If neither can be read, as with k3s's defaults, the
answer says so and how to allow it, and still shows what follows from the objects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Protocol, TypeVar

import msgspec

from bot.domain.refusal import NotObserved
from bot.domain.sentences import sentences
from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.domain.typed import duration, holding
from bot.errors import ClusterError, InputError
from bot.net.diagnosis.observation import Belief
from bot.net.diagnosis.subject import Subject
from bot.routing.instance import HOW_TO_LOG, TraefikPod, configs_of, oldest
from bot.routing.running import NO_TRAEFIK, readers, route_of, why_none
from bot.traefik.domain import log_report, routes_view, runtime_view, service_view
from bot.traefik.domain.answers import API, LOG, LogsAnswer, RoutesAnswer, RouteView
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_request import LogEnd, LogRequest
from bot.traefik.domain.log_summary import LogSummarizer, LogSummary
from bot.traefik.domain.routes import NAMES, READS, named, read_routes
from bot.traefik.domain.routes_view import RuntimeViews

SINCE = timedelta(hours=1)
LONGEST = timedelta(days=30)


class PodSource(Protocol):
    """What is read from Traefik itself, replica by replica."""

    async def pods(self) -> tuple[TraefikPod, ...]:
        """Its running pods.

        Raises:
            ClusterError: They cannot be listed.
        """
        ...

    async def runtime(self, pod: TraefikPod) -> Runtime | NotObserved:
        """What it serves by its own API, or why that cannot be read."""
        ...

    async def log(
        self, pod: TraefikPod, request: LogRequest, on_chunk: Callable[[bytes], None]
    ) -> LogEnd:
        """Its log in chunks.

        Raises:
            ClusterError: It cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class _RuntimeViews:
    """The views of the replicas, their source (API or LOG), and what could not be read."""

    source: str
    views: RuntimeViews
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traefik:
    """Answers questions about Traefik."""

    cluster: SnapshotReader
    source: PodSource

    async def routes(self) -> RoutesAnswer:
        """Every route, with Traefik's own servers for it where they can be read.

        Raises:
            ClusterError: The cluster's objects cannot be read at all.
        """
        snapshot, (pods, unseen) = await asyncio.gather(self.cluster.snapshot(READS), self.pods())
        runtime = await self._by_api(pods)
        if pods and not runtime.views:
            # A router's servers were logged when they were created, however long ago.
            summaries, failed = await self.summaries(pods, LogRequest())
            runtime = _by_log(summaries, (*runtime.unseen, *failed))
        unseen = (*unseen, *runtime.unseen)
        return await asyncio.to_thread(_answer, snapshot, pods, runtime, unseen)

    async def describe(self, query: str) -> tuple[RouteView, RoutesAnswer]:
        """One route in full, and the answer that it is a part of.

        Raises:
            InputError: No route fits the query, or several do; the message names them.
            ClusterError: As in `routes`.
        """
        answer = await self.routes()
        return _find_route(query, answer.routes, answer.unseen), answer

    async def logs(
        self, route: str | None = None, since: timedelta | None = None, *, previous: bool = False
    ) -> LogsAnswer:
        """What the logs of all replicas say, about one route or about all.

        Raises:
            InputError: No route has this name, or the time is out of range.
            ClusterError: As in `routes`.
        """
        seconds = _seconds(SINCE if since is None else since)
        snapshot, (pods, unseen) = await asyncio.gather(self.cluster.snapshot(READS), self.pods())
        routes = await asyncio.to_thread(read_routes, snapshot, configs_of(pods))
        label = _find_route(route, routes, unseen).label if route else ""
        request = LogRequest(seconds=seconds, previous=previous)
        summaries, failed = await self.summaries(pods, request)
        shows = [config.static.shows_failures for config in configs_of(pods)]
        answer = log_report.logs(
            summaries,
            snapshot,
            routes,
            pods,
            route=label,
            since_seconds=seconds,
            shows=bool(pods) and all(shows),
            unseen=(*unseen, *failed),
        )
        if answer.shows_failures or not pods:
            return answer
        quiet = f"A log of this level shows neither failures nor servers. {HOW_TO_LOG}"
        return msgspec.structs.replace(answer, unseen=(*answer.unseen, quiet))

    async def suggestions(self, typed: str, most: int) -> tuple[str, ...]:
        """The routes whose label or rule holds every typed word."""
        snapshot = await self.cluster.snapshot(NAMES)
        texts = {
            f"{label} {said}": label
            for ref, said in sorted(named(snapshot))
            for label in (f"{ref.kind.lower()}/{ref.namespace}/{ref.name}",)
        }
        fitting = (texts[text] for text in holding(typed, texts, len(texts)))
        return tuple(islice(dict.fromkeys(fitting), most))

    async def belief(self, subject: Subject) -> Belief:
        """Traefik's own view of a route's Service, and its failures there.

        Raises:
            ClusterError: Nothing can be read; the message says how to allow it.
        """
        pods, unseen = await self.pods()
        if not pods:
            raise ClusterError(sentences(*unseen) or NO_TRAEFIK)
        (summaries, failed), runtime, snapshot = await asyncio.gather(
            self.summaries(pods, LogRequest(seconds=_seconds(SINCE))),
            self._by_api(pods),
            self.cluster.snapshot(READS),
        )
        if not runtime.views:
            runtime = _by_log(summaries, runtime.unseen)
        answer = await asyncio.to_thread(_answer, snapshot, pods, runtime, ())
        unseen = tuple(dict.fromkeys((*runtime.unseen, *failed)))
        known, route = configs_of(pods), route_of(subject.route, snapshot)
        version = oldest((route and readers(route, known)) or known)
        return service_view.belief(subject, answer, summaries, version, unseen)

    async def pods(self) -> tuple[tuple[TraefikPod, ...], tuple[str, ...]]:
        """The running replicas, and why there are none."""
        try:
            pods = await self.source.pods()
        except ClusterError as error:
            return (), (f"Traefik's pods: {error}",)
        if pods:
            return pods, ()
        try:
            return (), (why_none(await self.cluster.snapshot(READS)),)
        except ClusterError:
            return (), (NO_TRAEFIK,)

    async def _by_api(self, pods: tuple[TraefikPod, ...]) -> _RuntimeViews:
        """The view of each replica whose API can be read."""
        answers = await asyncio.gather(*map(self.source.runtime, pods))
        runtimes, unseen = _by_kind(pods, answers, Runtime)
        views = {name: runtime_view.by_api(runtime) for name, runtime in runtimes.items()}
        return _RuntimeViews(API if views else "", views, unseen)

    async def summaries(
        self, pods: tuple[TraefikPod, ...], request: LogRequest
    ) -> tuple[dict[str, LogSummary], tuple[str, ...]]:
        """The log of each replica, counted while it is read; and what could not be read."""
        answers = await asyncio.gather(*(self._log(pod, request) for pod in pods))
        return _by_kind(pods, answers, LogSummary)

    async def _log(self, pod: TraefikPod, request: LogRequest) -> LogSummary | str:
        summarizer = LogSummarizer()
        try:
            end = await self.source.log(pod, request, summarizer.feed)
        except ClusterError as error:
            return f"The log of {pod.id}: {error}"
        return summarizer.summary(end.cut)


T = TypeVar("T")


def _by_kind(
    pods: tuple[TraefikPod, ...], answers: Sequence[object], kind: type[T]
) -> tuple[dict[str, T], tuple[str, ...]]:
    """The answers of a kind by the id of their replica, and the reasons of the others."""
    pairs = zip(pods, answers, strict=True)
    by_pod = {pod.id: answer for pod, answer in pairs if isinstance(answer, kind)}
    return by_pod, tuple(str(answer) for answer in answers if not isinstance(answer, kind))


def _answer(
    snapshot: Snapshot,
    pods: tuple[TraefikPod, ...],
    runtime: _RuntimeViews,
    unseen: tuple[str, ...],
) -> RoutesAnswer:
    """In a thread: a namespace may have a hundred thousand paths, which take seconds."""
    routes = read_routes(snapshot, configs_of(pods))
    return routes_view.routes(
        routes, snapshot, pods, runtime.views, source=runtime.source, unseen=unseen
    )


def _by_log(summaries: dict[str, LogSummary], unseen: tuple[str, ...]) -> _RuntimeViews:
    """The view of each replica whose log names servers."""
    views = {
        name: routers
        for name, summary in summaries.items()
        if (routers := runtime_view.by_log(summary))
    }
    if summaries and not views:
        unseen = (*unseen, f"Traefik's log names no server. {HOW_TO_LOG}")
    return _RuntimeViews(LOG if views else "", views, unseen)


def since_of(text: str) -> timedelta:
    """Parse a time such as `15m`, `2h`, `1d` or `90s`.

    Raises:
        InputError: The text is not a time.
    """
    since = duration(text, "smhd")
    if since is None:
        msg = f"{text!r} is not a duration: write for example 90s, 15m, 2h or 1d."
        raise InputError(msg)
    return since


def _seconds(since: timedelta) -> int:
    if not timedelta(0) < since <= LONGEST:
        msg = f"A time between 1 second and {LONGEST.days} days is needed, not {since}."
        raise InputError(msg)
    return max(1, int(since.total_seconds()))


def _find_route(query: str, routes: tuple[RouteView, ...], unseen: tuple[str, ...]) -> RouteView:
    """The one route with this label, this name, or this piece of a rule.

    Raises:
        InputError: There is no such route, or there are several.
    """
    text = query.strip().casefold()
    # A label is kind/namespace/name, and each end of it names the route, too.
    exact = {
        route.label: route for route in routes if f"/{route.label}".casefold().endswith(f"/{text}")
    }
    near = exact or {
        route.label: route
        for route in routes
        if any(text in rule.match.casefold() for rule in route.rules)
    }
    if not near or not text:
        hint = " Not everything could be seen, so it may still be there." if unseen else ""
        msg = f"No route is called {query!r}.{hint} `traefik routes` names them."
        raise InputError(msg)
    if len(near) > 1:
        names = ", ".join(sorted(near)[:5])
        msg = f"{query!r} matches {len(near)} routes: {names}."
        raise InputError(msg)
    return next(iter(near.values()))
