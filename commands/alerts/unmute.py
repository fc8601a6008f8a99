"""`/unmute`: the end of a silence."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.render import cards as render
from commands.autocomplete import mutes
from commands.dependencies import Context
from commands.health.controls import Controls


def command(context: Context, _controls: Controls) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(
        name="unmute",
        description="End the silence of a finding, a namespace or a check.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(what="A finding's code, a namespace or a check.")
    async def unmute(interaction: discord.Interaction, what: str) -> None:
        await acknowledge(interaction, private=False)
        ended = await context.silences.unmute(what)
        await answer(interaction, render.note(f"{ended.shown} is muted no more."))

    @unmute.autocomplete("what")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return mutes(await context.silences.list(), typed)

    return unmute
