"""A ping says that the bot works: without a healthy turn there is none."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.app.dead_mans_switch import FRESH, DeadMansSwitch
from bot.digest.domain.records import (
    UTC_ZONE,
    DigestFacts,
    DigestPlan,
    DigestState,
    RunRecord,
    RunStage,
)
from bot.domain.refusal import NotObserved
from bot.runtime.heartbeat import Heartbeat
from tests.led import Led

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEFAULTS = DigestPlan(channel=7).schedules()


class Counted(Heartbeat):
    """It counts the pings, and sends none."""

    pings = 0

    async def ping(self) -> None:
        self.pings += 1


@dataclass
class Process:
    """What the switch knows of the process."""

    heartbeat: Counted = field(
        default_factory=lambda: Counted(SecretStr("https://x"), clock=lambda: NOW)
    )
    leader: bool = True
    healthy_at: datetime | None = NOW - timedelta(seconds=20)
    no_session: str = ""
    digests: DigestState | NotObserved = field(default_factory=DigestState)

    async def facts(self) -> DigestFacts:
        return DigestFacts(self.digests, DEFAULTS, UTC_ZONE, NOW)

    async def turn(self) -> str:
        led = Led(leads=self.leader)
        await DeadMansSwitch(
            self.heartbeat, led, lambda: self.healthy_at, lambda: self.no_session, self.facts
        ).turn()
        return self.heartbeat.facts(leads=True).trouble


LOST = DigestState(
    turns={"daily": (RunRecord(day=date(2026, 11, 23), due=NOW, stage=RunStage.LOST, at=NOW),)},
    began={"daily": NOW - timedelta(days=9)},
)


async def test_a_healthy_turn_of_the_leader_is_a_ping() -> None:
    process = Process()
    assert not await process.turn()
    assert process.heartbeat.pings == 1


@pytest.mark.parametrize(
    ("process", "why"),
    [
        (Process(healthy_at=None), "didn't end well"),
        (Process(healthy_at=NOW - FRESH - timedelta(seconds=1)), "didn't end well"),
        (Process(no_session="Discord's session broke."), "session broke"),
        (Process(digests=LOST), "channel of daily"),
        (Process(digests=NotObserved("The API server is away.")), "API server is away"),
    ],
)
async def test_anything_else_is_silence_with_a_reason(process: Process, why: str) -> None:
    assert why in await process.turn()
    assert not process.heartbeat.pings


async def test_a_standby_sends_no_ping() -> None:
    """It would hide that no process leads."""
    process = Process(leader=False)
    assert not await process.turn()
    assert not process.heartbeat.pings
