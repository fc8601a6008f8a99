"""`/net test`: one request from a pod or node to a URL or Service, step by step."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.net.views import discord_request as discord_reached
from bot.render import cards as render
from commands.autocomplete import suggestions
from commands.dependencies import Context
from commands.net.progress import Progress
from commands.net.retest import Again

NAME = "test"
BETWEEN = " "
"""Between start and goal in a button: neither holds one."""


def command(context: Context, again: Again) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete over nodes, pods and Services, from memory."""

    async def tell(interaction: discord.Interaction, asked: str, alone: bool) -> None:
        await acknowledge(interaction, private=alone)
        begin, _, end = asked.partition(BETWEEN)
        async with Progress(interaction, asked) as progress:
            found = await context.reach.test(begin, end, progress.note)
        await answer(interaction, discord_reached.reached(found, again.rows(NAME, asked)))

    @app_commands.command(
        name=NAME,
        description="One request, with DNS, connection, TLS and HTTP told apart.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.rename(begin="from", end="to")
    @app_commands.describe(
        begin="A node or a pod.",
        end="A URL, service.namespace[:port], or an address with its port.",
        private="Show it to you alone.",
    )
    async def ask(
        interaction: discord.Interaction, begin: str, end: str, private: bool = False
    ) -> None:
        await tell(interaction, f"{begin.strip()}{BETWEEN}{end.strip()}", private)

    @ask.autocomplete("begin")
    async def from_where(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return suggestions(await context.reach.starts(typed, render.CHOICES))

    @ask.autocomplete("end")
    async def to_where(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return suggestions(await context.reach.goals(typed, render.CHOICES))

    again.offer(NAME, tell)
    return ask
