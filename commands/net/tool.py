"""`/net tool`: the documented netshoot, one allow-listed command from a node."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.client import CIRCLE
from bot.core.access import Circle
from bot.netshoot import Tool
from bot.render import discord as render
from bot.render import discord_tool
from bot.replies import acknowledge, answer
from commands.again import Again
from commands.context import Context
from commands.net.progress import Progress


def command(context: Context, _again: Again) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete over nodes, and over nodes and Services, from memory."""
    netshoot = context.netshoot

    @app_commands.command(
        name="tool",
        description="Run dig, curl, ping, tracepath or mtr from a node, in a short-lived pod.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(
        tool="What to run.",
        node="Where to run it.",
        target="A node, namespace/service, a name or address of the cluster; for curl also a URL.",
        options="From a short list, such as -c 5 or +short.",
        private="Show it to you alone.",
    )
    async def ask(
        interaction: discord.Interaction,
        tool: Tool,
        node: str,
        target: str,
        options: str = "",
        private: bool = False,
    ) -> None:
        await acknowledge(interaction, private=private)
        async with Progress(interaction, f"{tool} {target}") as progress:
            ran = await netshoot.run(tool, node.strip(), target.strip(), options, progress.note)
        await answer(interaction, discord_tool.tool(ran))

    @ask.autocomplete("node")
    async def on_which(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return _choices(await netshoot.nodes(typed, render.CHOICES))

    @ask.autocomplete("target")
    async def at_what(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return _choices(await netshoot.targets(typed, render.CHOICES))

    return ask


def _choices(names: tuple[str, ...]) -> list[app_commands.Choice[str]]:
    fitting = [name for name in names if len(name) <= render.LABEL]
    return [app_commands.Choice(name=name, value=name) for name in fitting]
