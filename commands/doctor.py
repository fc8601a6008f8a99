"""`/doctor`: what is set up wrongly, and how to fix it."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE, Client
from bot.chat.replies import acknowledge, answer
from bot.doctor import discord_facts as standing
from bot.doctor.domain.facts import Setup
from bot.doctor.service import Doctor
from bot.doctor.views import discord as render
from bot.domain.authorization import Circle
from commands.dependencies import Context
from commands.health.controls import Controls


def command(context: Context, _controls: Controls) -> app_commands.Command[Any, ..., None]:
    """The command: for operators, since it tells how the cluster is guarded, and to them alone."""

    @app_commands.command(
        name="doctor",
        description="What is set up wrongly, and how to fix it.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    async def doctor(interaction: discord.Interaction[Client]) -> None:
        await acknowledge(interaction, private=True)
        client = interaction.client
        setup = Setup(
            guild_id=client.guild_id,
            circles=client.circles,
            commands=standing.payload(client.tree),
            namespaces=context.watched,
            secret_inventory=context.secret_inventory,
            state_namespace=context.state_namespace,
            uses=context.uses,
        )
        here = standing.channel_of(interaction)
        live = standing.Live(client, client.dates, here)
        doctor_now = Doctor(
            live,
            context.cluster,
            setup,
            context.digests.facts,
            repository=context.repository,
        )
        found = await doctor_now.examine()
        await answer(interaction, render.check_up(found))

    return doctor
