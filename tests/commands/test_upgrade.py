"""The bot of 0.1.0 was stopped in the middle of posting: what it posted is found, and not repeated.

Its messages have their marks in a text or a button, where people see them.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from discord import ui
from discord.utils import snowflake_time
from msgspec.structs import replace

from bot.alerting.domain.incident import ALERTS, Alerts, Incident, MessageRecord
from bot.alerting.domain.outage import FoundOutage, outage_id, stem
from bot.chat.channel import Channels
from bot.digest.domain.records import DIGESTS, DigestSchedule, DigestState, RunRecord, RunStage
from bot.digest.domain.schedule import Timetable
from bot.domain.verdict import Verdict
from bot.render import cards as render
from tests.commands.conftest import Room, marked
from tests.commands.test_alerts import BOARD, Guarded, guarded

__all__ = ["guarded"]


async def post(room: Room, text: str, channel: int = 0, *, custom_id: str = "") -> Any:
    """A message as 0.1.0 posted it; it has no mark of today."""
    rows = [ui.ActionRow(ui.Button(custom_id=custom_id, label="Health now"))] if custom_id else []
    card = render.card(None, ["## Something", text], rows)
    return await Channels(room.client, room.client.guild_id).post(channel or room.channel.id, card)


def claimed(record: MessageRecord | None, begun: datetime) -> MessageRecord:
    """As it was stored before its message was sent."""
    assert record
    return replace(record, message=None, begun=begun)


async def begun_by_the_old_one(guarded: Guarded, what: str) -> int:
    """An incident of which one message is sent, and not noted."""
    room = guarded.room
    guarded.see(Verdict.HEALTHY)
    await guarded.turns(1)
    guarded.see(Verdict.FAILED)
    await guarded.turns(4)
    if what == "end":
        guarded.see(Verdict.HEALTHY)
        await guarded.turns(5)
    one = await guarded.incident()
    for message in room.channel.history():
        room.env.backend.delete_message(room.channel.id, message.id)
    text = {
        "start": f"-# since <t:1:R> · {one.head.code} · incident {one.id}",
        "end": f"-# {one.id}-end",
        "board": f"-# seen <t:1:R> · {BOARD}",
    }[what]
    sent = await post(room, text)
    at = snowflake_time(sent.id)

    def unsure(state: Alerts | None) -> Alerts:
        assert state
        incident: Incident = one
        match what:
            case "start":
                incident = replace(one, posted=claimed(one.posted, at))
            case "end":
                incident = replace(one, ended_post=claimed(one.ended_post, at))
            case _:
                return replace(state, board=claimed(state.board, at))
        return state.with_incident(incident)

    await room.store.change(ALERTS, unsure)
    return int(sent.id)


@pytest.mark.parametrize("what", ["start", "end", "board"])
async def test_a_message_that_0_1_0_posted_and_did_not_note_is_not_posted_again(
    guarded: Guarded, what: str
):
    """Minutes later there is still that one message, and it is noted."""
    room, sent = guarded.room, await begun_by_the_old_one(guarded, what)
    await guarded.turns(4)
    state = await room.store.read(ALERTS)
    assert state
    (one,) = state.incidents
    mark, record = {
        "start": (one.id, one.posted),
        "end": (f"{one.id}-end", one.ended_post),
        "board": (BOARD, state.board),
    }[what]
    assert record
    assert record.message == sent
    again = [message.id for message in marked(room.channel.history(), mark)]
    assert again in ([], [sent]), "an edit has the mark of today"


async def test_a_digest_that_0_1_0_posted_and_did_not_note_is_not_posted_again(room: Room):
    """It is found by the run that its button names."""
    digests: Any = room.client.digests  # type: ignore[attr-defined]
    due = datetime(2025, 12, 31, 8, tzinfo=UTC)
    began = due - timedelta(days=1)
    daily = DigestSchedule(name="daily", channel=room.channel.id, when=Timetable(8, 0), began=began)
    sent = await post(room, "a digest", custom_id="meshmedic:digest:daily:2025-12-31")
    run = RunRecord(day=due.date(), due=due, stage=RunStage.CLAIMED, at=due, by="0.1.0")
    state = DigestState().with_schedule(daily).with_run("daily", run)
    await digests.store.change(DIGESTS, lambda _: state)
    digests.composer.clock = lambda: due + timedelta(minutes=5)
    for _ in range(3):
        await digests.turn()
    assert [message.id for message in room.channel.history()] == [sent.id]
    stored = await digests.store.read(DIGESTS)
    assert stored.run("daily", due.date()).message == sent.id


async def test_an_outage_that_0_1_0_posted_is_found_by_its_text(guarded: Guarded):
    """So it is adopted, and ended; what it posted later is another."""
    ours, others = stem("meshmedic/meshmedic", 4), stem("meshmedic/meshmedic", 5)
    id_ = outage_id(ours, 1)
    sent = await post(guarded.room, f"-# since <t:1767225600:R> · incident {id_}")
    over = await post(guarded.room, f"-# since <t:1767225600:R> · incident {id_} · over")
    opened = datetime.fromtimestamp(1767225600, UTC)
    since = snowflake_time(sent.id)
    telling, channel = guarded.telling, guarded.room.channel.id
    assert await telling.find_outages(channel, (others,), since) == ()
    assert await telling.find_outages(channel, (others, ours), since) == (
        FoundOutage(id_, sent.id, opened),
        FoundOutage(id_, over.id, opened, over=True),
    )
