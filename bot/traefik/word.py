"""Reads what Traefik itself says of routes, for the health checks: quickly, and not too often.

Traefik's API tells what it refuses, its log which requests failed, and its metrics both how many
failed and how many were answered. A part that cannot be read is named as a gap, but for the
metrics.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.finding import Ref
from bot.domain.redaction.redact import redact
from bot.domain.refusal import NotObserved
from bot.domain.snapshot import Gap, Snapshot, SnapshotReader, Why
from bot.errors import ClusterError, Forbidden
from bot.routing.instance import TraefikConfig, TraefikPod, config_of, configs_of
from bot.routing.running import (
    RunningTraefik,
    configs,
    has_traefik,
    namespaces_elsewhere,
    why_none,
    why_unread,
)
from bot.routing.traefik_word import (
    KEPT,
    TRAEFIK_WORD,
    FailedRequests,
    LoggedRefusal,
    TraefikWord,
)
from bot.traefik.domain import log_report, runtime_view
from bot.traefik.domain.answered import RouteRule, answered_rules
from bot.traefik.domain.answers import (
    FailureView,
    LogsAnswer,
    RouteView,
    RuleView,
    told_once,
)
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_events import Cause
from bot.traefik.domain.log_request import LogEnd, LogRequest
from bot.traefik.domain.log_summary import LogSummarizer, LogSummary
from bot.traefik.domain.metered import RuleNames, Tally, tallies, with_metered
from bot.traefik.domain.request_counts import Rise
from bot.traefik.domain.routes import READS, ROUTES, read_routes
from bot.traefik.domain.runtime_view import Routers, RouterView
from bot.traefik.logged_refusals import logged_refusals
from bot.traefik.missing_secrets import missing_secrets
from bot.traefik.request_meter import MetricsSource, RequestMeter
from bot.traefik.service import PodSource

SECONDS = int(KEPT.total_seconds())
"""How far back the log is read: as far as `/traefik logs` does."""

PATIENCE = 3.0
"""Seconds that a health check waits for Traefik's word."""

EVERY = 60.0
"""Seconds for which what was read is used again."""

REQUESTS = tuple(
    LogRequest(seconds=SECONDS, lines=lines, limit_bytes=2 * 1024 * 1024, patience=2.0)
    for lines in (2_000, 200)
)
"""One after the other, until the lines fit: what is too long loses its end, the newest lines."""

LOGS_READ_MORE = "`/traefik logs` reads more of it."

LOST = frozenset({Cause.TIMEOUT, Cause.NO_ROUTE, Cause.UNREACHABLE})
"""The causes that a broken network has. Whoever refuses or resets was reached."""

NO_WORD = TraefikWord()
RULE = 100


@dataclass
class WordReader:
    """Asks Traefik at most once a minute, and never keeps a health check waiting for long.

    What was read once and cannot be read any more is a gap, and no choice of the owner's. Failed
    requests are remembered: a log ends with its pod.
    """

    cluster: SnapshotReader
    source: PodSource
    metrics: MetricsSource | None = None
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    _meter: RequestMeter = field(init=False)
    _known: TraefikWord = NO_WORD
    """Without what the metrics told."""
    _read_at: float = float("-inf")
    _heard: datetime | None = None
    """When a pod of Traefik was read last."""
    _apis: set[TraefikConfig] = field(default_factory=set)
    """The configurations of which the API was read."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._meter = RequestMeter(self.metrics, self.clock)

    async def read(self) -> TraefikWord:
        """What Traefik said within the last minute."""
        async with self._lock:
            if self.clock() - self._read_at >= EVERY:
                self._known = _with_earlier(await self._read(), self._known, self._heard)
                self._read_at = self.clock()
            return with_metered(self._known, self._meter.known)

    async def _read(self) -> TraefikWord:
        until = asyncio.get_running_loop().time() + self.patience
        try:
            async with asyncio.timeout_at(until):
                pods = await self.source.pods()
            return await (self._of_pods(pods, until) if pods else self._without_pods(until))
        except TimeoutError:
            why = f"Traefik did not answer within {self.patience:.0f} s"
            return TraefikWord(gaps=(Gap(TRAEFIK_WORD, Why.UNREACHABLE, why),))
        except ClusterError as error:
            return TraefikWord(gaps=(_gap(error),))

    async def _without_pods(self, until: float) -> TraefikWord:
        """A gap where there is or was a Traefik, or may be one elsewhere; else nobody to ask."""
        snapshot = await self._snapshot(until)
        if self._heard or has_traefik(snapshot):
            gap = Gap(TRAEFIK_WORD, Why.UNREACHABLE, "no Traefik pod is running", self._heard)
        elif namespaces_elsewhere(snapshot):
            gap = Gap(TRAEFIK_WORD, Why.NOT_SET_UP, why_none(snapshot))
        else:
            return NO_WORD
        return TraefikWord(gaps=(gap,))

    async def _of_pods(self, pods: tuple[TraefikPod, ...], until: float) -> TraefikWord:
        """What can be read until then: an API that hangs takes nothing from the log."""
        snapshot, answers, logs, samples = await asyncio.gather(
            self._snapshot(until),
            asyncio.gather(*(self._runtime(pod, until) for pod in pods)),
            asyncio.gather(*(self._log(pod, until) for pod in pods)),
            self._meter.read(pods, until),
        )
        named = [pod.id for pod in pods]
        pairs = zip(named, answers, strict=True)
        runtimes = {name: answer for name, answer in pairs if isinstance(answer, Runtime)}
        summaries = {
            name: log for name, (log, _) in zip(named, logs, strict=True) if log is not None
        }
        # Thousands of lines and routes: in a thread, so that the event loop goes on.
        read = await asyncio.to_thread(_Read.of, snapshot, pods, runtimes, summaries)
        word = await asyncio.to_thread(read.word)
        rises = self._meter.rises(samples, snapshot.taken_at)
        self._meter.note(await asyncio.to_thread(read.tallies, rises), snapshot.taken_at)
        lost = self._lost(dict(zip(pods, answers, strict=True)))
        self._heard = snapshot.taken_at
        found = (*answers, *lost, *(gap for _, gap in logs))
        gaps = tuple(gap for gap in found if isinstance(gap, Gap))
        return replace(word, gaps=gaps or tuple(_quiet(pods, summaries)))

    def _lost(self, answers: Mapping[TraefikPod, Runtime | NotObserved | Gap]) -> tuple[Gap, ...]:
        """The APIs that were read once, and that no replica shows now."""
        read = {config_of(pod) for pod, it in answers.items() if isinstance(it, Runtime)}
        lost = tuple(
            Gap(TRAEFIK_WORD, Why.UNREACHABLE, answer.why, self._heard)
            for pod, answer in answers.items()
            if isinstance(answer, NotObserved) and config_of(pod) in self._apis - read
        )
        self._apis |= read
        return lost

    async def _snapshot(self, until: float) -> Snapshot:
        async with asyncio.timeout_at(until):
            return await self.cluster.snapshot(READS)

    async def _runtime(self, pod: TraefikPod, until: float) -> Runtime | NotObserved | Gap:
        try:
            async with asyncio.timeout_at(until):
                return await self.source.runtime(pod)
        except TimeoutError:
            why = f"{pod.id}: its API did not answer within {self.patience:.0f} s"
            return Gap(TRAEFIK_WORD, Why.UNREACHABLE, why)

    async def _log(self, pod: TraefikPod, until: float) -> tuple[LogSummary | None, Gap | None]:
        """What was read, and what was not."""
        summarizer = LogSummarizer()
        try:
            async with asyncio.timeout_at(until):
                for request in REQUESTS:
                    summarizer = LogSummarizer()
                    end = await self.source.log(pod, request, summarizer.feed)
                    if end.taken < request.limit_bytes:
                        break
        except TimeoutError:
            cut = f"{pod.id}: its log did not end within {self.patience:.0f} s"
            return summarizer.summary(cut), Gap(TRAEFIK_WORD, Why.IN_PART, cut)
        except ClusterError as error:
            return None, _gap(error)
        summary = summarizer.summary(end.cut)
        return summary, _cut(summary, end, request)


def _with_earlier(word: TraefikWord, earlier: TraefikWord, now: datetime | None) -> TraefikWord:
    """With the requests that were read before, where the log has lost them since."""
    if now is None:
        return word
    failed = dict(word.failed)
    for ref, known in earlier.failed.items():
        own = failed.get(ref, ())
        again = {(one.what, one.address) for one in own}
        lost = (one for one in known if (one.what, one.address) not in again)
        kept = tuple(one for one in lost if one.last and now - one.last <= KEPT)
        if own or kept:
            failed[ref] = (*_as_early(own, known, now), *kept)
    recent = {key: at for key, at in earlier.answered.items() if now - at <= KEPT}
    return replace(word, failed=failed, answered=_latest(recent, word.answered))


def _as_early(
    own: Iterable[FailedRequests], known: Iterable[FailedRequests], now: datetime
) -> Iterator[FailedRequests]:
    """What failed so within the hour before, and fails so still, began when it did then."""
    begun = {
        (one.what, one.address): one.first for one in known if one.last and now - one.last <= KEPT
    }
    for one in own:
        first = min(filter(None, (one.first, begun.get((one.what, one.address)))), default=None)
        yield replace(one, first=first)


def _latest(
    one: Mapping[RouteRule, datetime], other: Mapping[RouteRule, datetime]
) -> dict[RouteRule, datetime]:
    """The later time of each rule."""
    return {**one, **{key: max(at, one.get(key, at)) for key, at in other.items()}}


def word_of(
    snapshot: Snapshot,
    pods: tuple[TraefikPod, ...],
    runtimes: Mapping[str, Runtime],
    summaries: Mapping[str, LogSummary],
) -> TraefikWord:
    """What API and log say, by the object of each route that one of these Traefiks reads.

    `runtimes` and `summaries` are by the ids of pods.
    """
    return _Read.of(snapshot, pods, runtimes, summaries).word()


@dataclass(frozen=True)
class _Read:
    """What was read of all Traefiks, apart by their configurations."""

    snapshot: Snapshot
    parts: tuple[_Part, ...]
    summaries: Mapping[str, LogSummary]

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        pods: tuple[TraefikPod, ...],
        runtimes: Mapping[str, Runtime],
        summaries: Mapping[str, LogSummary],
    ) -> _Read:
        groups: defaultdict[TraefikConfig, list[str]] = defaultdict(list)
        for pod in pods:
            groups[config_of(pod)].append(pod.id)
        if not configs(snapshot):
            running = RunningTraefik(tuple(groups))
            supplements = {**snapshot.supplements, RunningTraefik: running}
            snapshot = replace(snapshot, supplements=supplements)
        parts = tuple(
            _Part(
                config,
                tuple(_read_by(config, snapshot)),
                tuple(_Served.of(runtimes[name]) for name in names if name in runtimes),
                {name: summaries[name] for name in names if name in summaries},
                frozenset(names),
            )
            for config, names in groups.items()
        )
        return cls(snapshot, parts, summaries)

    def word(self) -> TraefikWord:
        """What API and log say."""
        refused: defaultdict[Ref, dict[str, None]] = defaultdict(dict)
        warned: defaultdict[Ref, dict[str, None]] = defaultdict(dict)
        for ref, router in (said for part in self.parts for said in part.said()):
            (refused if router.refused else warned)[ref] |= dict.fromkeys(router.errors)
        for ref, text in _missing(self.parts):
            refused[ref][text] = None
        failed: defaultdict[Ref, tuple[FailedRequests, ...]] = defaultdict(tuple)
        logged: defaultdict[Ref, tuple[LoggedRefusal, ...]] = defaultdict(tuple)
        answered: dict[RouteRule, datetime] = {}
        for part in self.parts:
            if not part.served:
                refusals = logged_refusals(part.summaries, self.snapshot, part.routes)
                for ref, said in refusals.items():
                    logged[ref] += said
            answer = log_report.logs(part.summaries, self.snapshot, part.routes)
            for ref, requests in _failed(part.routes, answer).items():
                failed[ref] += requests
            known = answered_rules(part.summaries.values(), part.routes, part.routers_of)
            answered = _latest(answered, known)
        return TraefikWord(
            {ref: tuple(texts) for ref, texts in refused.items()},
            dict(failed),
            warned={ref: tuple(texts) for ref, texts in warned.items()},
            missing=missing_secrets(self.summaries.values(), self.snapshot),
            logged=dict(logged),
            answered=answered,
        )

    def tallies(self, rises: Mapping[str, Rise]) -> dict[RouteRule, Tally]:
        """What the metrics say of each rule."""
        counted: dict[RouteRule, Tally] = {}
        for part in self.parts:
            for rule, tally in part.tallies(rises, self.snapshot).items():
                counted[rule] = counted[rule] + tally if rule in counted else tally
        return counted


def _read_by(config: TraefikConfig, snapshot: Snapshot) -> Iterator[RouteView]:
    """The routes that a Traefik reads, also where that no other one reads them is a fault."""
    unread = {
        route.ref for kind in ROUTES for route in snapshot.of(kind) if why_unread(route, config)
    }
    for view in read_routes(snapshot, (config,)):
        if not view.unread and view.ref not in unread:
            yield view


@dataclass(frozen=True)
class _Served:
    """The routers of one replica, and the texts of their rules."""

    routers: Routers
    rules: frozenset[str]

    @classmethod
    def of(cls, runtime: Runtime) -> _Served:
        views = runtime_view.by_api(runtime)
        return cls(Routers(views), frozenset(view.rule for view in views))

    def of_rule(self, view: RouteView, rule: RuleView) -> tuple[RouterView, ...]:
        return self.routers.of_rule(
            rule.routers, rule.match, f"{view.ref.namespace}-{view.ref.name}"
        )


@dataclass(frozen=True)
class _Part:
    """The replicas of one configuration, with the routes that it reads."""

    config: TraefikConfig
    routes: tuple[RouteView, ...]
    served: tuple[_Served, ...]
    summaries: Mapping[str, LogSummary]
    pods: frozenset[str]

    @property
    def is_known(self) -> bool:
        """Whether which routes it reads is known."""
        return self.config.static.complete

    def routers_of(self, view: RouteView, rule: RuleView) -> Iterator[RouterView]:
        """The routers of a rule by the API, of all replicas."""
        for served in self.served:
            yield from served.of_rule(view, rule)

    def said(self) -> Iterator[tuple[Ref, RouterView]]:
        """Each route's routers that Traefik says something of."""
        for view in self.routes:
            for rule in view.rules:
                for router in self.routers_of(view, rule):
                    if router.errors:
                        yield view.ref, router

    def tallies(self, rises: Mapping[str, Rise], snapshot: Snapshot) -> dict[RouteRule, Tally]:
        """What the metrics of its replicas say of each rule."""
        own = {pod: risen for pod, risen in rises.items() if pod in self.pods}
        if not own:
            return {}
        static = self.config.static
        telling = {
            name
            for name, summary in self.summaries.items()
            if static.shows_failures or log_report.shows_failures(summary)
        }
        retries = static.entry_middlewares
        rules = RuleNames(self.routes, self.routers_of, snapshot, retries=retries)
        return tallies(own, rules, telling)


def _missing(parts: Sequence[_Part]) -> Iterator[tuple[Ref, str]]:
    """Rules of which no replica has a router, of all that read their route."""
    readers: defaultdict[Ref, list[_Served]] = defaultdict(list)
    for part in parts:
        for view in part.routes:
            readers[view.ref] += part.served
    for part in filter(lambda part: part.is_known, parts):
        names_known = False
        missing: list[tuple[Ref, str]] = []
        for view in part.routes:
            if view.ref.kind != "IngressRoute":
                continue
            for rule in view.rules:
                names_known |= any(served.of_rule(view, rule) for served in part.served)
                if not any(
                    rule.match in served.rules or served.of_rule(view, rule)
                    for served in readers[view.ref]
                ):
                    missing.append((view.ref, f"no router was made of {redact(rule.match)[:RULE]}"))
        # Where no router at all is found by its name, names are made in a way that is not known.
        yield from missing if names_known else ()


def _failed(
    routes: tuple[RouteView, ...], answer: LogsAnswer
) -> dict[Ref, tuple[FailedRequests, ...]]:
    """By route; what an address fails, fails for every route that leads there.

    One request may be told of twice: by the router's name and by the address alone.
    """
    refs = {view.label: view.ref for view in routes}
    failures: defaultdict[Ref, list[FailureView]] = defaultdict(list)
    for group in answer.failures:
        for ref in filter(None, map(refs.get, group.routes)):
            failures[ref] += group.failures
    by_ref = {ref: _requests(own) for ref, own in failures.items()}
    return {ref: requests for ref, requests in by_ref.items() if requests}


def _requests(failures: Iterable[FailureView]) -> tuple[FailedRequests, ...]:
    """The failures of a route, without requests that the client gave up; what tells most first."""
    real = [failure for failure in failures if failure.cause is not Cause.CANCELLED]
    counted = frozenset(told_once(real))
    real.sort(key=lambda failure: (failure.cause is Cause.UNTOLD, -failure.count))
    return tuple(
        FailedRequests(
            failure.count if failure in counted else 0,
            (failure.symptom if failure.status else f"{failure.origin} {failure.cause}")
            + (f" at {failure.address.text}" if failure.address.text else ""),
            failure.last,
            failure.address.text,
            failure.first,
            lost=failure.cause in LOST,
        )
        for failure in real
    )


def _cut(summary: LogSummary, end: LogEnd, request: LogRequest) -> Gap | None:
    """What of a log was not read: its older lines by choice, or its newest ones."""
    if not end.cut:
        return None
    newest_read = end.taken < request.limit_bytes and summary.lines >= request.lines
    return Gap(
        TRAEFIK_WORD, Why.OLDER if newest_read else Why.IN_PART, f"{end.cut} {LOGS_READ_MORE}"
    )


def _quiet(pods: tuple[TraefikPod, ...], summaries: Mapping[str, LogSummary]) -> Iterator[Gap]:
    """A log whose level shows no failed request: that none is in it proves nothing."""
    shows = all(config.static.shows_failures for config in configs_of(pods))
    if not shows and not any(map(log_report.shows_failures, summaries.values())):
        detail = "its level shows no failed requests; --log.level=DEBUG or --accesslog does"
        yield Gap(TRAEFIK_WORD, Why.NOT_SET_UP, detail)


def _gap(error: ClusterError) -> Gap:
    why = Why.FORBIDDEN if isinstance(error, Forbidden) else Why.UNREACHABLE
    return Gap(TRAEFIK_WORD, why, str(error))
