"""`/why`: the story of one finding: its causes, events and last log lines."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.replies import acknowledge, answer
from bot.render import cards as render
from commands.dependencies import Context
from commands.health.controls import Controls


def command(context: Context, _controls: Controls) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete over the findings of the latest report."""

    @app_commands.command(name="why", description="Why something is not healthy.")
    @app_commands.describe(
        finding="The finding's code, or part of its name.", private="Show it to you alone."
    )
    async def why(interaction: discord.Interaction, finding: str, private: bool = False) -> None:
        await acknowledge(interaction, private=private)
        await answer(interaction, render.story(await context.health.why(finding)))

    @why.autocomplete("finding")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        found = map(render.suggestion, context.health.suggestions(typed, render.CHOICES))
        return [app_commands.Choice(name=shown, value=code) for shown, code in found]

    return why
