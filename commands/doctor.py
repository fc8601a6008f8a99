"""`/doctor`: what is set up wrongly, and how to fix it."""

from __future__ import annotations

from discord import Interaction, app_commands
from discord.ext.commands import Cog

from bot.chat.client import OPERATORS, Client
from bot.chat.replies import acknowledge, answer
from bot.doctor.discord_facts import DiscordFactsReader, channel_of
from bot.doctor.service import Doctor
from bot.doctor.views import discord as views


class DoctorCog(Cog):
    """`/doctor`: for operators and shown to them alone: it tells how the cluster is guarded."""

    def __init__(self, doctor: Doctor) -> None:
        self._doctor = doctor

    @app_commands.command(extras=OPERATORS)
    async def doctor(self, interaction: Interaction[Client]) -> None:
        """Check the set-up of Discord and the cluster, and how to fix it."""
        await acknowledge(interaction, private=True)
        client = interaction.client
        connection = DiscordFactsReader(client, client.trace, channel_of(interaction))
        await answer(interaction, views.report(await self._doctor.examine(connection)))
