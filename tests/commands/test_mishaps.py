"""What Discord and other servers do wrong, and what a person sees of it."""

from typing import Any

import discord
from discord import ui

from tests.builders import a_pod
from tests.commands.conftest import GUILD, Room, message, of_type, said


async def test_a_button_that_no_code_knows_says_so(room: Room):
    """A message of an older version is not left without a word."""
    view: ui.LayoutView = ui.LayoutView(timeout=None)
    row: ui.ActionRow[Any] = ui.ActionRow(ui.Button(label="Old", custom_id="of-an-older-version"))
    view.add_item(row)
    channel = room.client.get_channel(room.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send(view=view)
    await room.restart()
    clicked = await room.viewer.click(room.channel.last_message, label="Old")
    assert "no longer works" in said(clicked)
    assert clicked.ephemeral


async def test_an_answer_that_discord_drops_is_sent_again(room: Room, caplog):
    """A 503 is no end: the edit is tried again, and says nothing twice."""
    room.env.inject_error("PATCH", "/webhooks/*", status=503, times=1)
    result = await room.viewer.slash(room.channel, "health all")
    await room.env.advance_time(1)
    assert "All healthy" in said(result)
    assert "sending again" in caplog.text


async def test_a_discord_that_stays_down_is_logged_and_the_bot_goes_on(room: Room, caplog):
    """The trace is in the log under a number, and the next command works."""
    room.env.inject_error("*", "/webhooks/*", status=500, times=None)
    await room.viewer.slash(room.channel, "health all")
    await room.env.advance_time(10)
    assert "failure" in caplog.text
    room.env.backend.faults.clear()
    assert "All healthy" in said(await room.viewer.slash(room.channel, "health all"))
    room.env.errors.clear()


async def test_an_answer_that_comes_too_late_is_no_crash(room: Room, caplog):
    """Discord forgets an interaction after three seconds; the log says so, and nothing else."""
    room.env.inject_error(
        "POST", "/interactions/*", status=404, code=10062, message="Unknown interaction"
    )
    await room.viewer.slash(room.channel, "health all")
    assert "too late" in caplog.text
    assert "Traceback" not in caplog.text
    assert "All healthy" in said(await room.viewer.slash(room.channel, "health all"))


async def test_another_server_is_refused(room: Room):
    """The bot serves one server, whoever else invited it."""
    other = room.env.create_guild("Elsewhere", id=GUILD + 100)
    channel = other.create_text_channel("ops")
    member = other.add_member(room.env.create_user("olga"))
    room.client.tree.copy_global_to(guild=discord.Object(other.id))
    await room.client.tree.sync(guild=discord.Object(other.id))
    refused = await member.slash(channel, "health all")
    assert refused.ephemeral
    assert room.cluster.asked == 0


async def test_names_of_every_kind_make_a_valid_message(room: Room):
    """Strict limits of the simulated Discord hold for Markdown, mentions and very long names."""
    names = ["@everyone", "`" * 20, "[a](https://evil.example)", "x" * 253, "\u202egnp.exe", "<@1>"]
    room.cluster.set(a_pod(name, waiting="ErrImagePull") for name in names)
    shown = await room.viewer.slash(room.channel, "health pods")
    assert "6 problems" in said(shown)
    assert not message(shown).message.mentions
    assert not message(shown).message.mention_everyone


CHOSEN: list[list[str]] = [
    [],
    ["a", "b"],
    ["zzzzzzz"],
    [""],
    ["x" * 5000],
    ["`@everyone` <@1> [a](https://evil.example)"],
    ["\u202e\x00"],
]


async def test_a_select_answers_whatever_is_said_to_be_chosen(room: Room, caplog):
    """No value, several, or one that the list never had: each is told, and none is a failure."""
    room.cluster.set([a_pod("web", waiting="ErrImagePull")])
    shown = message(await room.viewer.slash(room.channel, "health all"))
    stored = room.env.backend.get_message(room.channel.id, shown.id)
    (menu,) = of_type(stored.components, discord.ComponentType.select)
    menu |= {"min_values": 0, "max_values": 25}
    menu["options"] += [{"label": "x", "value": value} for sent in CHOSEN for value in sent]
    for sent in CHOSEN:
        answer = said(await room.viewer.select(shown, sent))
        assert ("gone" if len(sent) == 1 else "Choose one entry of the list.") in answer
        assert "evil.example" not in answer
    assert "Traceback" not in caplog.text
