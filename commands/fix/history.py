"""`/fix history`: the changes that there were, the newest first."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.replies import acknowledge, answer
from bot.remediation.views import discord as discord_change
from commands.dependencies import Context
from commands.fix.controls import FixControls


def command(context: Context, _controls: FixControls) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(name="history", description="What was proposed, by whom, and its end.")
    @app_commands.describe(private="Show it to you alone.")
    async def ask(interaction: discord.Interaction, private: bool = False) -> None:
        await acknowledge(interaction, private=private)
        found = await context.remediation.every()
        shown = discord_change.listed("Changes", found, context.remediation.clock())
        await answer(interaction, shown)

    return ask
