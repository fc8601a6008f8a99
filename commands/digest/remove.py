"""`/digest remove`."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.render import cards as render
from commands.dependencies import Context
from commands.digest.names import suggesting


def command(context: Context) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(
        name="remove", description="Remove a digest.", extras={CIRCLE: Circle.OPERATOR}
    )
    @app_commands.describe(name="Which digest.")
    async def ask(interaction: discord.Interaction, name: str) -> None:
        await acknowledge(interaction, private=False)
        await context.digests.remove(name.strip())
        said = f"The digest {name.strip()} is removed. /digest set with that name brings it back."
        await answer(interaction, render.note(said))

    ask.autocomplete("name")(suggesting(context))
    return ask
