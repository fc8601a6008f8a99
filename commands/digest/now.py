"""`/digest now`: what a digest says at this moment."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import Client
from bot.chat.replies import acknowledge, answer
from bot.digest.discord_channel import card
from bot.domain.authorization import Circle
from bot.domain.check import SCOPES
from bot.errors import Refused
from commands.dependencies import Context
from commands.digest import refresh_button as button
from commands.digest.names import suggesting

OPERATORS_ONLY = (
    "Posting a digest for everybody is for this bot's operators. With dry_run it is shown to you "
    "alone."
)


def command(context: Context) -> app_commands.Command[Any, ..., None]:
    """The command: a dry run is shown to whoever asks alone."""

    @app_commands.command(name="now", description="What changed since the last digest.")
    @app_commands.choices(
        scope=[app_commands.Choice(name=scope_, value=scope_) for scope_ in SCOPES]
    )
    @app_commands.describe(
        scope="Only this.",
        name="As this digest would tell it.",
        dry_run="Show it to you alone.",
    )
    async def ask(
        interaction: discord.Interaction[Client],
        scope: str = "",
        name: str = "",
        dry_run: bool = False,
    ) -> None:
        if not dry_run and not interaction.client.permits(interaction, Circle.OPERATOR):
            raise Refused(OPERATORS_ONLY)
        await acknowledge(interaction, private=dry_run)
        letter = await context.digests.now(name, scope)
        await answer(interaction, card(letter, button.rows(context.health_now, "")))

    ask.autocomplete("name")(suggesting(context))
    return ask
