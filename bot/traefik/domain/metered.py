"""From Traefik's metrics to the rules whose requests were answered, or did not reach a server.

What stands where, by `pkg/server/router` and `pkg/server/service`, v3.6.13, and as seen of it:

- A service's counter stands around each of its servers: behind all Middlewares, and behind the
  balancer, whose own 503 (no server is there) it does not count. So what it counts below 500 a
  server answered. Retries count once each, though a client sees the last one only.
- Only balancers of servers have one. One of services (several Services of a rule, a TraefikService)
  has none, and a mirror's requests are counted by the mirror's service.
- A router's counter stands before its Middlewares, so what it counts may be their answers: a login,
  a redirect, a limit, a page of `errors`, which may even turn a 502 into a 200.
- 502 and 504 are what Traefik answers where a server does not, or not in time; a server that is a
  proxy itself may say the same. 499, 500 and 503 may be of either, and count for nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from bot.domain.finding import Ref
from bot.domain.resources import traefik
from bot.domain.snapshot import Snapshot
from bot.routing.instance import GATEWAY
from bot.routing.traefik_word import BY_METRICS, KEPT, RECENT, FailedRequests, TraefikWord
from bot.traefik.domain.answered import RoutersOf, RouteRule, rules_by_router, rules_of
from bot.traefik.domain.answers import RouteView, RuleView
from bot.traefik.domain.request_counts import CountedBy, RequestCounter, Rise
from bot.traefik.domain.retries import may_retry
from bot.traefik.domain.router_names import (
    CRD,
    DEFAULT_BACKEND,
    DEFAULT_SERVICE,
    INGRESS,
    of_service,
)

FAILED = (502, 504)
GAVE_UP = 499
INTERNAL_ERROR = 500
SUCCESSES = frozenset({*range(200, 300), 304})
"""Codes that no Middleware gives in a server's place, but for `errors` and plugins."""

FEW = 10
"""Less than one failed request in so many is no evidence of a failure."""

ENOUGH = 3
"""Good requests that end a failure: one may have met the other of two servers."""

NONE: Counter[int] = Counter()
INSTANT = timedelta.resolution


@dataclass(frozen=True, slots=True)
class Tally:
    """The requests of a rule after `begin`, and until `end`.

    `good` were answered by a server, `passed` had no code of a failure, whoever answered. `failed`
    are by their codes, and `untold` those of them of which no log tells.
    """

    begin: datetime
    end: datetime
    good: int = 0
    passed: int = 0
    failed: Counter[int] = field(default_factory=Counter)
    untold: Counter[int] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        """Of several replicas."""
        return Tally(
            min(self.begin, other.begin),
            max(self.end, other.end),
            self.good + other.good,
            self.passed + other.passed,
            self.failed + other.failed,
            self.untold + other.untold,
        )

    @property
    def fails(self) -> bool:
        """Whether so many failed that it counts."""
        failed = self.failed.total()
        return bool(failed) and failed * FEW >= failed + self.passed


@dataclass(frozen=True, slots=True)
class MeteredRequests:
    """What the metrics told of the requests of a rule.

    `answered` is the earliest time at which the last good one may have been. The others are of a
    run of failures, which lasts from `first` to `last`: `good` ones since then are not enough yet
    to end it.
    """

    answered: datetime | None = None
    first: datetime | None = None
    last: datetime | None = None
    good: int = 0
    passed: int = 0
    failed: Counter[int] = field(default_factory=Counter)

    def after(self, tally: Tally) -> MeteredRequests:
        """With what was counted since.

        A failure of an unknown time is not told: it may be over for long.
        """
        if tally.fails:
            known = tally.untold and tally.end - tally.begin <= RECENT
            return self._failing(tally) if known else replace(self, good=0)
        good = self.good + tally.good
        if self._stands(tally.end, RECENT) and good < ENOUGH:
            return replace(self, good=good)
        # None was before it: requests are counted after `begin`.
        return replace(self, answered=tally.begin + INSTANT, good=0) if tally.good else self

    def _stands(self, now: datetime, within: timedelta) -> bool:
        """Whether good requests did not end the last run, which is not so long ago."""
        if self.last is None or now - self.last > within:
            return False
        return self.answered is None or self.answered <= self.last

    def _failing(self, tally: Tally) -> MeteredRequests:
        run = self if self._stands(tally.end, KEPT) else MeteredRequests()
        return MeteredRequests(
            self.answered,
            run.first or tally.end,
            tally.end,
            passed=run.passed + run.good + tally.passed,
            failed=run.failed + tally.untold,
        )

    def is_kept(self, now: datetime) -> bool:
        """Whether it still tells of anything."""
        return any(at and now - at <= KEPT for at in (self.answered, self.last))

    def told(self, match: str) -> Iterator[FailedRequests]:
        """The run of failures, by their codes, the most frequent first."""
        total = self.failed.total() + self.passed
        for code, count in self.failed.most_common():
            requests = f"{total:,} requests" if total > 1 else "1 request"
            what = f"{code} {HTTPStatus(code).phrase} for {count:,} of {requests}"
            yield FailedRequests(
                count, what, self.last, first=self.first, match=match, source=BY_METRICS
            )


Metered = Mapping[RouteRule, MeteredRequests]


def advanced(
    before: Metered, tallies: Mapping[RouteRule, Tally], now: datetime
) -> dict[RouteRule, MeteredRequests]:
    """What is known of each rule after a look at the metrics."""
    after = dict(before)
    for rule, tally in tallies.items():
        after[rule] = before.get(rule, MeteredRequests()).after(tally)
    return {rule: metered for rule, metered in after.items() if metered.is_kept(now)}


def with_metered(word: TraefikWord, metered: Metered) -> TraefikWord:
    """What Traefik says, with what its metrics told."""
    failed = dict(word.failed)
    for (ref, match), requests in metered.items():
        if told := tuple(requests.told(match)):
            failed[ref] = (*failed.get(ref, ()), *told)
    answered = {rule: one.answered for rule, one in metered.items() if one.answered}
    return replace(word, failed=failed, metered=answered)


def tallies(
    rises: Mapping[str, Rise], rules: RuleNames, telling: Collection[str]
) -> dict[RouteRule, Tally]:
    """The requests of each rule, of all replicas; `telling` are those whose log names failures."""
    together: dict[RouteRule, Tally] = {}
    for pod, rise in rises.items():
        for rule, counted in rules.requests(rise):
            untold = NONE if pod in telling else counted.failed
            tally = replace(counted, untold=untold)
            together[rule] = together[rule] + tally if rule in together else tally
    return together


class RuleNames:
    """The rules behind Traefik's names of routers and services.

    A name that two rules may have shows nothing of either of them: neither does a service that
    several of them lead to.
    """

    def __init__(
        self,
        routes: Collection[RouteView],
        routers_of: RoutersOf,
        snapshot: Snapshot,
        *,
        retries: bool,
    ) -> None:
        """Index them; `retries`: whether an entrypoint may repeat requests of any of them."""
        self._routers = rules_by_router(routes, routers_of)
        self._services: defaultdict[str, set[RouteRule]] = defaultdict(set)
        self._behind: defaultdict[RouteRule, set[str]] = defaultdict(set)
        self._retried: set[RouteRule] = set()
        self._members: defaultdict[str, set[str]] = defaultdict(set)
        for name, user in _used_by_traefik_services(snapshot):
            self._services[name].add((user, ""))
            self._members[f"{user.namespace}/{user.name}"].add(name)
        for view in routes:
            for rule in view.rules:
                key = (view.ref, rule.match)
                own = {*rule.routers, *(router.name for router in routers_of(view, rule))}
                services = set(services_of(rule, own))
                for name in services:
                    self._services[name].add(key)
                members = (self._members.get(backend.name, set()) for backend in rule.backends)
                self._behind[key] |= services.union(*members)
                if retries or may_retry(view.ref, rule.match, snapshot):
                    self._retried.add(key)

    def requests(self, rise: Rise) -> Iterator[tuple[RouteRule, Tally]]:
        """The rules of which requests were counted."""
        by_router: defaultdict[RouteRule, Counter[int]] = defaultdict(Counter)
        by_service: defaultdict[RouteRule, Counter[int]] = defaultdict(Counter)
        for (by, name), codes in rise.counts.items():
            if by is CountedBy.ROUTER:
                if len(keys := rules_of(name, self._routers)) == 1:
                    by_router[next(iter(keys))].update(codes)
            elif len(users := self._services.get(name, set())) == 1:
                by_service[next(iter(users))].update(codes)
        # A TraefikService is no rule.
        for key in filter(self._behind.__contains__, {**by_router, **by_service}):
            yield key, self._tally(key, by_router.get(key, NONE), by_service.get(key, NONE), rise)

    def _tally(
        self, key: RouteRule, routed: Counter[int], served: Counter[int], rise: Rise
    ) -> Tally:
        """By its router where that is counted, which sees of each request how it ended."""
        codes = routed or served
        good = max(_answered(served), self._successes(key, routed, rise))
        failed = Counter({code: codes[code] for code in FAILED if codes[code]})
        if not routed and good and key in self._retried:
            failed = NONE
        return Tally(rise.begin, rise.end, good, _answered(codes), failed)

    def _successes(self, key: RouteRule, routed: Counter[int], rise: Rise) -> int:
        """Those of a router, where a server behind it was seen to answer meanwhile."""
        behind = (RequestCounter(CountedBy.SERVICE, name) for name in self._behind[key])
        if not any(_answered(rise.counts.get(counted, NONE)) for counted in behind):
            return 0
        return sum(count for code, count in routed.items() if code in SUCCESSES)


def _answered(codes: Counter[int]) -> int:
    """How many requests were answered, of a service by a server."""
    return sum(count for code, count in codes.items() if code < INTERNAL_ERROR and code != GAVE_UP)


def services_of(rule: RuleView, routers: Iterable[str]) -> Iterator[str]:
    """Traefik's names of the services that count requests of a rule; none where not known."""
    provider = rule.router.rpartition("@")[2]
    if rule.router == DEFAULT_BACKEND:
        yield DEFAULT_SERVICE
    elif provider == CRD and len(rule.backends) == 1 and rule.backends[0].service:
        # Its one Service has the name of its router.
        yield from routers
    elif provider in (CRD, INGRESS, GATEWAY):
        for backend in rule.backends:
            if service := backend.service:
                name = f"{service.name}-http" if provider == GATEWAY else service.name
                yield of_service(service.namespace, name, backend.port, provider)
            elif "@" in backend.name:
                # That of another provider, by its whole name.
                yield backend.name.rpartition("/")[2]


def _used_by_traefik_services(snapshot: Snapshot) -> Iterator[tuple[str, Ref]]:
    """The services to which each TraefikService leads itself."""
    for resource in snapshot.of(traefik.TraefikService):
        for to in _members(resource.spec):
            if "@" in to.name:
                yield to.name, resource.ref
            elif to.kind != "TraefikService":
                here = to.namespace or resource.namespace
                yield of_service(here, to.name, str(to.port or ""), CRD), resource.ref


def _members(spec: traefik.TraefikServiceSpec) -> Iterator[traefik.RouteService]:
    for weighted in (spec.weighted, spec.highest_random_weight):
        yield from (weighted.services if weighted else None) or ()
    if spec.mirroring:
        yield spec.mirroring
        yield from spec.mirroring.mirrors or ()
