"""One scenario, from a healthy world to the verdict, and what nativeLB really does there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.net.diagnosis.diagnosis import Diagnosis, Effect, Row
from bot.net.diagnosis.service import Diagnose
from tests.lab.cluster import ROUTE, LabCluster, LabTraefik
from tests.lab.scenarios import Scenario
from tests.lab.world import World, world

REQUESTS = 48
MARGIN = 0.25
"""By how much two rates must differ before chance is no explanation."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Rates of failed requests from Traefik's pod: to the addresses that it has, and to the VIP.

    `advised` is the first one again after the advice was carried out; None where it cannot be.
    """

    before: float
    native: float | None
    advised: float | None = None

    @property
    def helps(self) -> bool:
        """Whether nativeLB mends all of it."""
        return self.before > 0 and self.native == 0

    @property
    def lowers(self) -> bool:
        """Whether it makes clearly fewer requests fail, and not all of them succeed."""
        return self.native is not None and 0 < self.native < self.before - MARGIN

    @property
    def harms(self) -> bool:
        """Whether clearly more requests fail than before."""
        return self.native is not None and self.native > self.before + MARGIN


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a scenario; `seconds` are the diagnosis alone."""

    scenario: Scenario
    diagnosis: Diagnosis
    measured: Measured
    seconds: float

    @property
    def decisive(self) -> bool:
        """Whether it is right and not inconclusive."""
        row = self.diagnosis.row
        return row in self.scenario.right and row is not Row.INCONCLUSIVE

    @property
    def wrong(self) -> bool:
        """Whether it names what is not so."""
        return not self.decisive and self.diagnosis.row is not Row.INCONCLUSIVE

    @property
    def open_as_named(self) -> bool:
        """Inconclusive, where that was said beforehand."""
        return self.diagnosis.row is Row.INCONCLUSIVE and bool(self.scenario.open_because)

    @property
    def prescribed_in_vain(self) -> bool:
        """Whether nativeLB is said to help and does not: the one thing that must never be."""
        return self.diagnosis.effect is Effect.HELPS and not self.measured.helps

    @property
    def effect_wrong(self) -> bool:
        """Whether what is said of nativeLB is not what was measured."""
        measured = self.measured
        said = {
            Effect.HELPS: measured.helps,
            Effect.LOWERS: measured.lowers or measured.helps,
            Effect.USELESS: not (measured.helps or measured.lowers),
            Effect.NEEDLESS: measured.before == 0,
            Effect.HARMS: measured.harms,
        }
        return not said.get(self.diagnosis.effect, True)

    @property
    def unsaid(self) -> bool:
        """Whether nativeLB would help, and the answer leaves that open."""
        return self.diagnosis.effect is Effect.UNKNOWN and self.measured.helps


async def run(scenario: Scenario) -> Result:
    """Build the world, break it, diagnose, and measure."""
    async with world(
        scenario.where,
        nodes=scenario.nodes,
        delay=scenario.delay,
        host_network=scenario.host_network,
        dns_on=scenario.dns_on,
    ) as made:
        await scenario.fault(made)
        diagnose = Diagnose(LabCluster(made, scenario.lies), made.prober, LabTraefik(made))
        began = time.perf_counter()
        diagnosis = (await diagnose.diagnose(ROUTE)).diagnosis
        seconds = time.perf_counter() - began
        measured = await _measure(made, scenario)
        return Result(scenario, diagnosis, measured, seconds)


async def _measure(made: World, scenario: Scenario) -> Measured:
    before = await made.requests(made.servers_of_traefik(), REQUESTS)
    vip: Sequence[tuple[str, int]] = [(made.service.vip, made.service.port)]
    native = await made.requests(vip, REQUESTS) if made.service.vip and not made.external else None
    if scenario.advice is None:
        return Measured(before, native)
    await scenario.advice(made)
    return Measured(before, native, await made.requests(made.servers_of_traefik(), REQUESTS))
