"""Alerts as they arrive in Discord: the message, its thread, its end, its buttons, the board."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from discord.utils import snowflake_time
from msgspec.structs import replace

from bot.alerting.delivery import AlertDelivery, AlertOutcome
from bot.alerting.discord_channel import DiscordAlertChannel
from bot.alerting.domain.actions import End, OpenIncident, Tell
from bot.alerting.domain.incident import ALERTS, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.service import AlertService
from bot.chat.channel import Channels
from bot.chat.lost_channels import LostChannels
from bot.domain.finding import Finding
from bot.domain.posting import PATIENCE
from bot.domain.report import Report
from bot.domain.story import LogTail
from bot.domain.verdict import Verdict
from commands.alerts import controls as alert_controls
from tests.builders import a_pod
from tests.commands.conftest import Room, marked, said, text_of

WELL = a_pod("web")
BOARD = "meshmedic-board"
BROKEN = a_pod("web", waiting="CrashLoopBackOff")


@dataclass
class Guarded:
    """A room whose alerts are looked after: health by a clock of the test's."""

    room: Room
    rules: Rules
    now: datetime
    fallback: int
    told: list[AlertOutcome]
    verdict: Verdict = Verdict.FAILED
    private: bool = False
    every: timedelta = timedelta(minutes=1)

    async def look(self) -> Report:
        seen = await self.room.health.look()
        change = {"verdict": self.verdict, "private": self.private}
        findings = tuple(replace(each, **change) for each in seen.findings)
        return Report(self.now, findings, seen.gaps, seen.counts, muted=seen.muted)

    def see(self, verdict: Verdict) -> None:
        """The pod is broken so badly, or well."""
        self.verdict = verdict
        self.room.cluster.set([WELL if verdict is Verdict.HEALTHY else BROKEN])

    async def turns(self, number: int) -> None:
        """One at each interval, by a process that remembers nothing."""
        for _ in range(number):
            delivery = AlertDelivery(
                self.room.store,
                self.telling,
                self.room.led,
                self.rules,
                LostChannels(self.room.store, self.channels, self.fallback, lambda: self.now),
                lambda: self.now,
                self.told.append,
            )
            await AlertService(self, delivery, self.room.channel.id).turn()
            self.now += self.every

    @property
    def telling(self) -> DiscordAlertChannel:
        return DiscordAlertChannel(self.channels, alert_controls.rows)

    @property
    def channels(self) -> Channels:
        return Channels(self.room.client, self.room.client.guild_id)

    async def incident(self) -> Incident:
        """The only one."""
        kept = await self.room.store.read(ALERTS)
        assert kept is not None
        (one,) = kept.incidents
        return one

    async def alerts(self, suffix: str = "") -> list[Any]:
        """The messages of all incidents; with `-end` those that say that they are over."""
        state = await self.room.store.read(ALERTS)
        marks = [f"{one.id}{suffix}" for one in state.incidents] if state else []
        return marked(self.room.channel.history(), *marks)

    def boards(self) -> list[Any]:
        return marked(self.room.channel.history(), BOARD)


@pytest.fixture
def guarded(room: Room) -> Guarded:
    assert room.channel.guild
    owner = room.channel.guild.create_text_channel("owner")
    rules = Rules(routes=(AlertRoute(room.channel.id),))
    return Guarded(room, rules, datetime.now(UTC), owner.id, [])


async def test_the_board_says_nothing_of_what_was_found_out_in_private(guarded: Guarded):
    """Neither as its verdict nor as a count."""
    guarded.private = True
    await guarded.turns(2)
    (board,) = guarded.boards()
    assert "All healthy" in text_of(board)
    assert "No open incident." in text_of(board)
    assert "no news" not in text_of(board)


async def test_an_alert_arrives_once_is_edited_and_answered_and_its_button_mutes(guarded: Guarded):
    """Start, end, board; over restarts of the bot between any two turns."""
    room = guarded.room
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(2)
    guarded.see(Verdict.FAILED)
    await guarded.turns(5)
    (alert,) = await guarded.alerts()
    refused = await room.viewer.click(alert, label="Acknowledge")
    assert "operator role" in said(refused)
    acknowledged = await room.operator.click(alert, label="Acknowledge")
    assert "acknowledged by olga" in said(acknowledged)
    await room.operator.slash(room.channel, "unmute", what="web")
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(5)
    one = await guarded.incident()
    for mark in (one.id, f"{one.id}-end", BOARD):
        assert len(marked(room.channel.history(), mark)) == 1
    assert one.posted is not None
    assert one.ended_post is not None
    # The simulated Discord's clock is its own.
    since = snowflake_time(one.posted.message or 0)
    start, end = OpenIncident(one, room.channel.id), End(one, room.channel.id)
    for act, message in ((start, one.posted), (end, one.ended_post)):
        assert await guarded.telling.find(act, since) == message.message
    other = OpenIncident(replace(one, id="nothing-of-ours"), room.channel.id)
    assert await guarded.telling.find(other, since) is None
    # Nothing happened between its start and its end: there is nothing that a thread could tell.
    assert room.channel.threads == []
    assert [each for each in guarded.told if each is not AlertOutcome.UPDATE] == [
        AlertOutcome.START,
        AlertOutcome.END,
    ]


async def test_what_develops_is_told_in_a_thread_and_calls_a_role_once_it_fails(guarded: Guarded):
    """Silently but for the role, which is mentioned once however often it gets worse again."""
    room = guarded.room
    role = room.viewers.id
    where = room.channel.id
    guarded.rules = Rules(routes=(AlertRoute(where, Verdict.FAILED, role=role), AlertRoute(where)))
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(1)
    guarded.see(Verdict.DEGRADED)
    await guarded.turns(30)
    (alert,) = await guarded.alerts()
    assert f"<@&{role}>" not in text_of(alert)
    for verdict in (Verdict.FAILED, Verdict.DEGRADED, Verdict.FAILED):
        guarded.see(verdict)
        await guarded.turns(2)
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(4)
    (thread,) = room.channel.threads
    assert thread.id == alert.id
    lines = [text_of(line) for line in thread.history()]
    assert "worse: failed" in lines[0]
    assert [f"<@&{role}>" in each for each in lines] == [True, False, False, False]
    assert "recovered" in lines[-1]
    assert len(await guarded.alerts()) == len(await guarded.alerts("-end")) == 1
    (edited,) = await guarded.alerts()
    assert text_of(edited).count("<t:") == 2, "the latest line, and since when"


async def test_where_it_may_have_no_thread_the_timeline_stays_in_the_message(guarded: Guarded):
    """Asked for once an incident."""
    room = guarded.room
    room.env.inject_error(
        "POST", "/channels/*/messages/*/threads", status=403, code=50013, message="Missing"
    )
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(1)
    for verdict in (Verdict.DEGRADED, Verdict.FAILED):
        guarded.see(verdict)
        await guarded.turns(30)
    assert room.channel.threads == []
    (alert,) = await guarded.alerts()
    assert "worse: failed" in text_of(alert)
    assert (await guarded.incident()).thread.refused


async def test_a_thread_that_was_begun_by_a_process_that_is_gone_is_gone_on_with(guarded: Guarded):
    """Its line arrived, and nobody wrote that down: it is found, and not said again."""
    room = guarded.room
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(1)
    guarded.see(Verdict.DEGRADED)
    await guarded.turns(30)
    guarded.see(Verdict.FAILED)
    before = await room.store.read(ALERTS)
    assert before is not None
    await guarded.turns(1)
    (thread,) = room.channel.threads
    after = await guarded.incident()
    assert after.thread.post is not None
    # As it was written down before the line was sent.
    unsure = replace(after.thread.post, message=None, begun=snowflake_time(thread.id))
    begun = replace(after, thread=replace(after.thread, told=2, post=unsure))
    await room.store.change(ALERTS, lambda kept: (kept or before).with_incident(begun))
    await guarded.turns(2)
    assert len(thread.history()) == 1
    assert (await guarded.incident()).thread.told == after.thread.told


async def test_a_lost_channel_is_told_to_the_owner_once_and_its_alerts_are_not_lost(
    guarded: Guarded,
):
    """What happened meanwhile is said once it can be."""
    room = guarded.room
    path = f"/channels/{room.channel.id}/messages"
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(1)
    guarded.see(Verdict.FAILED)
    no = {"status": 403, "code": 50013, "message": "Missing Permissions"}
    room.env.inject_error("POST", path, **no, times=None)
    guarded.every = PATIENCE  # So each turn tries again.
    await guarded.turns(6)
    assert await guarded.alerts() == []
    room.env.backend.faults.clear()
    await guarded.turns(2)
    assert len(await guarded.alerts()) == 1
    assert room.channel.guild
    owner = room.channel.guild.channels["owner"]
    (word,) = owner.history()
    assert f"<#{room.channel.id}>" in text_of(word)
    assert "Missing Permissions" in text_of(word)
    assert AlertOutcome.LOST in guarded.told


async def test_a_history_that_the_bot_may_not_read_keeps_no_alert_waiting(guarded: Guarded):
    """Posting needs no history: one lost answer must not stop the channel's alerts for ever."""
    room = guarded.room
    path, assured = "/channels/*/messages", datetime.now(UTC)
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(1)
    room.env.inject_error("POST", path, status=503)
    room.env.inject_error("GET", path, status=403, code=50013, message="Missing", times=None)
    guarded.see(Verdict.FAILED)
    await guarded.turns(9)
    assert AlertOutcome.FAILED in guarded.told, "the answer to the first try was lost"
    assert AlertOutcome.LOST not in guarded.told
    assert len(await guarded.alerts()) == 1
    assert await guarded.telling.find_outages(room.channel.id, ("-1",), assured) == ()
    tell = Tell(await guarded.incident(), room.channel.id, 1)
    assert await guarded.telling.find(tell, assured) is None
    assert room.channel.guild
    assert room.channel.guild.channels["owner"].history() == []


async def test_log_lines_that_take_too_long_keep_no_alert_waiting(guarded: Guarded):
    """It is posted without them: they may be missing."""
    room = guarded.room

    async def never(_finding: Finding) -> LogTail | None:
        await asyncio.Event().wait()
        return None

    guarded.see(Verdict.HEALTHY)
    await guarded.turns(1)
    guarded.see(Verdict.FAILED)
    await guarded.turns(5)
    act = OpenIncident(await guarded.incident(), room.channel.id)
    slow = DiscordAlertChannel(guarded.channels, alert_controls.rows, never, 0.01)
    async with asyncio.timeout(5):
        assert await slow.post(act)


async def test_an_annotation_mutes_and_the_list_shows_it(guarded: Guarded):
    """No alert while it stands, and one once it goes."""
    room = guarded.room
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(1)
    quiet = a_pod("web", waiting="CrashLoopBackOff")
    quiet["metadata"]["annotations"] = {"meshmedic.dev/mute": "2099-01-01 waits for a disk"}
    room.cluster.set([quiet])
    await guarded.turns(30)
    assert await guarded.alerts() == []
    shown_list = said(await room.operator.slash(room.channel, "mute list"))
    assert "Pod apps/web" in shown_list
    assert "waits for a disk" in shown_list
    guarded.see(Verdict.FAILED)
    await guarded.turns(4)
    assert len(await guarded.alerts()) == 1
