"""`/net tool`: one of netshoot's tools on a node, against the cluster."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.errors import InputError
from bot.net.tools.service import Tool
from bot.net.views import discord_tool as discord_ran
from bot.render import cards as render
from commands.autocomplete import suggestions
from commands.dependencies import Context
from commands.net.progress import Progress
from commands.net.retest import Again

NAME = "tool"
PARTS = 3
"""Tool, node and target, which hold no space; options follow."""


def command(context: Context, again: Again) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete over nodes and targets, from memory."""

    async def tell(interaction: discord.Interaction, asked: str, alone: bool) -> None:
        await acknowledge(interaction, private=alone)
        tool, node, target, options = _read(asked)
        async with Progress(interaction, asked) as progress:
            ran = await context.netshoot.run(tool, node, target, options, progress.note)
        await answer(interaction, discord_ran.ran(ran, again.rows(NAME, asked)))

    @app_commands.command(
        name=NAME,
        description="Run dig, curl, ping, tracepath or mtr on a node, in a short-lived pod.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.choices(tool=[app_commands.Choice(name=tool, value=tool) for tool in Tool])
    @app_commands.describe(
        tool="What to run.",
        node="Where to run it.",
        target="A node, namespace/name, a name or an address; a URL for curl.",
        options="Such as: -c 5. Anything that is not listed is refused with the list.",
        private="Show it to you alone.",
    )
    async def ask(
        interaction: discord.Interaction,
        tool: str,
        node: str,
        target: str,
        options: str = "",
        private: bool = False,
    ) -> None:
        words = [tool, node.strip(), target.strip(), *options.split()]
        await tell(interaction, " ".join(words), private)

    @ask.autocomplete("node")
    async def on_which(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return suggestions(await context.netshoot.nodes(typed, render.CHOICES))

    @ask.autocomplete("target")
    async def at_what(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return suggestions(await context.netshoot.targets(typed, render.CHOICES))

    again.offer(NAME, tell)
    return ask


def _read(asked: str) -> tuple[Tool, str, str, str]:
    """Tool, node, target and options.

    Raises:
        InputError: One of them is missing, or it is no tool.
    """
    words = asked.split(" ", PARTS)
    if len(words) < PARTS or words[0] not in list(Tool) or "" in words[1:PARTS]:
        raise InputError(f"Name a tool ({', '.join(Tool)}), a node, and a target without spaces.")
    return Tool(words[0]), words[1], words[2], words[3] if len(words) > PARTS else ""
