"""Reads what Traefik itself says of routes, for the health checks: quickly, and not too often.

Traefik's API tells what it refuses, and its log which requests failed. A part that cannot be read
is named as a gap.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bot.domain.finding import Ref
from bot.domain.snapshot import Gap, Snapshot, SnapshotReader, Why
from bot.errors import ClusterError, Forbidden
from bot.routing.instance import TraefikPod, config_of, static_config
from bot.routing.traefik_word import TRAEFIK_WORD, FailedRequests, TraefikWord
from bot.traefik.domain import log_report, runtime_view
from bot.traefik.domain.answers import FailureGroup, LogsAnswer, RouteView
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_events import Cause
from bot.traefik.domain.log_request import LogRequest
from bot.traefik.domain.log_summary import LogSummarizer, LogSummary
from bot.traefik.domain.routes import READS, read_routes
from bot.traefik.domain.runtime_view import Routers
from bot.traefik.service import PodSource

SECONDS = 3600
"""How far back the log is read: as far as `/traefik logs` does."""

PATIENCE = 3.0
"""Seconds that a health check waits for Traefik's word."""

EVERY = 60.0
"""Seconds for which what was read is used again."""

REQUEST = LogRequest(seconds=SECONDS, lines=10_000, limit_bytes=2 * 1024 * 1024, patience=2.0)

NO_WORD = TraefikWord()
RULE = 100
WHAT = 2
"""Kinds of failures that a finding names."""


@dataclass
class WordReader:
    """Asks Traefik at most once a minute, and never keeps a health check waiting for long."""

    cluster: SnapshotReader
    source: PodSource
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    _known: TraefikWord = NO_WORD
    _read_at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self) -> TraefikWord:
        """What Traefik said within the last minute."""
        async with self._lock:
            if self.clock() - self._read_at >= EVERY:
                self._known = await self._read()
                self._read_at = self.clock()
            return self._known

    async def _read(self) -> TraefikWord:
        try:
            async with asyncio.timeout(self.patience):
                pods = await self.source.pods()
                return await self._of_pods(pods) if pods else NO_WORD
        except TimeoutError:
            why = f"Traefik did not answer within {self.patience:.0f} s"
            return TraefikWord(gaps=(Gap(TRAEFIK_WORD, Why.UNREACHABLE, why),))
        except ClusterError as error:
            return TraefikWord(gaps=(_gap(error),))

    async def _of_pods(self, pods: tuple[TraefikPod, ...]) -> TraefikWord:
        snapshot, runtimes, logs = await asyncio.gather(
            self.cluster.snapshot(READS),
            asyncio.gather(*(self.source.runtime(pod) for pod in pods)),
            asyncio.gather(*(self._log(pod) for pod in pods)),
        )
        summaries = {
            pod.name: log
            for pod, log in zip(pods, logs, strict=True)
            if isinstance(log, LogSummary)
        }
        # Thousands of lines and routes: in a thread, so that the event loop goes on.
        views = [runtime for runtime in runtimes if isinstance(runtime, Runtime)]
        word = await asyncio.to_thread(word_of, snapshot, pods, views, summaries)
        gaps = tuple(log for log in logs if isinstance(log, Gap))
        return replace(word, gaps=gaps or tuple(_quiet(pods, summaries)))

    async def _log(self, pod: TraefikPod) -> LogSummary | Gap:
        summarizer = LogSummarizer()
        try:
            end = await self.source.log(pod, REQUEST, summarizer.feed)
        except ClusterError as error:
            return _gap(error)
        return summarizer.summary(end.cut)


def word_of(
    snapshot: Snapshot,
    pods: tuple[TraefikPod, ...],
    runtimes: list[Runtime],
    summaries: Mapping[str, LogSummary],
) -> TraefikWord:
    """What API and log say, by the object of each route that this Traefik reads."""
    config = config_of(pods)
    routes = tuple(view for view in read_routes(snapshot, config) if not view.unread)
    answer = log_report.logs(summaries, snapshot, routes)
    refused: defaultdict[Ref, dict[str, None]] = defaultdict(dict)
    for view, text in _refused(routes, runtimes):
        refused[view.ref][text] = None
    return TraefikWord(
        {ref: tuple(texts) for ref, texts in refused.items()}, _failed(routes, answer)
    )


def _refused(
    routes: tuple[RouteView, ...], runtimes: list[Runtime]
) -> Iterator[tuple[RouteView, str]]:
    """The errors of each route's routers, and rules of which a replica has no router at all."""
    for runtime in runtimes:
        views = runtime_view.by_api(runtime)
        routers = Routers(views)
        served = {router.rule for router in views}
        missing: list[tuple[RouteView, str]] = []
        names_known = False
        for view in routes:
            prefix = f"{view.ref.namespace}-{view.ref.name}"
            for rule in view.rules:
                own = routers.of_rule(rule.router, rule.match, prefix)
                yield from ((view, error) for router in own for error in router.errors)
                if view.ref.kind != "IngressRoute":
                    continue
                names_known |= bool(own)
                if not own and rule.match not in served:
                    missing.append((view, f"no router was made of {rule.match[:RULE]}"))
        # Where no router at all is found by its name, names are made in a way that is not known.
        yield from missing if names_known else ()


def _failed(routes: tuple[RouteView, ...], answer: LogsAnswer) -> dict[Ref, FailedRequests]:
    """By route; what an address fails, fails for every route that leads there."""
    refs = {view.label: view.ref for view in routes}
    failed: dict[Ref, FailedRequests] = {}
    for group in answer.failures:
        requests = _requests(group)
        for ref in filter(None, map(refs.get, group.routes)):
            if requests:
                failed[ref] = failed[ref] + requests if ref in failed else requests
    return failed


def _requests(group: FailureGroup) -> FailedRequests | None:
    """The failures of a route, without requests that the client gave up."""
    real = [failure for failure in group.failures if failure.cause is not Cause.CANCELLED]
    if not real:
        return None
    what = tuple(
        f"{failure.status or failure.origin} {failure.cause}"
        + (f" at {failure.address.text}" if failure.address.text else "")
        for failure in real[:WHAT]
    )
    last = max((failure.last for failure in real if failure.last), default=None)
    return FailedRequests(sum(failure.count for failure in real), what, last)


def _quiet(pods: tuple[TraefikPod, ...], summaries: Mapping[str, LogSummary]) -> Iterator[Gap]:
    """A log whose level shows no failed request: that none is in it proves nothing."""
    configs = [static_config(pod.args) for pod in pods]
    shows = all(config.shows_servers or config.access_log for config in configs)
    if not shows and not any(map(log_report.shows_failures, summaries.values())):
        detail = "its level shows no failed requests; --log.level=DEBUG or --accesslog does"
        yield Gap(TRAEFIK_WORD, Why.OFF, detail)


def _gap(error: ClusterError) -> Gap:
    why = Why.FORBIDDEN if isinstance(error, Forbidden) else Why.UNREACHABLE
    return Gap(TRAEFIK_WORD, why, str(error))
