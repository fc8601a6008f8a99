"""Processes, their Lease, and an API server that goes away, in simulated time.

The election and what a process notes of its requests are the real rules; only the wire is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from bot.alerting.domain.incident import ALERTS, Alerts, Incident
from bot.alerting.domain.outage import is_outage
from bot.alerting.outage import OutageAlerts
from bot.alerting.service import AlertService
from bot.domain.election import Election, LeaseSpec, Standing, Timing
from bot.domain.outage import ApiContact, ApiOutage, OutageReason
from bot.domain.record import Store
from tests.month.channel import FakeChannel, FakeStore, Said
from tests.month.homelab import START, World
from tests.month.simulation import BOARD, RULES, a_delivery

TIMING = Timing()
RETRY = 5
"""Seconds between two attempts of a process to read or renew the Lease."""


@dataclass
class Cluster:
    """One Lease, one store, one Discord. `up`: the API server answers; `writes`: it can write."""

    up: bool = True
    writes: bool = True
    record: LeaseSpec = field(default_factory=LeaseSpec)
    world: World = field(default_factory=World)
    store: FakeStore = field(default_factory=FakeStore)
    channel: FakeChannel = field(default_factory=FakeChannel)

    @property
    def seconds(self) -> float:
        """The time, as every process's clock says."""
        return (self.world.now - START).total_seconds()

    def goes(self) -> None:
        """No request gets an answer any more."""
        self.up, self.store.away = False, True

    def returns(self) -> None:
        """It answers again."""
        self.up, self.store.away = True, False

    async def state(self) -> Alerts:
        """What is stored."""
        away, self.store.away = self.store.away, False
        state = await self.store.read(ALERTS) or Alerts()
        self.store.away = away
        return state

    async def outages(self) -> tuple[Incident, ...]:
        """The outages that are stored."""
        return tuple(filter(is_outage, (await self.state()).incidents))

    def told(self, kind: str = "start") -> list[Said]:
        """The messages about outages."""
        every = self.channel.messages.values()
        return [said for said in every if said.kind == kind and any(map(is_outage, said.incidents))]

    @property
    def board(self) -> Said:
        """The board."""
        (said,) = (each for each in self.channel.messages.values() if each.kind == "board")
        return said


class Process:
    """One process of the bot: its part in the election, and its alerts."""

    def __init__(self, cluster: Cluster, me: str, *, store: Store | None = None) -> None:
        self.cluster = cluster
        self.election = Election(me, TIMING)
        self.contact = ApiContact(RETRY + 3 * TIMING.request, TIMING.renew)
        self.cut = False
        channel, store = cluster.channel, store or cluster.store
        delivery = a_delivery(store, channel, lambda: cluster.world.now, self)
        self.outages = OutageAlerts(self, channel, RULES, delivery.lost, delivery.clock)
        self.alerts = AlertService(cluster.world, delivery, BOARD, outages=self.outages)

    @property
    def lease(self) -> str:
        return "meshmedic/meshmedic"

    @property
    def transitions(self) -> int:
        return self.election.record.lease_transitions or 0

    def may_act(self) -> bool:
        return self.election.standing(self.cluster.seconds) is Standing.LEADING

    def hesitation(self) -> float:
        return 0.0

    def head_start(self) -> float:
        return 0.0

    def led_by_another(self) -> bool:
        return self.election.led_by_another(self.cluster.seconds)

    def outage(self) -> ApiOutage | None:
        return self.contact.outage(self.cluster.seconds)

    def answering_for(self) -> float:
        return self.cluster.seconds - self.contact.back_at

    def tells_outage_after(self) -> float | None:
        return self.election.tells_outage_after()

    def attempt(self) -> None:
        """Read or renew the Lease, as the elector does."""
        now, cluster = self.cluster.seconds, self.cluster
        if self.cut or not cluster.up:
            self.contact.failed(now, OutageReason.UNREACHABLE, "connection refused")
            return
        self.election.see(cluster.record, now)
        if now >= self.election.free_at():
            if not cluster.writes:
                self.contact.failed(now, OutageReason.ERRORS, "database space exceeded")
                return
            cluster.record = self.election.claim(str(now))
            self.election.won(cluster.record, now)
        self.contact.answered(now)

    async def turn(self) -> None:
        """One turn of its alerts; one that is cut off leads no more by the time it matters."""
        await self.outages.turn()
        if not self.cut:
            await self.alerts.turn()


async def pass_time(cluster: Cluster, *processes: Process, minutes: float) -> None:
    """Let time pass: each process asks for its Lease, and looks at its alerts four times a minute.

    The first one asks first.
    """
    for step in range(int(minutes * 60 / RETRY)):
        cluster.world.now += timedelta(seconds=RETRY)
        for process in processes:
            process.attempt()
        if step % 3 == 2:
            for process in processes:
                await process.turn()
