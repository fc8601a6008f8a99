"""What a whole log contains: servers, failures and refused objects, counted in bounded memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from bot.domain.shares import SharedMapping
from bot.traefik.domain.access_log import time_of
from bot.traefik.domain.log_events import (
    Irrelevant,
    LogReason,
    ProviderError,
    ServedRequest,
    ServerCreated,
    UpstreamError,
)
from bot.traefik.domain.log_parser import LONGEST, parse

MOST = 5000
"""Distinct events of each kind that are kept, shared by namespace; more are only counted."""

RELOAD = timedelta(seconds=5)
"""All servers of one configuration are created within this time."""


class Times(msgspec.Struct, frozen=True):
    """How often something was logged, first and last when; None where lines have no time."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def __add__(self, other: Times) -> Times:
        """Both together."""
        return Times(
            self.count + other.count,
            min(filter(None, (self.first, other.first)), default=None),
            max(filter(None, (self.last, other.last)), default=None),
        )


E = TypeVar("E", ServerCreated, UpstreamError, ProviderError)


class Counted(msgspec.Struct, Generic[E], frozen=True):
    """Equal events of a log. `event` has no time of its own.

    `current` is False for a server whose router got others since.
    """

    event: E
    times: Times
    current: bool = True


class LogSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The summary of one log. `irrelevant` counts by reason the lines without an event.

    `answered` is when a server last answered a request of each router, by an access log.
    `left_out` counts events beyond the bound. `cut` says in words what was not read at all.
    """

    lines: int = 0
    servers: tuple[Counted[ServerCreated], ...] = ()
    failures: tuple[Counted[UpstreamError], ...] = ()
    refusals: tuple[Counted[ProviderError], ...] = ()
    irrelevant: Mapping[LogReason, int] = {}
    answered: Mapping[str, datetime] = {}
    left_out: int = 0
    cut: tuple[str, ...] = ()

    def standing(self) -> Iterator[tuple[ProviderError, datetime]]:
        """The refusals that the newest lines repeat, and when each was told last.

        At each configuration a provider tells anew of all that is wrong, and so does the builder
        of routers: what the newest lines of one do not repeat is over.
        """
        newest: dict[str, datetime] = {}
        for refusal in self.refusals:
            teller, at = _teller(refusal.event), refusal.times.last
            if at:
                newest[teller] = max(at, newest.get(teller, at))
        for refusal in self.refusals:
            at = refusal.times.last
            if at and newest[_teller(refusal.event)] - at <= RELOAD:
                yield refusal.event, at


def _teller(event: ProviderError) -> str:
    """The part of Traefik that tells it: a provider, the builder of routers, or another one."""
    return event.provider or ("router" if event.router and not event.kind else "another")


class LineSplitter:
    """Bytes in, whole lines out. Of a line that is too long only its beginning is kept.

    That beginning is one byte longer than any line that is parsed, so that it counts as too long.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._most = longest + 1
        self._begun = b""
        self.taken = 0
        """Bytes that were fed so far."""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that end in this chunk. Exhaust it before the next call."""
        self.taken += len(chunk)
        first, *others = chunk.split(b"\n")
        self._begun += first[: self._most - len(self._begun)]
        for following in others:
            yield self._text(self._begun)
            self._begun = following[: self._most]

    def end(self) -> Iterator[str]:
        """The last line, if no line feed follows it."""
        if self._begun:
            yield self._text(self._begun)
            self._begun = b""

    def _text(self, line: bytes) -> str:
        # As many characters as bytes, so that a long line of wide letters stays a long one.
        return line.decode(errors="replace") if len(line) < self._most else "x" * self._most


class LogSummarizer:
    """A log in chunks or lines in, a summary out.

    The order of the lines matters for requests that were answered alone: the last one counts.
    """

    def __init__(self, most: int = MOST) -> None:
        self._splitter = LineSplitter()
        self._lines = 0
        self._left_out = 0
        self._servers: SharedMapping[ServerCreated, Times] = SharedMapping(most, _party)
        self._failures: SharedMapping[UpstreamError, Times] = SharedMapping(most, _party)
        self._refusals: SharedMapping[ProviderError, Times] = SharedMapping(most, _party)
        self._irrelevant: Counter[LogReason] = Counter()
        self._answered: SharedMapping[str, str] = SharedMapping(most, _namespace)
        """The time of the last answered request of each router, as it is written."""

    @property
    def taken(self) -> int:
        """Bytes that were fed so far."""
        return self._splitter.taken

    def feed(self, chunk: bytes) -> None:
        """Count the lines that end in this chunk."""
        for line in self._splitter.feed(chunk):
            self.add(line)

    def add(self, line: str) -> None:
        """Count the event of one line."""
        self._lines += 1
        match parse(line):
            case Irrelevant(reason):
                self._irrelevant[reason] += 1
            case ServedRequest(router, stamp):
                self._irrelevant[LogReason.REQUEST] += 1
                self._answered.put(router, stamp)
            case ServerCreated() as event:
                self._add_to(self._servers, event)
            case UpstreamError() as event:
                self._add_to(self._failures, event)
            case ProviderError() as event:
                self._add_to(self._refusals, event)

    def summary(self, cut: str = "") -> LogSummary:
        """Everything so far, the latest first; `cut` says in words what was not read."""
        for line in self._splitter.end():
            self.add(line)
        return LogSummary(
            lines=self._lines,
            servers=_latest(self._servers.values, self._superseded()),
            failures=_latest(self._failures.values),
            refusals=_latest(self._refusals.values),
            irrelevant=dict(sorted(self._irrelevant.items())),
            answered={
                router: at
                for router, stamp in self._answered.values.items()
                if (at := time_of(stamp))
            },
            left_out=self._left_out,
            cut=(cut,) if cut else (),
        )

    def _add_to(self, counted: SharedMapping[E, Times], event: E) -> None:
        key = msgspec.structs.replace(event, time=None)
        times = counted.values.get(key, Times()) + Times(1, event.time, event.time)
        if dropped := counted.put(key, times):
            self._left_out += dropped.count

    def _superseded(self) -> frozenset[ServerCreated]:
        """A router's servers are those of its latest configuration; the others."""
        newest: dict[tuple[str, str], datetime] = {}
        for server, times in self._servers.values.items():
            if times.last is not None and (server.router or server.service):
                key = (server.router, server.service)
                newest[key] = max(times.last, newest.get(key, times.last))
        return frozenset(
            server
            for server, times in self._servers.values.items()
            if times.last
            and newest.get((server.router, server.service), times.last) - times.last > RELOAD
        )


def _party(event: ServerCreated | UpstreamError | ProviderError) -> str:
    """Whose event it is, as far as its line tells; empty where it names an address alone."""
    if isinstance(event, ProviderError) and event.namespace:
        return event.namespace
    return _namespace(event.service or event.router)


def _namespace(name: str) -> str:
    """The beginning of a namespace: with it Traefik's names of routers and services begin.

    Where it ends is not told, so those of one first word have one share.
    """
    return name.partition("-")[0]


def _latest(
    events: Mapping[E, Times], superseded: frozenset[ServerCreated] = frozenset()
) -> tuple[Counted[E], ...]:
    """The latest first; events without a time are last, in the order of the log."""
    counted = [Counted(event, times, event not in superseded) for event, times in events.items()]
    return tuple(sorted(counted, key=_age))


def _age(counted: Counted[E]) -> float:
    last = counted.times.last
    return -last.timestamp() if last else math.inf
