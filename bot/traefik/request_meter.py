"""Reads Traefik's metrics, and remembers what they told: the metrics themselves have no times."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.errors import ClusterError
from bot.routing.instance import TraefikPod, config_of
from bot.traefik.domain.answered import RouteRule
from bot.traefik.domain.metered import Metered, Tally, advanced
from bot.traefik.domain.request_counts import MetricsLines, MetricsSample, Rise, rise

PAUSE = 600.0
"""Seconds for which a pod is left alone whose metrics could not be read: they are optional."""


class MetricsSource(Protocol):
    """Where the metrics of a replica are read."""

    async def metrics(self, pod: TraefikPod, port: int, on_chunk: Callable[[bytes], None]) -> None:
        """Its metrics in chunks.

        Raises:
            ClusterError: They cannot be read to their end.
        """
        ...


@dataclass
class RequestMeter:
    """The requests of each rule by Traefik's metrics, from one look to the next.

    That they cannot be read is no gap: they are optional, and what else tells of requests is asked
    all the same.
    """

    source: MetricsSource | None = None
    clock: Callable[[], float] = time.monotonic
    known: Metered = field(default_factory=dict)
    _samples: dict[TraefikPod, tuple[datetime, MetricsSample]] = field(default_factory=dict)
    _left_alone: dict[TraefikPod, float] = field(default_factory=dict)

    async def read(
        self, pods: Collection[TraefikPod], until: float
    ) -> Mapping[TraefikPod, MetricsSample]:
        """The counters of the replicas that show them, as far as they can be read until then."""
        source = self.source
        if source is None:
            return {}
        self._samples = {pod: self._samples[pod] for pod in pods if pod in self._samples}
        self._left_alone = {pod: self._left_alone[pod] for pod in pods if pod in self._left_alone}
        asked = {
            pod: port
            for pod in pods
            if (port := config_of(pod).static.metrics_port) and not self._is_left_alone(pod)
        }
        samples = await asyncio.gather(
            *(self._sample(source, pod, port, until) for pod, port in asked.items())
        )
        return {pod: sample for pod, sample in zip(asked, samples, strict=True) if sample}

    def rises(self, samples: Mapping[TraefikPod, MetricsSample], now: datetime) -> dict[str, Rise]:
        """What each replica counted since the look before, by its id."""
        rises = {
            pod.id: risen
            for pod, sample in samples.items()
            if (risen := rise(self._samples.get(pod), now, sample))
        }
        self._samples.update({pod: (now, sample) for pod, sample in samples.items()})
        return rises

    def note(self, tallies: Mapping[RouteRule, Tally], now: datetime) -> None:
        """Remember what was counted."""
        self.known = advanced(self.known, tallies, now)

    def _is_left_alone(self, pod: TraefikPod) -> bool:
        return self.clock() - self._left_alone.get(pod, float("-inf")) < PAUSE

    async def _sample(
        self, source: MetricsSource, pod: TraefikPod, port: int, until: float
    ) -> MetricsSample | None:
        lines, sample = MetricsLines(), None
        try:
            async with asyncio.timeout_at(until):
                await source.metrics(pod, port, lines.feed)
                # Thousands of lines: in a thread, so that the event loop goes on.
                sample = await asyncio.to_thread(lines.sample)
        except (TimeoutError, ClusterError):
            pass
        if sample is None:
            self._left_alone[pod] = self.clock()
        return sample
