"""`/traefik`: what it serves, what its logs tell, one route in full."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.render import cards as render
from bot.traefik.service import Traefik, since_of
from bot.traefik.views import discord as discord_traefik
from commands.autocomplete import suggestions
from commands.dependencies import Context
from commands.health.controls import Controls

Command = app_commands.Command[Any, ..., None]


def command(context: Context, _controls: Controls) -> app_commands.Group:
    """The group. Logs are for operators, as everywhere."""
    group = app_commands.Group(name="traefik", description="What Traefik serves, and how it goes.")
    for made in (_routes, _logs, _describe):
        group.add_command(made(context.traefik))
    return group


def _routes(traefik: Traefik) -> Command:
    @app_commands.command(
        name="routes", description="Every route: by pod IPs or VIP, its servers, what is broken."
    )
    @app_commands.describe(private="Show it to you alone.")
    async def ask(interaction: discord.Interaction, private: bool = False) -> None:
        await acknowledge(interaction, private=private)
        await answer(interaction, discord_traefik.routes(await traefik.routes()))

    return ask


def _logs(traefik: Traefik) -> Command:
    @app_commands.command(
        name="logs",
        description="Failures by route, refused objects and servers, from all replicas' logs.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(
        route="Only this route.",
        since="How far back, such as 15m, 2h or 1d. Default: 1h.",
        private="Show it to you alone.",
    )
    async def ask(
        interaction: discord.Interaction,
        route: str | None = None,
        since: str | None = None,
        private: bool = False,
    ) -> None:
        await acknowledge(interaction, private=private)
        found = await traefik.logs(route, since_of(since) if since else None)
        await answer(interaction, discord_traefik.logs(found))

    _suggesting(ask, traefik)
    return ask


def _describe(traefik: Traefik) -> Command:
    @app_commands.command(name="describe", description="One route: rules, Services and servers.")
    @app_commands.describe(route="A route, or its host.", private="Show it to you alone.")
    async def ask(interaction: discord.Interaction, route: str, private: bool = False) -> None:
        await acknowledge(interaction, private=private)
        found, whole = await traefik.describe(route)
        await answer(interaction, discord_traefik.route(found, whole))

    _suggesting(ask, traefik)
    return ask


def _suggesting(ask: Command, traefik: Traefik) -> None:
    """Suggest live routes, from memory."""

    @ask.autocomplete("route")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return suggestions(await traefik.suggestions(typed, render.CHOICES))
