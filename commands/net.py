"""`/net diagnose`: where a route breaks, and what will and what will not help."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import discord
from discord import app_commands

from bot.client import CIRCLE
from bot.core.access import Circle
from bot.diagnose import Diagnose
from bot.render import discord as render
from bot.render import discord_diagnosis
from bot.replies import acknowledge, answer
from commands.context import Context
from commands.report_controls import Controls

EVERY = 1.5
"""Seconds between two words of progress: Discord limits edits."""


def command(context: Context, _controls: Controls) -> app_commands.Group:
    """The group; its commands make pods, so they are for operators."""
    group = app_commands.Group(name="net", description="Test the network between the nodes.")
    group.add_command(_diagnose(context.diagnose))
    return group


def _diagnose(diagnose: Diagnose) -> app_commands.Command[Any, ..., None]:
    @app_commands.command(
        name="diagnose",
        description="Where a route breaks, and whether nativeLB would help.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(
        route="A route, its host, or a Service.", private="Show it to you alone."
    )
    async def ask(interaction: discord.Interaction, route: str, private: bool = False) -> None:
        await acknowledge(interaction, private=private)
        progress = Progress(interaction, route)
        telling = asyncio.create_task(progress.tell())
        try:
            found = await diagnose.diagnose(route, progress.note)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        await answer(interaction, discord_diagnosis.diagnosis(found, []))

    @ask.autocomplete("route")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = await diagnose.suggestions(typed, render.CHOICES)
        return [
            app_commands.Choice(name=name[: render.LABEL], value=name[: render.LABEL])
            for name in names
        ]

    return ask


class Progress:
    """Shows the newest word on what goes on, not more often than Discord likes."""

    def __init__(self, interaction: discord.Interaction, subject: str) -> None:
        self._interaction = interaction
        self._subject = subject
        self._news = asyncio.Event()
        self._said = ""

    def note(self, said: str) -> None:
        """Remember what goes on now."""
        self._said = said
        self._news.set()

    async def tell(self) -> None:
        """Edit the answer while there is news, until it is cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            began = time.monotonic()
            await answer(self._interaction, discord_diagnosis.progress(self._subject, self._said))
            await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - began)))
