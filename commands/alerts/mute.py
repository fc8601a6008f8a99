"""`/mute add` and `/mute list`: silence that somebody asked for, by name and until a time."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.render import cards as render
from commands.autocomplete import findings, suggestions
from commands.dependencies import Context
from commands.health.controls import Controls


def command(context: Context, _controls: Controls) -> app_commands.Group:
    """The group. Discord lets no command stand beside its subcommands, hence `add`."""
    group = app_commands.Group(name="mute", description="Silence alerts for a while.")
    group.add_command(_add(context))
    group.add_command(_list(context))
    return group


def _add(context: Context) -> app_commands.Command[Any, ..., None]:
    @app_commands.command(
        name="add",
        description="No alerts of a finding, a namespace or a check for a while.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(
        what="A finding's code, a namespace or a check.", time="As in 30m, 4h, 2d.", reason="Why."
    )
    async def add(interaction: discord.Interaction, what: str, time: str, reason: str = "") -> None:
        await acknowledge(interaction, private=False)
        by = interaction.user.display_name
        made = await context.silences.mute(what, time, by, reason)
        await answer(interaction, render.note(f"{made.shown}: {made.line()}"))

    @add.autocomplete("what")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        found = findings(await context.health.present(typed, render.CHOICES))
        places = suggestions(context.silences.places(typed))
        return [*found, *places][: render.CHOICES]

    return add


def _list(context: Context) -> app_commands.Command[Any, ..., None]:
    @app_commands.command(name="list", description="What is muted, by whom and until when.")
    async def listed(interaction: discord.Interaction) -> None:
        await acknowledge(interaction, private=True)
        held = await context.silences.list()
        lines = [f"{mute.name} · {mute.shown}: {mute.line()}" for mute in held]
        found = await context.silences.annotated()
        lines += [f"{finding.subject}: {line}" for finding, line in found.items()]
        shown = "\n".join(lines[:SHOWN]) or "Nothing is muted."
        more = f"\nand {len(lines) - SHOWN:,} more" if len(lines) > SHOWN else ""
        await answer(interaction, render.note(shown + more))

    return listed


SHOWN = 8
