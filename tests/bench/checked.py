"""Route checks of 50 hosts, one request a minute each, by a real agent on loopback.

Ten minutes pass in one go: each turn is made ten seconds later than the one before, by a clock that
the benchmark moves. What a turn costs is the same.
"""

from __future__ import annotations

import gc
import secrets
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from bot.domain.election import Alone
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.net.probing import output as lines
from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeJob, WebFacts
from bot.net.route_checks.monitor import EVERY, CheckSettings, RouteMonitor
from bot.routing.site_state import SiteState
from bot.runtime.memory_store import Unkept
from tests.bench.figures import Figure
from tests.builders import Plain, a_pod
from tests.net.route_checks.sites import a_backend, a_cluster, a_site
from tests.probe import agents, servers, signing

HOSTS = 50
PODS = 500
MINUTES, HOUR = 10, 70
"""Minutes that are measured, and after which no more is kept of a host."""

CORE, MEMORY = 1.0, 1.0
"""Per cent of a core, and MiB."""

NODE = "edge"
PAGE = b"HTTP/1.1 200 OK\r\nServer: shop\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"


@dataclass
class _Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def time(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)


@dataclass
class _Objects:
    """As the watch cache: the same objects, in a snapshot of its own for each turn."""

    known: Snapshot

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        return replace(self.known)


@dataclass
class _Agent:
    """A real agent, which asks a server on loopback in Traefik's place."""

    agent: agents.Running
    traefik: int
    made: int = 0

    async def by_agent(self, node: str, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        self.made += len(probes)
        here = [
            msgspec.structs.replace(probe, address="127.0.0.1", port=self.traefik, tls=False)
            for probe in probes
        ]
        job = ProbeJob(id=secrets.token_hex(8), expires=time.time() + 60, probes=tuple(here))
        status, back = await self.agent.asked(signing.signed(job, node))
        assert status == 200, back
        return tuple(lines.answers(iter(back)))


@dataclass
class _Instant:
    """An agent to whom everything answers at once."""

    answers: list[ProbeAnswer] = field(default_factory=list)

    async def by_agent(self, node: str, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        facts = WebFacts(server="shop", content_type="text/html", length=0, latency=12.0)
        return tuple(
            ProbeAnswer(id=probe.id, outcome=Outcome.OK, status=200, web=facts) for probe in probes
        )


async def measure() -> AsyncIterator[Figure]:
    """The bot's part of a core, and what it keeps."""
    async with servers.serving(servers.saying(PAGE)) as port:
        with tempfile.TemporaryDirectory(prefix="meshmedic-bench-") as folder:
            keys = agents.known(Path(folder))
            async with agents.running(keys, "--loopback", "yes", name=NODE) as agent:
                yield await _processor_time(_Agent(agent, port))
    yield await _memory()


async def _processor_time(prober: _Agent) -> Figure:
    """With the server in Traefik's place, which runs in this process, too."""
    clock, monitor = await _begun(prober)
    prober.made = 0
    began = time.process_time()
    for _ in range(MINUTES * 60 // EVERY):
        clock.now += EVERY
        await monitor.turn()
    spent = time.process_time() - began
    assert monitor.checks
    assert all(host.outcome is SiteState.ANSWERS for host in monitor.checks.hosts)
    assert prober.made >= HOSTS * (MINUTES - 2), prober.made
    name = f"route checks of {HOSTS} hosts, one request a minute each"
    return Figure(name, 100 * spent / (MINUTES * 60), "% of a core", at_most=CORE)


async def _memory() -> Figure:
    """After an hour, when a host has as many latencies as are kept."""
    gc.collect()
    tracemalloc.start()
    clock, monitor = await _begun(_Instant())
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(HOUR):
        clock.now += 70
        await monitor.turn()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert monitor.checks
    assert len(monitor.checks.hosts) == HOSTS
    name = f"what is kept of {HOSTS} hosts after an hour"
    return Figure(name, (after - before) / 1024 / 1024, "MiB", at_most=MEMORY)


async def _begun(prober: _Agent | _Instant) -> tuple[_Clock, RouteMonitor]:
    """A monitor that has made its first checks of every host."""
    clock = _Clock()
    monitor = RouteMonitor(
        _Objects(a_cluster(*_objects())),
        prober,
        Alone(),
        CheckSettings(60.0),
        Unkept(),
        clock=clock.time,
        timer=clock,
    )
    await monitor.turn()
    clock.now += 150.0
    await monitor.turn()
    return clock, monitor


def _objects() -> list[Plain]:
    """Routes to one Service, among other pods; Traefik comes with the cluster."""
    routes = [a_site(f"site-{number}.example.org") for number in range(HOSTS)]
    others = [a_pod(f"other-{number}", node="attic") for number in range(PODS)]
    return [*routes, *a_backend(), *others]
