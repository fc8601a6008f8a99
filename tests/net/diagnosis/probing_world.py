"""The Prober protocol over a World, and what a diagnosis makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.errors import ClusterError
from bot.net.diagnosis.collector import Collector
from bot.net.diagnosis.diagnosis import Diagnosis
from bot.net.diagnosis.observation import Belief, ListenerReport, Observation, VantagePoint
from bot.net.diagnosis.service import Diagnose
from bot.net.diagnosis.subject import Subject
from bot.net.diagnosis.vantage_points import choose_vantage_points
from bot.net.ports import Progress
from bot.net.probing.protocol import Heard, ListenerAddress, Probe, ProbeAnswer, ProbedBackend, Vip
from tests.fakes import FakeCluster
from tests.net.diagnosis.world import World
from tests.net.networks import MOMENT


@dataclass
class WorldProber:
    """Answers from a World at once; counts what is set up and removed."""

    world: World
    name: str = "a model"
    blind: tuple[str, ...] = ()
    patience: float = 0.0
    alive: int = 0
    passes: set[int] = field(default_factory=set)
    asked: int = 0

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        if source.context in self.world.forbidden:
            msg = f"Probes in the stance {source.context} are not allowed."
            raise ClusterError(msg)
        self.asked += sum(each.tries for each in probes)
        return tuple(each for probe in probes for each in self.world.answer(source, probe))

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        self.alive += 1
        try:
            yield {} if self.world.deaf else {each: self.world.listener(each) for each in nodes}
        finally:
            self.alive -= 1

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        return tuple(self.world.heard.get(listener.node, {}).values())

    @asynccontextmanager
    async def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AsyncIterator[Mapping[ProbedBackend, Vip]]:
        self.alive += 1
        self.world.sole = [(each.address, each.port) for each in backends]
        try:
            yield {each: Vip(f"10.43.1.{i}", each.port) for i, each in enumerate(backends)}
        finally:
            self.alive -= 1


def diagnosed(world: World, belief: Belief | None = None) -> Diagnosis:
    """The verdict on a world, by the questions that a diagnosis asks."""
    prober = WorldProber(world)
    diagnose = Diagnose(FakeCluster(), prober, BelievingTraefik(belief))
    try:
        return asyncio.run(diagnose.examine(world.subject, MOMENT, healing(world))).diagnosis
    finally:
        assert not prober.alive


def observed(world: World) -> tuple[tuple[Observation, ...], tuple[ListenerReport, ...]]:
    """What a diagnosis sees of a world."""
    each = Collector(
        WorldProber(world), world.subject, choose_vantage_points(world.subject), healing(world)
    )
    seen = asyncio.run(each.both())
    return seen.observations, seen.listener_reports


def healing(world: World) -> Progress:
    """Mends a world that heals, once the second pass is told of."""

    def progress(said: str) -> None:
        world.healed |= world.heals and said.startswith("Something failed")

    return progress


@dataclass
class BelievingTraefik:
    """What Traefik believes, laid out by a test."""

    says: Belief | None = None

    async def belief(self, subject: Subject) -> Belief:
        return self.says or Belief()
