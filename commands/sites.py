"""`/sites`: which sites answer."""

from __future__ import annotations

from discord import Interaction, app_commands
from discord.ext.commands import Cog

from bot.chat.replies import acknowledge, answer
from bot.health.service import Health
from bot.sites.views import discord as sites_cards


class SitesCog(Cog):
    """`/sites`, for viewers."""

    def __init__(self, health: Health) -> None:
        self._health = health

    @app_commands.command()
    async def sites(self, interaction: Interaction, private: bool = False) -> None:
        """Show which sites answer, which do not, since when and why.

        Args:
            private: Only you see the answer.
        """
        await acknowledge(interaction, private=private)
        sites = await self._health.sites()
        await answer(interaction, sites_cards.sites(sites if private else sites.public))
