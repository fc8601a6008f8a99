"""`/digest pause` and `/digest resume`."""

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


def command(context: Context, *, paused: bool) -> app_commands.Command[Any, ..., None]:
    """One of the two commands."""
    verb = "pause" if paused else "resume"
    told = (
        "is paused: it sends nothing until /digest resume."
        if paused
        else "goes on. What it missed meanwhile is not sent."
    )

    @app_commands.command(
        name=verb,
        description="Stop a digest for a while." if paused else "Let a paused digest go on.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(name="Which digest.")
    async def ask(interaction: discord.Interaction, name: str) -> None:
        await acknowledge(interaction, private=False)
        each = await context.digests.pause(name.strip(), paused=paused)
        await answer(interaction, render.note(f"The digest {each.name} {told}"))

    ask.autocomplete("name")(suggesting(context))
    return ask
