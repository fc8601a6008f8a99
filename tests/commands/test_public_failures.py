"""A public answer that fails says so in the same message, over all commands."""

import asyncio
from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands

from bot.chat.replies import acknowledge
from bot.errors import ClusterError
from commands.progress import Progress
from tests.commands.conftest import GUILD, Room, texts

WHY = "The API server did not answer in time."


def commands(room: Room) -> Iterator[app_commands.Command[Any, ..., Any]]:
    """Every slash command of the bot."""
    for command in room.client.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            yield command


def arguments(command: app_commands.Command[Any, ..., Any]) -> dict[str, Any]:
    """A word or number for each argument that the command requires."""
    return {
        str(parameter.display_name): _value(parameter)
        for parameter in command.parameters
        if parameter.required
    }


def _value(parameter: app_commands.Parameter) -> Any:
    if parameter.choices:
        return parameter.choices[0].value
    if parameter.type is discord.AppCommandOptionType.integer:
        return int(parameter.min_value or 1)
    return "apps/web"


async def test_no_command_leaves_its_answer_under_way(room: Room):
    """Nothing is said beside the message that was promised, which would wait there for good."""
    room.cluster.fails = ClusterError(WHY)
    names, failed = [], 0
    for command in commands(room):
        names.append(command.qualified_name)
        asked = await room.approver.slash(room.channel, names[-1], **arguments(command))
        assert not asked.followups, names[-1]
        text = texts(asked.response.components)
        assert text, names[-1]
        failed += WHY in text
    assert len(names) > 20
    assert failed > 8
    room.env.errors.clear()


async def test_an_error_takes_the_place_of_the_progress_that_everybody_saw(room: Room):
    """Such as `/fix route` on a slow API server."""

    @app_commands.command(name="slow", description="Fails after it showed how far it is.")
    async def slow(interaction: discord.Interaction) -> None:
        await acknowledge(interaction, private=False)
        async with Progress(interaction, "web") as progress:
            progress.note("Reading the objects that would be changed.")
            await asyncio.sleep(0.1)
            raise ClusterError(WHY)

    guild = discord.Object(GUILD)
    room.client.tree.add_command(slow, guild=guild)
    await room.client.tree.sync(guild=guild)
    asked = await room.viewer.slash(room.channel, "slow")
    assert not asked.followups
    assert not asked.response.ephemeral
    assert WHY in texts(asked.response.components)
    assert "Reading" not in texts(asked.response.components)
