"""`/help`: what you can ask, by example. The button under the bot's first message is the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from discord import Interaction, app_commands, ui

from bot.chat.client import Client
from bot.chat.controls import CogWithControls, Control
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Role
from bot.render import cards as render
from commands.help_page import page


class HelpButton(Control, template=re.compile(r"meshmedic:help:(?P<under>\w{0,40})")):
    """Shows `/help` to one person; `under` names the message that it stands under."""


def rows(under: str) -> Sequence[render.Row]:
    """The row with that button."""
    button: ui.Button[Any] = ui.Button(custom_id=f"meshmedic:help:{under}", label="What can I ask?")
    return [ui.ActionRow(HelpButton(button))]


class HelpCog(CogWithControls):
    """`/help`, for viewers, each of whom sees what their own role allows."""

    def __init__(self) -> None:
        self.controls = {HelpButton: self._press}

    @app_commands.command()
    async def help(self, interaction: Interaction[Client]) -> None:
        """What you can ask, by example."""
        await self._show(interaction)

    async def _press(self, interaction: Interaction[Any], _control: Control) -> None:
        await self._show(interaction)

    async def _show(self, interaction: Interaction[Client]) -> None:
        await acknowledge(interaction, private=True)
        held = (role for role in reversed(Role) if interaction.client.permits(interaction, role))
        await answer(interaction, page(next(held, Role.VIEWER)))
