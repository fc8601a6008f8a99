"""`/doctor`: what is set up wrongly, and how to fix it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from discord import Interaction, app_commands
from discord.ext.commands import Cog

from bot.chat.client import OPERATORS, Client
from bot.chat.replies import acknowledge, answer
from bot.digest.domain.config import DigestFacts
from bot.doctor import discord_facts
from bot.doctor.domain.facts import Setup
from bot.doctor.service import Doctor, DoctorCluster, RepositoryReader
from bot.doctor.views import discord as render


class DoctorCog(Cog):
    """`/doctor`: for operators and shown to them alone, since it tells how the cluster is guarded.

    `setup` is what the settings say, and `digest_facts` what is stored of digests.
    """

    def __init__(
        self,
        cluster: DoctorCluster,
        setup: Setup,
        digest_facts: Callable[[], Awaitable[DigestFacts]],
        repository: RepositoryReader | None = None,
    ) -> None:
        self._cluster = cluster
        self._setup = setup
        self._digest_facts = digest_facts
        self._repository = repository

    @app_commands.command(extras=OPERATORS)
    async def doctor(self, interaction: Interaction[Client]) -> None:
        """What is set up wrongly, and how to fix it."""
        await acknowledge(interaction, private=True)
        client = interaction.client
        channel = discord_facts.channel_of(interaction)
        connection = discord_facts.DiscordFactsReader(client, client.dates, channel)
        doctor = Doctor(
            connection,
            self._cluster,
            self._setup,
            self._digest_facts,
            repository=self._repository,
        )
        await answer(interaction, render.report(await doctor.examine()))
