"""`/fix list`: every way that a fresh diagnosis of a route supports, and why not others."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.remediation.views import discord as discord_change
from bot.render import cards as render
from commands.dependencies import Context
from commands.fix.controls import FixControls
from commands.fix.route import routes
from commands.net.progress import Progress


def command(context: Context, controls: FixControls) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete over live routes, from memory."""

    @app_commands.command(
        name="list",
        description="Every way that a fresh diagnosis of a route supports, and why not others.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(route="A route, or its host.", private="Show it to you alone.")
    async def ask(interaction: discord.Interaction, route: str, private: bool = False) -> None:
        await acknowledge(interaction, private=private)
        async with Progress(interaction, route) as progress:
            found, hint = await context.remediation.offers(route, progress.note)
        ways = [plan.way for plan in found.plans]
        rows: list[render.Row] = [] if private else controls.ways(route, ways)
        await answer(interaction, discord_change.offers(route, found, hint, rows))

    @ask.autocomplete("route")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await routes(context, typed)

    return ask
