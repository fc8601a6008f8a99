"""What Prometheus reads: counted and timed as it happens, or collected when it asks.

Every label has a few values that are known beforehand, and none is a name from the cluster. The
README lists them all.
"""

from __future__ import annotations

import math
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot import __version__
from bot.alerting.delivery import AlertOutcome
from bot.chat.interactions import Answered
from bot.digest.ports import DigestOutcome
from bot.domain.check import Check
from bot.domain.report import Report
from bot.kube.reflector import Reflector, WatchState

ANSWERS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
ACKNOWLEDGEMENTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)
"""Buckets in seconds; Discord accepts no acknowledgement after three."""
CHECKS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1)


WELL = (DigestOutcome.SENT, DigestOutcome.LATE, DigestOutcome.UNCHANGED, DigestOutcome.FOUND)
"""Outcomes after which the channel shows what it should."""


class DiscordGateway(Protocol):
    """The state of the Discord connection."""

    @property
    def connected(self) -> bool:
        """Whether there is a session."""
        ...

    @property
    def reconnects(self) -> int:
        """How many sessions began or resumed after the first."""
        ...

    @property
    def latency(self) -> float:
        """Seconds that the last heartbeat took; not finite before the first."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """The parts whose state is read when Prometheus asks."""

    gateway: DiscordGateway
    watches: Callable[[], Iterable[Reflector]]
    latest: Callable[[], Report | None]
    leads: Callable[[], bool]
    changes: Callable[[], Mapping[str, int]] = dict


class Metrics:
    """The metrics of one process, in their own registry."""

    def __init__(self) -> None:
        # They double the series, and `process_start_time_seconds` already says when.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self._commands = counter(
            "meshmedic_commands",
            "Commands, clicks and suggestions, by outcome.",
            ["command", "outcome"],
        )
        self._durations = histogram(
            "meshmedic_command_duration_seconds",
            "Time from receiving a command to finishing its answer.",
            ["command"],
            buckets=ANSWERS,
        )
        self._acknowledged = histogram(
            "meshmedic_acknowledgement_duration_seconds",
            "Time from receiving a command until Discord had its acknowledgement.",
            buckets=ACKNOWLEDGEMENTS,
        )
        self._checks = histogram(
            "meshmedic_check_duration_seconds",
            "Time that a check took for all its objects.",
            ["check"],
            buckets=CHECKS,
        )

        self._digests = counter(
            "meshmedic_digests",
            "Digests by outcome. A failed one is retried.",
            ["outcome"],
        )
        self._digested = Gauge(
            "meshmedic_digest_timestamp_seconds",
            "When this process last sent or updated a digest, in Unix time; 0 if never.",
            registry=self.registry,
        )
        self._heartbeat = Gauge(
            "meshmedic_heartbeat_timestamp_seconds",
            "When the heartbeat address last took a ping, in Unix time; 0 if never.",
            registry=self.registry,
        )
        self._alerts = counter(
            "meshmedic_alert_messages",
            "Alert messages by type. `lost` is a channel that the bot cannot post to.",
            ["outcome"],
        )

    def answered(self, interaction: Answered) -> None:
        """Count and time an interaction that has ended."""
        self._commands.labels(interaction.name, interaction.outcome.value).inc()
        self._durations.labels(interaction.name).observe(interaction.seconds)
        if interaction.acknowledged is not None:
            self._acknowledged.observe(interaction.acknowledged)

    def digest(self, outcome: DigestOutcome) -> None:
        """Count a scheduled run of a digest that has ended, or failed for now."""
        self._digests.labels(outcome.value).inc()
        if outcome in WELL:
            self._digested.set_to_current_time()

    def alert(self, outcome: AlertOutcome) -> None:
        """Count a message about alerts."""
        self._alerts.labels(outcome.value).inc()

    def heartbeat(self, at: datetime) -> None:
        """Note a ping that was taken."""
        self._heartbeat.set(at.timestamp())

    def around(self, check: Check) -> AbstractContextManager[object]:
        """A context that times a check."""
        return self._checks.labels(check.name).time()

    def read_from(self, sources: Sources) -> None:
        """Expose the state of these parts too."""
        self.registry.register(_State(sources))

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All metrics in the format that an Accept header asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


class _State(Collector):
    """Collects the state of the process when Prometheus asks."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """Every family, even one without a sample yet."""
        build = InfoMetricFamily("meshmedic_build", "The running version.")
        build.add_metric((), {"version": __version__})
        yield build
        leads = self._sources.leads()
        yield GaugeMetricFamily("meshmedic_leader", "1 if this process leads.", value=leads)
        yield from _gateway(self._sources.gateway)
        yield from _watches(self._sources.watches())
        yield from _report(self._sources.latest())
        yield _changes(self._sources.changes())


def _gateway(gateway: DiscordGateway) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "meshmedic_discord_connected",
        "1 while there is a Discord session.",
        value=gateway.connected,
    )
    latency = GaugeMetricFamily(
        "meshmedic_discord_latency_seconds", "Round trip of the last heartbeat."
    )
    if math.isfinite(gateway.latency):
        latency.add_metric((), gateway.latency)
    yield latency
    yield CounterMetricFamily(
        "meshmedic_discord_reconnects",
        "Sessions started or resumed after the first one.",
        value=gateway.reconnects,
    )


def _watches(watches: Iterable[Reflector]) -> Iterator[Metric]:
    """Sums by resource: watches of several namespaces or versions count as one."""
    by_name = ("resource",)
    state = GaugeMetricFamily(
        "meshmedic_watch_state", "Watches of a kind, by state.", labels=("resource", "state")
    )
    age = GaugeMetricFamily(
        "meshmedic_watch_age_seconds", "Time since the last message of a watch.", labels=by_name
    )
    objects = GaugeMetricFamily("meshmedic_watch_objects", "Objects in the cache.", labels=by_name)
    lists = CounterMetricFamily("meshmedic_watch_lists", "Lists started.", labels=by_name)
    relists = CounterMetricFamily(
        "meshmedic_watch_relists", "Lists started after a complete one.", labels=by_name
    )
    streams = CounterMetricFamily(
        "meshmedic_watch_streams", "Watch requests started.", labels=by_name
    )
    now = datetime.now(UTC)
    by_resource = sorted(watches, key=_resource)
    for resource, group in groupby(by_resource, key=_resource):
        same = tuple(group)
        for value in WatchState:
            count = sum(watch.state is value for watch in same)
            state.add_metric((resource, value.value), count)
        heard = [watch.heard_at for watch in same if watch.heard_at]
        if heard:
            age.add_metric((resource,), max(0.0, (now - min(heard)).total_seconds()))
        objects.add_metric((resource,), sum(len(watch.objects) for watch in same))
        lists.add_metric((resource,), sum(watch.lists for watch in same))
        relists.add_metric((resource,), sum(watch.relists for watch in same))
        streams.add_metric((resource,), sum(watch.watches for watch in same))
    yield from (state, age, objects, lists, relists, streams)


def _report(report: Report | None) -> Iterator[Metric]:
    findings = GaugeMetricFamily(
        "meshmedic_findings",
        "Findings of the latest complete report that was requested.",
        labels=("check", "verdict"),
    )
    taken = GaugeMetricFamily(
        "meshmedic_report_timestamp_seconds", "When that report was made, in Unix time."
    )
    if report:
        public = report.public.findings
        counts = Counts((finding.check, finding.verdict.value) for finding in public)
        for labels, count in sorted(counts.items()):
            findings.add_metric(labels, count)
        taken.add_metric((), report.taken_at.timestamp())
    yield from (findings, taken)


def _changes(counts: Mapping[str, int]) -> Metric:
    changes = GaugeMetricFamily("meshmedic_changes", "Changes, by state.", labels=("state",))
    for state, count in counts.items():
        changes.add_metric((state,), count)
    return changes


def _resource(watch: Reflector) -> str:
    return watch.source.title
