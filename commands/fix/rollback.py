"""`/fix rollback`: take back what was done, for a week."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.domain.authorization import Circle
from commands.autocomplete import suggestions
from commands.dependencies import Context
from commands.fix.controls import FixControls


def command(context: Context, controls: FixControls) -> app_commands.Command[Any, ..., None]:
    """The command: the same as the button."""

    @app_commands.command(
        name="rollback",
        description="Take a change back, unless somebody changed its objects since.",
        extras={CIRCLE: Circle.APPROVER},
    )
    @app_commands.describe(change="Which one, by its name.")
    async def ask(interaction: discord.Interaction, change: str) -> None:
        await controls.presses["rollback"](interaction, change)

    @ask.autocomplete("change")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        now = context.remediation.clock()
        found = [e.name for e in await context.remediation.every() if not e.undoable(now)]
        return suggestions([change_id for change_id in found if typed.casefold() in change_id][:25])

    return ask
