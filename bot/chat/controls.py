"""Buttons and selects that work as long as their message exists, also after a restart."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

import discord
from discord import ui
from discord.ext.commands import Cog

from bot.domain.authorization import Role
from bot.errors import InputError

if TYPE_CHECKING:
    from bot.chat.client import Client

LONGEST_ID = 100
"""Characters of a custom id, by Discord's limit."""


LONGEST_NUMBER = 20
"""Digits of one of Discord's ids, which have 64 bits."""


class Control(ui.DynamicItem[Any], template=re.compile("(?!)")):
    """A button or select whose custom id holds all that its handler needs.

    A subclass describes the ids by its `template`; `role` is the one that may use it. Its
    handler is given to the client.
    """

    role: ClassVar[Role] = Role.VIEWER

    @property
    def needed(self) -> Role:
        """The role that a person needs to use it."""
        return self.role

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: Any, _match: re.Match[str], /
    ) -> Self:
        """The control that was clicked."""
        return cls(item)

    def __getitem__(self, name: str) -> str:
        """The named part of the custom id."""
        match = self.template.fullmatch(self.custom_id)
        return match[name] if match else ""

    @property
    def chosen(self) -> str:
        """The value that was chosen in a select. Whoever sends the click may send any.

        Raises:
            InputError: It is not one value.
        """
        match getattr(self.item, "values", None):
            case [str(value)]:
                return value
        raise InputError("Choose one entry of the list.")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Let the client check the person and call the handler."""
        client: Client = interaction.client
        await client.answer_control(interaction, self)


def chosen_id(interaction: discord.Interaction[Any]) -> int:
    """The id that was chosen in a select of channels; 0 for none. It may be any number.

    The library leaves out what Discord didn't resolve, so that a made-up id would look like none.

    Raises:
        InputError: It is more than one, or no id.
    """
    match dict(interaction.data or {}).get("values"):
        case []:
            return 0
        case [str(value)] if value.isascii() and value.isdecimal() and len(value) <= LONGEST_NUMBER:
            return int(value)
    raise InputError("Choose one channel of the list.")


ControlHandler: TypeAlias = Callable[[discord.Interaction[Any], Control], Awaitable[None]]
"""Acknowledges a click and answers it."""


class CogWithControls(Cog):
    """A group of commands with buttons or selects under its answers, each kind with its handler."""

    controls: Mapping[type[Control], ControlHandler]
