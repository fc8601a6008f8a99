"""The same days through the real client: what stands in the channel in the end."""

import random
from collections import Counter
from datetime import timedelta

from bot.alerting.delivery import AlertDelivery
from bot.alerting.discord_channel import DiscordAlertChannel
from bot.alerting.domain.incident import ALERTS, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.service import AlertService
from bot.chat.channel import Channels
from bot.chat.lost_channels import LostChannels
from bot.domain.verdict import Verdict
from tests.commands.conftest import Room, marked, room
from tests.month.homelab import NODES, PODS, World, recorded

__all__ = ["room"]

HOURS = 8


async def test_hours_of_storms_outages_and_restarts_leave_one_message_an_incident(room: Room):
    """With its end, and its thread where it developed; the board is one, and pinned."""
    world, dice = World(), random.Random(3)  # noqa: S311  # the same each time
    channel, guild = room.channel.id, room.client.guild_id
    channels = Channels(room.client, guild)
    telling = DiscordAlertChannel(channels, lambda _: ())
    rules = Rules(
        routes=(AlertRoute(channel, Verdict.FAILED, role=room.viewers.id), AlertRoute(channel))
    )
    seen: dict[str, Incident] = {}

    async def minute() -> None:
        world.now += timedelta(minutes=1)
        # A process that remembers nothing each time.
        lost = LostChannels(room.store, channels, clock=lambda: world.now)
        delivery = AlertDelivery(room.store, telling, room.led, rules, lost, lambda: world.now)
        await AlertService(world, delivery, channel).turn()
        kept = await room.store.read(ALERTS)
        seen.update({each.id: each for each in kept.incidents} if kept else {})

    for turn in range(HOURS * 60):
        _happens(world, dice)
        if turn % 90 == 60:
            _trouble(room, dice)
        await minute()
    world.broken.clear()
    world.recorded.clear()
    room.env.backend.faults.clear()
    for _ in range(60):
        await minute()
    shown = room.channel.history()
    starts = Counter({id_: len(marked(shown, id_)) for id_ in seen})
    ends = Counter({id_: len(marked(shown, f"{id_}-end")) for id_ in seen})
    held = {one.id for one in seen.values() if one.held}
    assert len(seen) > 5
    assert all(one.ended for one in seen.values())
    assert starts == Counter(dict.fromkeys(seen.keys() - held, 1))
    assert max(ends.values()) == 1
    assert ends <= starts
    threads = {each.id: each for each in room.channel.threads}
    told = {one.posted.message for one in seen.values() if one.posted and one.thread.post}
    assert threads.keys() == told
    (board,) = room.channel.pinned_messages()
    assert [message.id for message in marked(shown, "meshmedic-board")] == [board.id]


def _happens(world: World, dice: random.Random) -> None:
    """Something breaks, gets worse, or mends."""
    roll = dice.randrange(100)
    if roll < 3:
        world.broken[dice.choice(PODS)] = dice.choice((Verdict.DEGRADED, Verdict.FAILED))
    elif roll == 3:
        world.broken[dice.choice(NODES)] = Verdict.FAILED
    elif roll < 6 and world.broken:
        world.broken[dice.choice(sorted(world.broken))] = Verdict.FAILED
    elif roll < 10 and world.broken:
        del world.broken[dice.choice(sorted(world.broken))]
    elif roll == 10 and recorded():
        world.recorded ^= {dice.randrange(len(recorded()))}


def _trouble(room: Room, dice: random.Random) -> None:
    """Some of the next requests are refused or lost."""
    room.env.backend.faults.clear()
    for method, path in (("POST", "*/messages"), ("PATCH", "*"), ("POST", "*/threads")):
        status = dice.choice((500, 503))
        room.env.inject_error(method, path, status=status, times=dice.randrange(1, 6))
