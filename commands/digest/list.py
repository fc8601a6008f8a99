"""`/digest list`: which digests there are, and when they are sent."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.replies import acknowledge, answer
from bot.digest.schedule.slots import following
from bot.digest.views import discord as discord_digest
from commands.dependencies import Context


def command(context: Context) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(name="list", description="Which digests there are, and when.")
    async def ask(interaction: discord.Interaction) -> None:
        await acknowledge(interaction, private=True)
        digests = context.digests
        book, now = await digests.book(), digests.clock()
        lines = [
            (
                schedule,
                next(reversed(book.turns_of(name)), None),
                following(schedule.when, digests.zone, now),
            )
            for name, schedule in sorted(book.every(digests.defaults).items())
        ]
        await answer(interaction, discord_digest.listed(lines, digests.zone.key))

    return ask
