"""Alerts go on when somebody chooses other channels, and end what they began."""

from __future__ import annotations

from dataclasses import replace

from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.service import AlertService
from bot.app.alert_turns import AlertTurns
from bot.domain.verdict import Verdict
from tests.alerting.outage_world import Cluster, Process, pass_time
from tests.month.homelab import PODS
from tests.month.simulation import BOARD, RULES

OTHER = 4711
NOWHERE = replace(RULES, routes=())
MOVED = replace(RULES, routes=(AlertRoute(OTHER),))


class Chosen:
    """A process whose channels are chosen while it runs."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.process = Process(self.cluster, "one")
        self.delivery = self.process.alerts.delivery
        self.built = 0
        self.turns = AlertTurns(self.build, self.process.outages)
        self.process.alerts = self.turns  # type: ignore[assignment]

    def build(self, rules: Rules, board: int | None) -> AlertService:
        self.built += 1
        delivery = replace(self.delivery, rules=rules)
        return AlertService(self.cluster.world, delivery, board, outages=self.process.outages)

    async def passes(self, minutes: float) -> None:
        """Time passes."""
        await pass_time(self.cluster, self.process, minutes=minutes)


async def test_what_was_posted_while_nothing_can_be_stored_is_known_with_other_channels() -> None:
    """The next outage of the same term is another one, too."""
    chosen = Chosen()
    chosen.turns.use(RULES, BOARD)
    await chosen.passes(5)
    for rules in (MOVED, RULES):
        chosen.cluster.goes()
        await chosen.passes(5)
        chosen.turns.use(rules, BOARD)
        chosen.cluster.returns()
        await chosen.passes(12)
    first, second = chosen.cluster.told()
    assert second.channel == OTHER
    assert first.incidents[0].id != second.incidents[0].id
    assert len(chosen.cluster.told("end")) == 2
    assert len(await chosen.cluster.outages()) == 2


async def test_the_same_channels_build_nothing() -> None:
    """Somebody chose a time zone, or the audit channel."""
    chosen = Chosen()
    for _ in range(3):
        chosen.turns.use(replace(RULES), BOARD)
    assert chosen.built == 1


async def test_an_alert_ends_also_where_its_channel_was_taken_back() -> None:
    """After that nothing is examined, and nothing new is posted."""
    chosen = Chosen()
    world, channel = chosen.cluster.world, chosen.cluster.channel
    chosen.turns.use(RULES, None)
    await chosen.passes(5)
    world.broken[PODS[0]] = Verdict.FAILED
    await chosen.passes(5)
    (start,) = channel.messages.values()
    assert start.kind == "start"
    chosen.turns.use(NOWHERE, None)
    await chosen.passes(5)
    del world.broken[PODS[0]]
    await chosen.passes(10)
    assert [said.kind for said in channel.messages.values()] == ["start", "end"]
    assert start.incidents[0].ended
    state = await chosen.cluster.state()
    world.broken[PODS[1]] = Verdict.FAILED
    await chosen.passes(10)
    assert await chosen.cluster.state() == state
    assert len(channel.messages) == 2


async def test_a_state_that_cannot_be_read_is_read_again() -> None:
    chosen = Chosen()
    chosen.turns.use(RULES, None)
    await chosen.passes(5)
    chosen.cluster.world.broken[PODS[0]] = Verdict.FAILED
    await chosen.passes(5)
    chosen.cluster.store.away = True
    chosen.turns.use(NOWHERE, None)
    await chosen.passes(1)
    chosen.cluster.store.away = False
    chosen.cluster.world.broken.clear()
    await chosen.passes(10)
    assert [said.kind for said in chosen.cluster.channel.messages.values()] == ["start", "end"]
