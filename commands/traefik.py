"""`/traefik`: what it serves, what its logs tell, one route in full."""

from __future__ import annotations

from discord import Interaction, app_commands
from discord.ext.commands import Cog

from bot.chat.client import OPERATORS
from bot.chat.replies import acknowledge, answer
from bot.render import cards as render
from bot.traefik.service import Traefik, since_of
from bot.traefik.views import discord as discord_traefik
from commands.autocomplete import Choices, suggestions


class TraefikCog(Cog):
    """`/traefik`. Logs are for operators, as everywhere."""

    traefik = app_commands.Group(name="traefik", description="Traefik's routes and errors.")

    def __init__(self, traefik: Traefik) -> None:
        self._traefik = traefik

    async def _suggest_route(self, _interaction: Interaction, typed: str) -> Choices:
        return suggestions(await self._traefik.suggestions(typed, render.CHOICES))

    @traefik.command()
    async def routes(self, interaction: Interaction, private: bool = False) -> None:
        """List Traefik's routes and what is broken.

        Args:
            private: Only you see the answer.
        """
        await acknowledge(interaction, private=private)
        await answer(interaction, discord_traefik.routes(await self._traefik.routes()))

    @traefik.command(extras=OPERATORS)
    @app_commands.autocomplete(route=_suggest_route)
    async def logs(
        self,
        interaction: Interaction,
        route: str | None = None,
        since: str | None = None,
        private: bool = False,
    ) -> None:
        """Show failures by route, refused objects and servers, from all replicas' logs.

        Args:
            route: Only this route.
            since: How far back, for example 15m, 2h or 1d. Default: 1h.
            private: Only you see the answer.
        """
        await acknowledge(interaction, private=private)
        summary = await self._traefik.logs(route, since_of(since) if since else None)
        await answer(interaction, discord_traefik.logs(summary))

    @traefik.command()
    @app_commands.autocomplete(route=_suggest_route)
    async def describe(self, interaction: Interaction, route: str, private: bool = False) -> None:
        """Show one route: rules, Services and servers.

        Args:
            route: A route, or its host.
            private: Only you see the answer.
        """
        await acknowledge(interaction, private=private)
        described, view = await self._traefik.describe(route)
        await answer(interaction, discord_traefik.route(described, view))
