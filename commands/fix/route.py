"""`/fix route`: what the evidence supports, as a plan for somebody to approve."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.errors import MeshmedicError
from bot.remediation.change.change import Card
from bot.remediation.change.plan import Method
from bot.remediation.planning.refusals import PlanRefusal
from bot.remediation.service import Proposal, RemediationService
from bot.remediation.views import discord as discord_change
from bot.remediation.views.text import WAYS
from bot.render import cards as render
from commands.autocomplete import suggestions
from commands.dependencies import Context
from commands.fix.controls import FixControls
from commands.net.diagnose import short
from commands.net.progress import Progress

CHOICES = [app_commands.Choice(name=label, value=str(way)) for way, label in WAYS.items()]


def command(context: Context, controls: FixControls) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete over live routes, from memory."""

    async def propose(interaction: discord.Interaction, asked: str, way: Method | None) -> None:
        await acknowledge(interaction, private=False)
        async with Progress(interaction, asked) as progress:
            made = await context.remediation.propose(
                asked, way, str(interaction.user.id), progress.note
            )
        if isinstance(made, PlanRefusal):
            await answer(interaction, discord_change.refusal(asked, made))
        else:
            await show(interaction, context.remediation, controls, made)

    @app_commands.command(
        name="route",
        description="Diagnose a route and propose the smallest repair that the evidence supports.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(
        route="A route, or its host.", way="How. Default: the smallest change that helps."
    )
    @app_commands.choices(way=CHOICES)
    async def ask(interaction: discord.Interaction, route: str, way: str | None = None) -> None:
        await propose(interaction, route, Method(way) if way else None)

    @ask.autocomplete("route")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await routes(context, typed)

    controls.proposes["propose"] = propose
    return ask


async def routes(context: Context, typed: str) -> list[app_commands.Choice[str]]:
    """Routes that hold what was typed; a Service is none."""
    found = await context.diagnose.suggestions(typed, render.CHOICES)
    return suggestions(short(route) for route in found if not route.startswith("service/"))


async def show(
    interaction: discord.Interaction,
    remediation: RemediationService,
    controls: FixControls,
    made: Proposal,
) -> None:
    """Answer with the card of a proposal, and remember where it stands."""
    await answer(interaction, card(remediation, controls, made))
    await remember(remediation, made, await interaction.original_response())


def card(remediation: RemediationService, controls: FixControls, made: Proposal) -> render.Card:
    """A proposal with its buttons."""
    rows = controls.rows(made.change, made.offers)
    return discord_change.change(made.change, rows, remediation.clock())


async def remember(
    remediation: RemediationService,
    made: Proposal,
    message: discord.Message | discord.InteractionMessage,
) -> None:
    """Note the message, so that it is kept true; buttons look everything up all the same."""
    with suppress(MeshmedicError):
        await remediation.shown_in(made.change.name, Card(message.channel.id, message.id))
