"""Suggestions of digests by name."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.render import cards as render
from commands.dependencies import Context


def suggesting(context: Context):  # type: ignore[no-untyped-def]  # the library wants its own type
    """Autocomplete over the names of what is set up."""

    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = [name for name in await context.digests.every() if typed.lower() in name]
        return [app_commands.Choice(name=name, value=name) for name in names[: render.CHOICES]]

    return suggest
