"""When a turn counts as healthy: the dead man's switch is pinged only after one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.alerting.domain.actions import Post
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.service import AlertService
from bot.chat.channel import ChannelUnavailable, Unsent
from bot.errors import ClusterError
from bot.runtime.memory_store import Unkept
from tests.alerting.test_rejected import BOARD, Failing
from tests.month.channel import FakeChannel
from tests.month.simulation import a_delivery


@dataclass
class Moody(FakeChannel):
    """It raises this at every post, where it is set."""

    refuses: Exception | None = None

    async def post(self, act: Post) -> int:
        if self.refuses:
            raise self.refuses
        return await super().post(act)


class Away(Unkept):
    """A store that can't be read."""

    async def read(self, _record_type: object) -> None:
        raise ClusterError("The API server is away.")


def an_alert_service(channel: Moody, store: Unkept | None = None) -> tuple[Failing, AlertService]:
    health = Failing(namespaces=("web",))
    rules = Rules(routes=(AlertRoute(BOARD),))
    delivery = a_delivery(store or Unkept(), channel, lambda: health.now, rules=rules)
    return health, AlertService(health, delivery, BOARD, board_every=0)


async def test_a_turn_in_which_discord_takes_everything_is_healthy_though_the_cluster_is_not() -> (
    None
):
    """The switch is about the bot: alerts report what is broken in the cluster."""
    health, alerts = an_alert_service(Moody())
    assert alerts.healthy_at is None
    await alerts.turn()
    assert alerts.healthy_at == health.now


@pytest.mark.parametrize("error", [Unsent("503"), ChannelUnavailable("deleted")])
async def test_a_turn_in_which_discord_takes_nothing_is_not(error: Exception) -> None:
    channel = Moody()
    health, alerts = an_alert_service(channel)
    channel.refuses = error
    await alerts.turn()
    assert alerts.healthy_at is None
    channel.refuses = None
    for _ in range(3):
        health.now += timedelta(minutes=10)
        await alerts.turn()
    assert alerts.healthy_at == health.now


async def test_no_turn_is_healthy_while_a_lost_channel_is_left_alone() -> None:
    """Nothing is tried in that time, so nothing fails."""
    channel = Moody(refuses=ChannelUnavailable("deleted"))
    health, alerts = an_alert_service(channel)
    for _ in range(4):
        await alerts.turn()
        assert alerts.healthy_at is None
        health.now += timedelta(seconds=15)


async def test_a_turn_that_reads_nothing_is_not_healthy() -> None:
    _, alerts = an_alert_service(Moody(), Away())
    await alerts.turn()
    assert alerts.healthy_at is None
