"""`/digest history`: what was sent, and what became of the health meanwhile."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.replies import acknowledge, answer
from bot.digest.views import discord as discord_digest
from commands.dependencies import Context

SHOWN = 20


def command(context: Context) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(name="history", description="What was sent, and the trends.")
    async def ask(interaction: discord.Interaction) -> None:
        await acknowledge(interaction, private=True)
        book = await context.digests.book()
        turns = [(name, turn) for name, all_ in book.turns.items() for turn in all_]
        latest = sorted(turns, key=lambda one: one[1].at, reverse=True)[:SHOWN]
        trends = await context.digests.trends()
        await answer(interaction, discord_digest.history(latest, trends))

    return ask
