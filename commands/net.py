"""`/net`: where a route breaks, and what gets from node to node."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Self

import discord
from discord import app_commands

from bot.client import CIRCLE
from bot.core.access import Circle
from bot.diagnose import Diagnose
from bot.matrix import Mesh
from bot.render import discord as render
from bot.render import discord_diagnosis, discord_matrix
from bot.replies import acknowledge, answer
from commands.context import Context
from commands.report_controls import Controls

EVERY = 1.5
"""Seconds between two words of progress: Discord limits edits."""


def command(context: Context, _controls: Controls) -> app_commands.Group:
    """The group; its commands make pods, so they are for operators."""
    group = app_commands.Group(name="net", description="Test the network between the nodes.")
    group.add_command(_diagnose(context.diagnose))
    group.add_command(_matrix(context.mesh))
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
        async with Progress(interaction, route) as progress:
            found = await diagnose.diagnose(route, progress.note)
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


def _matrix(mesh: Mesh) -> app_commands.Command[Any, ..., None]:
    @app_commands.command(
        name="matrix",
        description="What gets from node to node: pod IP, VIP, large payloads, UDP.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.describe(node="Only to and from this node.", private="Show it to you alone.")
    async def ask(interaction: discord.Interaction, node: str = "", private: bool = False) -> None:
        await acknowledge(interaction, private=private)
        async with Progress(interaction, node or "every node") as progress:
            found = await mesh.measure(progress.note, node)
        await answer(interaction, discord_matrix.matrix(found))

    @ask.autocomplete("node")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = [name for name in await mesh.nodes() if typed.casefold() in name]
        return [app_commands.Choice(name=name, value=name) for name in names[: render.CHOICES]]

    return ask


class Progress:
    """Shows the newest word on what goes on, not more often than Discord likes."""

    def __init__(self, interaction: discord.Interaction, subject: str) -> None:
        self._interaction = interaction
        self._subject = subject
        self._news = asyncio.Event()
        self._said = ""

    async def __aenter__(self) -> Self:
        self._telling = asyncio.create_task(self._tell())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._telling.cancel()
        await asyncio.gather(self._telling, return_exceptions=True)

    def note(self, said: str) -> None:
        """Remember what goes on now."""
        self._said = said
        self._news.set()

    async def _tell(self) -> None:
        """Edit the answer while there is news, until it is cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            began = time.monotonic()
            await answer(self._interaction, discord_diagnosis.progress(self._subject, self._said))
            await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - began)))
