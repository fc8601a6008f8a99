"""The button under a digest: the health of now; it carries the slot of its message, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.chat.client import Client
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.health.service import Health
from bot.render import cards as render

PREFIX = "meshmedic:digest:"


def button(health: Health) -> type[Any]:
    """The class of the button, which knows what to ask."""

    class HealthNow(
        ui.DynamicItem[ui.Button[Any]], template=re.compile(rf"{PREFIX}(?P<slot>[\w:.-]{{0,80}})")
    ):
        """The report of now, to whoever asks alone."""

        def __init__(self, slot: str) -> None:
            super().__init__(ui.Button(custom_id=f"{PREFIX}{slot}", label="Health now"))

        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], _item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(match["slot"])

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            client: Client = interaction.client
            await client.guarded(interaction, Circle.VIEWER, _told(interaction, health))

    return HealthNow


def rows(made: type[Any], carried: str) -> Sequence[render.Row]:
    """The row under a digest; `carried` is the slot, and empty for one that was asked for."""
    return [ui.ActionRow(made(carried.removeprefix(PREFIX) or "now"))]


async def _told(interaction: discord.Interaction, health: Health) -> None:
    await acknowledge(interaction, private=True)
    await answer(interaction, render.report(await health.check()))
