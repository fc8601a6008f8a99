"""`/ack`: somebody works on it, so it is silent for a while."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.alerting.silences import ACKNOWLEDGED
from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.render import cards as render
from commands.autocomplete import findings
from commands.dependencies import Context
from commands.health.controls import Controls


def command(context: Context, _controls: Controls) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(
        name="ack",
        description="You have seen a finding and work on it: eight hours of silence.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(finding="The finding's code.")
    async def ack(interaction: discord.Interaction, finding: str) -> None:
        await acknowledge(interaction, private=False)
        by = interaction.user.display_name
        made = await context.silences.mute(finding, ACKNOWLEDGED, by, acknowledged=True)
        await answer(interaction, render.note(f"{made.shown}: {made.line()}"))

    @ack.autocomplete("finding")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return findings(await context.health.present(typed, render.CHOICES))

    return ack
