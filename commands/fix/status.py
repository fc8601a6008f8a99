"""`/fix status`: the changes that are not at their end, or one change as it stands."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.replies import acknowledge, answer
from bot.remediation.change.states import MOVES, ChangeState
from bot.remediation.views import discord as discord_change
from commands.autocomplete import suggestions
from commands.dependencies import Context
from commands.fix.controls import FixControls


def command(context: Context, controls: FixControls) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(
        name="status", description="What is proposed, under way or for a time only."
    )
    @app_commands.describe(change="One change, by its name.")
    async def ask(interaction: discord.Interaction, change: str | None = None) -> None:
        await acknowledge(interaction, private=False)
        now = context.remediation.clock()
        if change:
            found = await context.remediation.show(change)
            rows = controls.rows(found)
            await answer(interaction, discord_change.change(found, rows, now))
            return
        open_ones = [
            change
            for change in await context.remediation.every()
            if (MOVES[change.state] and change.state is not ChangeState.DONE) or change.returns_at
        ]
        await answer(interaction, discord_change.listed("Open changes", open_ones, now))

    @ask.autocomplete("change")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        found = await context.remediation.every()
        return suggestions(
            [change.name for change in found if typed.casefold() in change.name][:25]
        )

    return ask
