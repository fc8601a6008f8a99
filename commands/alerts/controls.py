"""The buttons under an alert: mute it, say that it was seen, end the silence."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.alerting.silences import ACKNOWLEDGED, Silences
from bot.chat.client import Client
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.domain.finding import Finding
from bot.errors import InputError
from bot.render import cards as render

LABELS = {"mute": "Mute 4 h", "ack": "Seen", "unmute": "Unmute"}
MUTED = "4h"


def rows(button: type[Any], finding: Finding) -> list[render.Row]:
    """The row under an alert."""
    return [ui.ActionRow(*(button(act, finding.code) for act in LABELS))]


def button(silences: Silences) -> type[Any]:
    """The buttons, bound to the use case."""

    async def act(interaction: discord.Interaction, name: str, code: str) -> None:
        await acknowledge(interaction, private=True)
        await answer(interaction, render.note(await _did(silences, interaction, name, code)))

    class Silence(
        ui.DynamicItem[ui.Button[Any]],
        template=re.compile(r"meshmedic:alert:(?P<act>mute|ack|unmute):(?P<code>[0-9a-z]{7})"),
    ):
        """One of the three."""

        def __init__(self, act: str, code: str) -> None:
            self.act, self.code = act, code
            custom_id = f"meshmedic:alert:{act}:{code}"
            super().__init__(ui.Button(custom_id=custom_id, label=LABELS[act]))

        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], _item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(match["act"], match["code"])

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            client: Client = interaction.client
            did = act(interaction, self.act, self.code)
            await client.guarded(interaction, Circle.OPERATOR, did)

    return Silence


async def _did(silences: Silences, interaction: discord.Interaction, name: str, code: str) -> str:
    by = interaction.user.display_name
    match name:
        case "mute":
            return (await silences.mute(code, MUTED, by)).line()
        case "ack":
            return (await silences.mute(code, ACKNOWLEDGED, by, acknowledged=True)).line()
        case "unmute":
            await silences.unmute(code)
            return "It is muted no more."
    msg = "This button is no longer known."
    raise InputError(msg)
