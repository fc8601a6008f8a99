"""How many requests Traefik counted of each router and service, by its Prometheus metrics.

Source: `pkg/observability/metrics/prometheus.go` and `pkg/middlewares/metrics`, v2.10 to v3.7.
Names of routers and services come from the cluster, and a label of Traefik's own (`headerLabels`)
from anybody's request, so lines, their length and their number are bounded.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.domain.shares import SharedMapping


class CountedBy(StrEnum):
    """What Traefik counts requests by. The value is also the label with its name."""

    ROUTER = "router"
    SERVICE = "service"


METRICS = {f"traefik_{by}_requests_total": by for by in CountedBy}
STARTED = "process_start_time_seconds"
WANTED = (*(f"{name}{{".encode() for name in METRICS), f"{STARTED} ".encode())

LONGEST = 8 * 1024
"""Bytes of a line. A longer one is left out: lines only grow, so it does not come back."""

MOST_LINES = 20_000
"""Lines of one sample, some half a second of work. Of more, all lines of whoever has the most are
left out.
"""

SERVICE = re.compile(rb'[{,]service="([^-"\\]*)')
"""The first word of a service, with which Traefik's names tell its namespace. In what a request
brought, quotation marks stand behind a backslash.
"""

CODES = range(100, 600)
"""Codes of HTTP: those of gRPC, which stand in the same label, are below."""

PREFLIGHT = "OPTIONS"
"""The method that the Middleware `headers` answers itself, before any server."""

SAME = timedelta(seconds=5)
"""By how much the start of one process moves where its node's clock is set."""


class RequestCounter(NamedTuple):
    """A router or a service, by Traefik's whole name for it."""

    by: CountedBy
    name: str


Counts = Mapping[RequestCounter, Counter[int]]
"""How many requests, by their codes."""


@dataclass(frozen=True, slots=True)
class MetricsSample:
    """The counters of one process since it started; when is None where it does not tell.

    whole: No counter was left out.
    """

    counts: Counts
    started: datetime | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Rise:
    """What was counted after `begin`, and until `end`."""

    begin: datetime
    end: datetime
    counts: Counts


class MetricsLines:
    """Takes metrics in chunks, and keeps the few lines that count."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self._rest = b""
        self._lines: SharedMapping[bytes, bytes] = SharedMapping(most, _party)
        self._left_out: set[bytes] = set()
        """Who has a line that was not kept."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        # Of a line that is too long, one byte more than the limit is enough to know it.
        self._rest = rest[: LONGEST + 1]
        for line in lines:
            if line.startswith(WANTED) and len(line) <= LONGEST:
                dropped = self._lines.put(line, _party(line))
                if dropped is not None:
                    self._left_out.add(dropped)

    def sample(self) -> MetricsSample | None:
        """What the lines count; None where they end too early, or one is not Traefik's.

        A sample in part would make of each counter that it lacks one that begins anew.
        """
        if self._rest:
            return None
        kept = (line for line, of in self._lines.values.items() if of not in self._left_out)
        counts: defaultdict[RequestCounter, Counter[int]] = defaultdict(Counter)
        started = None
        try:
            for name, labels, value in map(_read, kept):
                if name == STARTED:
                    started = datetime.fromtimestamp(value, UTC)
                elif counted := _counted(METRICS[name], labels):
                    counts[counted][int(labels["code"])] += int(value)
        except (ArithmeticError, LookupError, OSError, ValueError):
            return None
        return MetricsSample(dict(counts), started, whole=not self._left_out)


def _party(line: bytes) -> bytes:
    service = SERVICE.search(line)
    return service[1] if service else b""


def _read(line: bytes) -> tuple[str, Mapping[str, str], float]:
    """The name, labels and value of a line.

    Raises:
        ValueError: It is not one.
    """
    # It takes longer to import than a check without metrics takes to read a cluster.
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    (family,) = text_string_to_metric_families(line.decode(errors="replace"))
    (sample,) = family.samples
    if not (math.isfinite(sample.value) and sample.value >= 0):
        raise ValueError(sample.value)
    return sample.name, sample.labels, sample.value


def _counted(by: CountedBy, labels: Mapping[str, str]) -> RequestCounter | None:
    """What a line counts requests of; None for those of which the code says nothing."""
    if by is CountedBy.ROUTER and labels["method"] == PREFLIGHT:
        return None
    return RequestCounter(by, labels[by]) if int(labels["code"]) in CODES else None


def rise(
    before: tuple[datetime, MetricsSample] | None, now: datetime, after: MetricsSample
) -> Rise | None:
    """What was counted since the sample before it; None where there is nothing to compare with.

    A process that is new since began at zero when it started.
    """
    began = after.started
    if before and _is_same(before[1].started, began):
        begin, counts, whole = before[0], before[1].counts, before[1].whole
    elif began and began <= now:
        begin, counts, whole = began, {}, True
    else:
        return None
    # What is not in a sample of a part may have been left out of it.
    known = {one: codes for one, codes in after.counts.items() if whole or one in counts}
    return Rise(begin, now, dict(_risen(counts, known)))


def _is_same(one: datetime | None, other: datetime | None) -> bool:
    return one == other or bool(one and other and abs(one - other) <= SAME)


def _risen(before: Counts, after: Counts) -> Iterator[tuple[RequestCounter, Counter[int]]]:
    for counted, codes in after.items():
        known = before.get(counted, Counter())
        # One that fell was dropped with its router or service, and began at zero again.
        risen = Counter(
            {
                code: count - known[code] if count >= known[code] else count
                for code, count in codes.items()
            }
        )
        if risen := +risen:
            yield counted, risen
