"""A Traefik that counts requests, and a bot that looks at its counters every minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.errors import ClusterError
from bot.routing.instance import TraefikPod
from bot.routing.traefik_word import TraefikWord
from bot.traefik.domain.metered import INSTANT
from bot.traefik.word import WordReader
from tests.builders import Plain
from tests.net.networks import MOMENT, a_snapshot
from tests.traefik.test_word import Saying
from tests.traefik.world import EDGE, ROUTER, world

BEGIN = MOMENT - timedelta(days=1)
"""When Traefik's process started."""

RULE = "Host(`a.example`)"
PLAIN = (
    "--providers.kubernetescrd",
    "--providers.kubernetesingress",
    "--entryPoints.metrics.address=:9100/tcp",
    "--metrics.prometheus=true",
    "--metrics.prometheus.entrypoint=metrics",
)
"""The arguments of k3s: no log of requests, and no API."""

INGRESS_SERVICE = "apps-web-80@kubernetes"


@dataclass
class Counting:
    """Traefik's pods, whose counters rise; `error` is why they cannot be read."""

    pods: tuple[TraefikPod, ...] = (replace(EDGE, args=PLAIN),)
    started: datetime = BEGIN
    error: ClusterError | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)
    counts: Counter[tuple[str, str, str, int, str]] = field(default_factory=Counter)

    def count(
        self,
        code: int,
        times: int = 1,
        service: str = ROUTER,
        *,
        router: str = "",
        method: str = "GET",
        pod: str = EDGE.name,
    ) -> None:
        """Requests that a service answered so; those of a router, where it is named."""
        by, name = ("router", router) if router else ("service", service)
        self.counts[pod, by, name, code, method] += times

    async def metrics(self, pod: TraefikPod, port: int, on_chunk: Callable[[bytes], None]) -> None:
        self.asked.append((pod.name, port))
        if self.error:
            raise self.error
        on_chunk(f"process_start_time_seconds {self.started.timestamp()}\n".encode())
        for (owner, by, name, code, method), count in self.counts.items():
            if owner == pod.name:
                labels = f'code="{code}",method="{method}",protocol="http",{by}="{name}"'
                on_chunk(f"traefik_{by}_requests_total{{{labels}}} {count}\n".encode())


@dataclass
class Minutes:
    """A cluster whose time goes on, and the bot's reader of Traefik's word."""

    counting: Counting = field(default_factory=Counting)
    plain: list[Plain] = field(default_factory=world)
    log: str = ""
    now: datetime = MOMENT

    def __post_init__(self) -> None:
        self.said = Saying(self.log, pods_there=self.counting.pods)
        self.reader = WordReader(self, self.said, self.counting, clock=self._clock)

    def _clock(self) -> float:
        return self.now.timestamp()

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        return replace(a_snapshot(*self.plain), taken_at=self.now)

    async def word(self, minutes: float = 1) -> TraefikWord:
        """What is known after so many minutes."""
        self.now += timedelta(minutes=minutes)
        self.said.pods_there = self.counting.pods
        return await self.reader.read()

    def judged_in(self, word: TraefikWord) -> Snapshot:
        """The cluster with that word."""
        return replace(a_snapshot(*self.plain, supplements={TraefikWord: word}), taken_at=self.now)


def just_after(moment: datetime) -> datetime:
    """The earliest time at which a request may have been that was counted after a moment."""
    return moment + INSTANT
