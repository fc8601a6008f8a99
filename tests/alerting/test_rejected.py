"""A message that Discord rejects is nobody else's trouble."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.alerting.domain.actions import OpenIncident, Post
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.service import AlertService
from bot.chat.channel import InvalidMessage
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.runtime.memory_store import Unkept
from tests.alerting.test_noninterference import START
from tests.month.channel import FakeChannel
from tests.month.simulation import a_delivery

BOARD = 2
TENANT = "a-tenant"
"""The first by name, so that its message is sent first."""


@dataclass
class Strict(FakeChannel):
    """It takes nothing about the tenant, whatever is left out."""

    tried: int = 0

    async def post(self, act: Post) -> int:
        if isinstance(act, OpenIncident) and act.incident.party == TENANT:
            self.tried += 1
            msg = "Message blocked by harmful links filter"
            raise InvalidMessage(msg)
        return await super().post(act)


@dataclass
class Failing:
    """What alerts ask of health: from the second look on, a Service of each namespace fails."""

    now: datetime = START
    namespaces: tuple[str, ...] = ()
    looks: list[datetime] = field(default_factory=list)

    async def look(self) -> Report:
        self.looks.append(self.now)
        findings = (
            Finding(
                check="endpoints",
                subject=Ref("Service", namespace, "web"),
                verdict=Verdict.FAILED,
                reason="NoEndpoints",
                message="",
            )
            for namespace in self.namespaces
        )
        return Report(self.now, tuple(findings), (), {"Service": 9})


async def test_a_message_that_discord_rejects_keeps_no_other_one_waiting() -> None:
    """Neither those of other namespaces nor the board, at its first try or at any later one."""
    health, channel, store = Failing(), Strict(), Unkept()
    rules = Rules(routes=(AlertRoute(BOARD),))

    async def minutes(count: int) -> None:
        for _ in range(count):
            delivery = a_delivery(store, channel, lambda: health.now, rules=rules)
            await AlertService(health, delivery, BOARD).turn()
            health.now += timedelta(minutes=1)

    await minutes(1)
    health.namespaces = (TENANT, "bank")
    await minutes(8)
    assert [said.kind for said in channel.messages.values()] == ["board", "start"]
    health.namespaces = (TENANT,)
    await minutes(15)
    assert [said.kind for said in channel.messages.values()] == ["board", "start", "end"]
    assert channel.messages[1].edits > len(health.looks) - 3
    assert channel.tried > len(health.looks) // 2
