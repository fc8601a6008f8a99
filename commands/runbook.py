"""`/runbook`: the documented knowledge, page by page, searchable."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.replies import acknowledge, answer
from bot.render import cards as render
from commands.dependencies import Context
from commands.health.controls import Controls


def command(context: Context, _controls: Controls) -> app_commands.Command[Any, ..., None]:
    """The command, with autocomplete that searches titles and texts."""

    @app_commands.command(name="runbook", description="What the homelab's runbook says.")
    @app_commands.describe(topic="A topic, or words to look for.", private="Show it to you alone.")
    async def runbook(interaction: discord.Interaction, topic: str, private: bool = False) -> None:
        await acknowledge(interaction, private=private)
        page = context.runbook.page(topic)
        await answer(interaction, render.topic(page.title, page.text))

    @runbook.autocomplete("topic")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        pages = context.runbook.search(typed)[: render.CHOICES]
        return [app_commands.Choice(name=page.title, value=page.name) for page in pages]

    return runbook
