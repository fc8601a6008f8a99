"""`/net matrix`: what gets from node to node, in words and as a picture."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.net.views import chart as heat_map
from bot.net.views import discord_matrix
from bot.render import cards as render
from commands.dependencies import Context
from commands.net.progress import Progress
from commands.net.retest import Again

NAME = "matrix"


def command(context: Context, again: Again) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete over the nodes, from memory."""

    async def tell(interaction: discord.Interaction, node: str, alone: bool) -> None:
        await acknowledge(interaction, private=alone)
        async with Progress(interaction, node or "every node") as progress:
            found = await context.mesh.measure(progress.note, node)
            progress.note("Drawing.")
            drawn = await context.draw(heat_map.heat_map(found))
        rows = again.rows(NAME, node)
        await answer(interaction, discord_matrix.matrix(found, drawn, rows))

    @app_commands.command(
        name=NAME,
        description="What gets from node to node: pod IP, VIP, large payloads, UDP, DNS.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(node="Only to and from this node.", private="Show it to you alone.")
    async def ask(interaction: discord.Interaction, node: str = "", private: bool = False) -> None:
        await tell(interaction, node, private)

    @ask.autocomplete("node")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = [name for name in await context.mesh.nodes() if typed.casefold() in name]
        return [app_commands.Choice(name=name, value=name) for name in names[: render.CHOICES]]

    again.offer(NAME, tell)
    return ask
