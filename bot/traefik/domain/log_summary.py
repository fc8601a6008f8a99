"""What a whole log tells: servers, failures by route, refusals; counted, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from bot.traefik.domain.log_events import (
    Cause,
    Irrelevant,
    LogReason,
    Origin,
    ProviderError,
    ServerCreated,
    Told,
    UpstreamError,
)
from bot.traefik.domain.log_parser import parse

MOST = 5000
"""Different servers, failures and refusals that are told apart, of each; more are counted."""

RELOAD = timedelta(seconds=5)
"""One configuration's servers are made within less than this."""


class Times(msgspec.Struct, frozen=True):
    """How often something was told, and when first and last; None where lines have no time."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def and_at(self, time: datetime | None) -> Times:
        """The same with one more."""
        if time is None:
            return Times(self.count + 1, self.first, self.last)
        first = time if self.first is None else min(self.first, time)
        last = time if self.last is None else max(self.last, time)
        return Times(self.count + 1, first, last)


class Server(msgspec.Struct, frozen=True):
    """A server that Traefik made. `current` is False where its router got others since."""

    url: str
    router: str
    service: str
    times: Times
    current: bool = True


class Failure(msgspec.Struct, frozen=True):
    """Requests of one kind that did not reach one address."""

    cause: Cause
    status: int | None
    address: str
    router: str
    service: str
    origin: Origin
    times: Times


class Refusal(msgspec.Struct, frozen=True):
    """An object that Traefik said that it refuses."""

    message: str
    provider: str
    namespace: str
    name: str
    service: str
    router: str
    times: Times


class LogSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A log, read. `irrelevant` counts by reason the lines that tell nothing of interest.

    `left_out` are lines of interest beyond what is told apart. `cut` says in words what was not
    read at all.
    """

    lines: int = 0
    servers: tuple[Server, ...] = ()
    failures: tuple[Failure, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    irrelevant: Mapping[LogReason, int] = {}
    left_out: int = 0
    cut: tuple[str, ...] = ()

    @property
    def requests_failed(self) -> int:
        """How many failures there are in all."""
        return sum(failure.times.count for failure in self.failures)


Key = TypeVar("Key")


class Summing:
    """Lines in, a summary out. Takes any number of lines in any order."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lines = 0
        self._left_out = 0
        self._servers: dict[tuple[str, str, str], Times] = {}
        self._failures: dict[UpstreamError, Times] = {}
        self._refusals: dict[ProviderError, Times] = {}
        self._irrelevant: dict[LogReason, int] = {}

    def add(self, line: str) -> None:
        """Count what one line tells."""
        self._lines += 1
        self.count(parse(line))

    def count(self, told: Told) -> None:
        """Count one thing that was told."""
        match told:
            case Irrelevant(reason):
                self._irrelevant[reason] = self._irrelevant.get(reason, 0) + 1
            case ServerCreated():
                self._one_more(self._servers, (told.router, told.service, told.url), told.time)
            case UpstreamError():
                self._one_more(self._failures, _timeless(told), told.time)
            case ProviderError():
                self._one_more(self._refusals, _timeless(told), told.time)

    def summary(self, *cut: str) -> LogSummary:
        """All that was told, the latest first; `cut` are words on what was not read."""
        return LogSummary(
            lines=self._lines,
            servers=self._made(),
            failures=_latest(
                Failure(
                    failure.cause,
                    failure.status,
                    failure.address,
                    failure.router,
                    failure.service,
                    failure.origin,
                    times,
                )
                for failure, times in self._failures.items()
            ),
            refusals=_latest(
                Refusal(
                    provider_error.message,
                    provider_error.provider,
                    provider_error.namespace,
                    provider_error.name,
                    provider_error.service,
                    provider_error.router,
                    times,
                )
                for provider_error, times in self._refusals.items()
            ),
            irrelevant=dict(sorted(self._irrelevant.items())),
            left_out=self._left_out,
            cut=cut,
        )

    def _one_more(self, kept: dict[Key, Times], key: Key, time: datetime | None) -> None:
        before = kept.get(key)
        if before is None and len(kept) >= self._most:
            self._left_out += 1
            return
        kept[key] = (before or Times()).and_at(time)

    def _made(self) -> tuple[Server, ...]:
        """A router's servers are those of its latest configuration."""
        newest: dict[tuple[str, str], datetime] = {}
        for (router, service, _), times in self._servers.items():
            if times.last is not None:
                key = (router, service)
                newest[key] = max(times.last, newest.get(key, times.last))
        return _latest(
            Server(
                url,
                router,
                service,
                times,
                times.last is None
                or not (router or service)
                or newest[router, service] - times.last <= RELOAD,
            )
            for (router, service, url), times in self._servers.items()
        )


Timed = TypeVar("Timed", UpstreamError, ProviderError)
Counted = TypeVar("Counted", Server, Failure, Refusal)


def _timeless(told: Timed) -> Timed:
    return msgspec.structs.replace(told, time=None)


def _latest(counted: Iterable[Counted]) -> tuple[Counted, ...]:
    """The latest first; what has no time stands last, in the order in which it came."""
    return tuple(sorted(counted, key=_age))


def _age(each: Server | Failure | Refusal) -> float:
    return -each.times.last.timestamp() if each.times.last else math.inf
