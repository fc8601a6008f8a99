"""`/mute`, `/ack`, `/unmute`, and alerts as they arrive in Discord."""

from datetime import UTC, datetime, timedelta
from typing import Any

from discord.utils import snowflake_time

from bot.alerts import Watchman
from bot.core.alerts.incident import ALERTS
from bot.core.alerts.rules import Route, Rules
from bot.core.report import Report
from bot.muting import Silences
from bot.telling import Telling, _texts
from commands import alert_controls
from tests.builders import a_pod
from tests.commands.conftest import Room, code_in, said

BROKEN = a_pod("web", waiting="CrashLoopBackOff")


async def test_an_operator_mutes_and_unmutes_a_finding_a_check_and_a_namespace(room: Room):
    """By name, until when, and why; the list shows it."""
    room.cluster.set([BROKEN])
    code = code_in(await room.viewer.slash(room.channel, "health all"))
    for what in (code, "pods", "apps"):
        made = await room.operator.slash(
            room.channel, "mute add", what=what, time="4h", reason="@everyone sleeps"
        )
        assert "muted by olga until" in said(made)
        assert "muted by olga until" in said(await room.operator.slash(room.channel, "mute list"))
        ended = await room.operator.slash(room.channel, "unmute", what=what)
        assert "muted no more" in said(ended)
        assert "Nothing is muted" in said(await room.operator.slash(room.channel, "mute list"))


async def test_a_viewer_may_not_mute_and_nonsense_is_explained(room: Room):
    """What, why, what to do."""
    refused = await room.viewer.slash(room.channel, "mute add", what="pods", time="4h")
    assert "operators" in said(refused)
    wrong = await room.operator.slash(room.channel, "mute add", what="pods", time="soon")
    assert "such as 4h" in said(wrong)
    wrong = await room.operator.slash(room.channel, "mute add", what="nothing", time="4h")
    assert "no present finding's code" in said(wrong)


async def test_what_is_wrong_now_is_suggested_to_mute_and_ack_and_what_is_muted_to_unmute(
    room: Room,
):
    """Though nobody asked for a report. What is offered ends a mute whose finding is gone."""
    room.cluster.set([BROKEN])
    (seen,) = await room.operator.autocomplete(room.channel, "ack", "finding", "WEB")
    assert "CrashLoopBackOff" in seen["name"]
    offered = await room.operator.autocomplete(room.channel, "mute add", "what", "")
    assert offered[0] == seen
    assert {"pods", "media"} < {each["value"] for each in offered}
    assert await room.stranger.autocomplete(room.channel, "ack", "finding", "") == []
    assert await room.operator.autocomplete(room.channel, "unmute", "what", "") == []
    await room.operator.slash(room.channel, "ack", finding=seen["value"])
    await room.operator.slash(room.channel, "mute add", what="pods", time="4h")
    room.cluster.set([a_pod("web")])
    assert await room.operator.autocomplete(room.channel, "ack", "finding", "") == []
    held = await room.operator.autocomplete(room.channel, "unmute", "what", "")
    assert [each["value"] for each in held] == [seen["value"], "pods"]
    assert "seen by olga until" in held[0]["name"]
    for each in held:
        ended = await room.operator.slash(room.channel, "unmute", what=each["value"])
        assert "muted no more" in said(ended)
    wrong = await room.operator.slash(room.channel, "unmute", what="pods")
    assert "is not muted" in said(wrong)


class Clocked:
    """Health by a clock of the test's."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.now = datetime.now(UTC)

    async def look(self) -> Report:
        seen = await self.room.health.look()
        return Report(self.now, seen.findings, seen.gaps, seen.counts)


async def test_an_alert_arrives_once_is_edited_and_answered_and_its_button_mutes(room: Room):
    """Start, end, board; over restarts of the bot between any two turns."""
    channel, health = room.channel.id, Clocked(room)

    button = alert_controls.button(Silences(room.store, room.health, tuple))
    telling = Telling(lambda: room.client, lambda one: alert_controls.rows(button, one.head))
    rules = Rules(routes=(Route(channel),))

    async def turns(number: int) -> None:
        for _ in range(number):
            # A process that remembers nothing each time.
            await Watchman(
                health, room.store, telling, room.led, rules, channel, lambda: health.now
            ).turn()
            health.now += timedelta(minutes=1)

    def count(words: str) -> int:
        return sum(any(words in text for text in _texts(each.components)) for each in shown())

    def shown() -> list[Any]:
        return list(room.channel.history())

    room.cluster.set([a_pod("web")])
    await turns(2)
    room.cluster.set([BROKEN])
    await turns(5)
    (alert,) = [
        each for each in shown() if any("· incident" in text for text in _texts(each.components))
    ]
    refused = await room.viewer.click(alert, label="Mute 4 h")
    assert "operators" in said(refused)
    muted = await room.operator.click(alert, label="Mute 4 h")
    assert "muted by olga" in said(muted)
    await room.operator.click(alert, label="Unmute")
    room.cluster.set([a_pod("web")])
    await turns(5)
    assert count("**Recovered**") == count("· incident") == count("meshmedic-board") == 1
    kept = await room.store.read(ALERTS)
    assert kept is not None
    assert len(kept.incidents) == 1
    one = kept.incidents[0]
    assert one.posted is not None
    assert one.ended_post is not None
    # The simulated Discord's clock is its own.
    since = snowflake_time(one.posted.message or 0)
    for mark, message in ((one.id, one.posted), (f"{one.id}-end", one.ended_post)):
        assert await telling.find(channel, mark, since) == message.message
    assert await telling.find(channel, "nothing-of-ours", since) is None
