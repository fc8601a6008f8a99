"""A model's answers as wget in Traefik's own pod would give them: no times, and not every kind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.domain.refusal import Refusal
from bot.net.diagnosis.diagnosis import Diagnosis
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.diagnosis.service import Diagnose
from bot.net.ports import Progress
from bot.net.probing import wget as by_wget
from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeKind
from bot.net.probing.wget import untried
from tests.fakes import FakeCluster
from tests.net.diagnosis.probing_world import BelievingTraefik, WorldProber, healing
from tests.net.diagnosis.world import World
from tests.net.networks import MOMENT

ALONE = frozenset({ExecutionContext.POD, ExecutionContext.HOST})
"""The stances that are forbidden where nothing but commands in Traefik's pod is allowed."""


@dataclass
class InsideProber(WorldProber):
    """The model's prober, with wget in Traefik's pod."""

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        if source.context is not ExecutionContext.TRAEFIK or source.context in self.world.forbidden:
            return await super().probe(source, probes, progress)
        return tuple(answer for each in probes for answer in self._by_wget(source, each))

    def _by_wget(self, source: VantagePoint, probe: Probe) -> list[ProbeAnswer]:
        argv = by_wget.probe_argv(probe)
        if isinstance(argv, Refusal):
            return [untried(probe, argv.detail)] * probe.tries
        return [_timeless(probe, each) for each in self.world.answer(source, probe)]


def _timeless(probe: Probe, each: ProbeAnswer) -> ProbeAnswer:
    if probe.kind is ProbeKind.HTTP and each.outcome is Outcome.TIMEOUT:
        return untried(probe, "wget does not say what it waited for.")
    return msgspec.structs.replace(each, took=0.0, connected=None, source="", backend="")


def by_inside(world: World) -> Diagnosis:
    """The verdict on a world with wget in Traefik's pod, beside what else is not forbidden."""
    diagnose = Diagnose(FakeCluster(), InsideProber(world), BelievingTraefik())
    return asyncio.run(diagnose.examine(world.subject, MOMENT, healing(world))).diagnosis
