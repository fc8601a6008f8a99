"""`/setup`: channels by Discord's own selects and the time zone, where the settings are open."""

import logging
from typing import Any

import discord
import pytest
from simcord.actors import _component_interaction

from bot.runtime.memory_store import Unkept
from bot.setup.domain.choices import CHOICES, ChannelPurpose, Choices, ServerChoices
from bot.setup.service import ServerSetup
from tests.commands.conftest import GUILD, Room, make_client, message, of_type, said
from tests.render.discord_markdown import read

ALERTS, DIGEST = ChannelPurpose.ALERTS, ChannelPurpose.DIGEST


async def choose(room: Room, purpose: str, *channels: int, person: Any = None) -> str:
    """What is answered to a choice in one select of `/setup channels`."""
    person = person or room.approver
    shown = message(await room.approver.slash(room.channel, "setup channels"))
    return said(await _click(room, person, shown, purpose, channels))


async def _click(
    room: Room,
    person: Any,
    shown: Any,
    purpose: str,
    channels: tuple[int, ...],
    *,
    values: Any = (),
) -> Any:
    stored = room.env.backend.get_message(room.channel.id, shown.id)
    known = room.env.backend.channels
    resolved = {
        str(number): {
            "id": str(number),
            "type": known[number].type.value,
            "name": known[number].name,
            "permissions": "0",
        }
        for number in channels
        if number in known
    }
    data = {
        "custom_id": f"meshmedic:setup:{purpose}",
        "component_type": discord.ComponentType.channel_select.value,
        "values": [str(number) for number in channels] if values == () else values,
        "resolved": {"channels": resolved},
    }
    return await _component_interaction(person, stored, data)


async def chosen(room: Room) -> Choices:
    return await room.store.read(CHOICES) or Choices()


async def test_there_is_a_select_for_each_channel_that_the_settings_leave_open(room: Room) -> None:
    answer = message(await room.approver.slash(room.channel, "setup channels"))
    selects = of_type(answer.components, discord.ComponentType.channel_select)
    assert [select["custom_id"].rpartition(":")[2] for select in selects] == list(ChannelPurpose)
    assert all(select["channel_types"] == [0, 5] for select in selects)


async def test_a_choice_counts_at_once_and_is_shown_as_chosen(room: Room) -> None:
    """In this process, in the store for the next one, and as the select's default."""
    followed: list[ServerChoices] = []
    room.client.setup.on_change = followed.append  # type: ignore[attr-defined]
    assert "from now on" in await choose(room, "alerts", room.channel.id)
    assert (await chosen(room)).channels == {ALERTS: room.channel.id}
    assert [choices.channel(ALERTS) for choices in followed] == [room.channel.id]
    answer = message(await room.approver.slash(room.channel, "setup channels"))
    select = of_type(answer.components, discord.ComponentType.channel_select)[0]
    assert [int(channel["id"]) for channel in select["default_values"]] == [room.channel.id]


async def test_nothing_chosen_takes_a_choice_back(room: Room) -> None:
    await choose(room, "board", room.channel.id)
    assert "no channel is chosen now" in await choose(room, "board")
    assert await chosen(room) == Choices()


async def test_who_moves_a_channel_or_takes_it_back_is_in_the_log(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise nobody could see later who silenced the audit channel."""
    caplog.set_level(logging.INFO, "bot.setup.service")
    here, person = room.channel.id, room.approver.id
    for channels in ((here,), (here,), ()):
        await choose(room, "audit", *channels)
    assert [record.getMessage() for record in caplog.records] == [
        f"/setup: the user {person} changed the channel of audit from none to {here}",
        f"/setup: the user {person} changed the channel of audit from {here} to none",
    ]


async def test_a_channel_in_which_the_bot_may_not_post_is_refused_with_what_is_missing(
    room: Room,
) -> None:
    guild = room.channel.guild
    assert guild
    silent = discord.PermissionOverwrite(send_messages=False)
    closed = guild.create_text_channel("closed", overwrites={guild.default_role: silent})
    answer = await choose(room, "alerts", closed.id)
    assert "Nothing was changed" in answer
    assert "Send Messages" in answer
    assert await chosen(room) == Choices()


@pytest.mark.parametrize("wrong", [123456789012345678, GUILD])
async def test_only_text_channels_of_the_server_can_be_chosen(room: Room, wrong: int) -> None:
    """A click may carry any id."""
    assert "isn't a text channel" in await choose(room, "audit", wrong)
    assert await chosen(room) == Choices()


async def test_a_malformed_choice_changes_nothing(room: Room) -> None:
    await choose(room, "audit", room.channel.id)
    shown = message(await room.approver.slash(room.channel, "setup channels"))
    for values in (["@me"], ["1", "2"], ["9" * 40], None):
        answer = said(await _click(room, room.approver, shown, "audit", (), values=values))
        assert "Choose one" in answer
    assert (await chosen(room)).channels == {ChannelPurpose.AUDIT: room.channel.id}


async def test_the_settings_win(room: Room) -> None:
    """They are shown without a select, and a click of an older message changes nothing."""
    fixed = Choices({ALERTS: room.channel.id}, "Europe/Berlin")
    shown = message(await room.approver.slash(room.channel, "setup channels"))
    room.client = make_client(
        room.health, room.cluster, room.roles, room.led, store=room.store, choices=fixed
    )
    await room.env.restart_bot(room.client)
    answer = await _click(room, room.approver, shown, "alerts", (room.channel.id,))
    assert "and they win" in said(answer)
    answer = message(await room.approver.slash(room.channel, "setup channels"))
    assert len(of_type(answer.components, discord.ComponentType.channel_select)) == 3
    zone = await room.approver.slash(room.channel, "setup timezone", zone="Asia/Tokyo")
    assert "Europe/Berlin" in said(zone)
    assert await chosen(room) == Choices()


async def test_only_approvers_choose(room: Room) -> None:
    """A command and a click alike."""
    for person in (room.viewer, room.operator, room.stranger):
        for name in ("channels", "timezone", "show"):
            refused = said(await person.slash(room.channel, f"setup {name}"))
            assert "approver" in refused
        assert "approver" in await choose(room, "audit", room.channel.id, person=person)
    assert await chosen(room) == Choices()


async def test_a_time_zone_is_suggested_from_the_first_letter_on_and_a_wrong_one_corrected(
    room: Room,
) -> None:
    async def suggested(typed: str) -> list[str]:
        offered = await room.approver.autocomplete(room.channel, "setup timezone", "zone", typed)
        return [choice["value"] for choice in offered]

    assert "Europe/Berlin" in await suggested("")
    assert "America/New_York" in await suggested("new york")
    wrong = await room.approver.slash(room.channel, "setup timezone", zone="Europe/Berln")
    assert "Did you mean Europe/Berlin" in said(wrong)
    right = await room.approver.slash(room.channel, "setup timezone", zone="europe/berlin")
    assert "`Europe/Berlin`" in said(right)
    assert (await chosen(room)).zone == "Europe/Berlin"


async def test_show_prints_what_to_put_into_git(room: Room) -> None:
    """The settings' names with what is chosen, and nothing that they name already."""
    nothing = said(await room.approver.slash(room.channel, "setup show"))
    assert "Nothing is left to put into Git" in nothing
    await choose(room, "digest", room.channel.id)
    await room.approver.slash(room.channel, "setup timezone", zone="UTC")
    shown = said(await room.approver.slash(room.channel, "setup show"))
    assert f"- MESHMEDIC_DIGEST_CHANNEL={room.channel.id}\n" in shown
    assert "- MESHMEDIC_DIGEST_TIMEZONE=UTC\n" in shown
    assert "ALERT" not in shown


async def test_the_doctor_says_where_the_bot_posts_and_why(room: Room) -> None:
    await choose(room, "digest", room.channel.id)
    answer = said(await room.operator.slash(room.channel, "doctor"))
    assert "digest: #ops by /setup" in read(answer).text
    assert "alerts: none" in answer


async def test_a_process_that_can_not_read_the_choices_goes_on_with_those_it_knew() -> None:
    store = Unkept()
    setup = ServerSetup(store)
    assert await setup.refresh()
    await setup.choose_channel(DIGEST, 7, by=1)
    other = ServerSetup(store, Choices({DIGEST: 9}))
    assert (await other.read()).channel(DIGEST) == 9
    assert (await setup.read()).channel(DIGEST) == 7
