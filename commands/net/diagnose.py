"""`/net diagnose`: where a route breaks, and whether nativeLB would help."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.net.views import discord_diagnosis
from bot.render import cards as render
from bot.render import text as words
from commands.dependencies import Context
from commands.net.progress import Progress
from commands.net.retest import Again

NAME = "diagnose"


def command(context: Context, again: Again) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete over live routes and Services, from memory."""

    async def tell(interaction: discord.Interaction, route: str, alone: bool) -> None:
        await acknowledge(interaction, private=alone)
        async with Progress(interaction, route) as progress:
            found = (await context.diagnose.diagnose(route, progress.note)).diagnosis
        rows = again.rows(NAME, short(found.subject))
        await answer(interaction, discord_diagnosis.diagnosis(found, rows))

    @app_commands.command(
        name=NAME,
        description="Where a route breaks, and whether nativeLB would help.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(
        route="A route, its host, or a Service.", private="Show it to you alone."
    )
    async def ask(interaction: discord.Interaction, route: str, private: bool = False) -> None:
        await tell(interaction, route, private)

    @ask.autocomplete("route")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = await context.diagnose.suggestions(typed, render.CHOICES)
        return [
            app_commands.Choice(name=words.line(name, render.LABEL), value=short(name))
            for name in names
        ]

    again.offer(NAME, tell)
    return ask


def short(label: str) -> str:
    """A subject's name such that it can be asked for: whole, else without its host."""
    return label if len(label) <= render.LABEL else label.split(maxsplit=1)[0][: render.LABEL]
