"""The button under the answer of a test: the same test again, for as long as the message stands."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord
from discord import ui

from bot.chat.client import Client
from bot.domain.authorization import Circle
from bot.errors import InputError
from bot.render import cards as render

Test = Callable[[discord.Interaction, str, bool], Awaitable[None]]
"""Acknowledges, tests what was asked and answers; the last says whether to one person alone."""

PREFIX = "meshmedic:again:"
LONGEST = 100
"""Characters of a custom id."""


class Again:
    """The tests that can be asked again, by name, and the button that does."""

    def __init__(self) -> None:
        self._tests: dict[str, Test] = {}
        self.button = _button(self._tests)

    def offer(self, name: str, test: Test) -> None:
        """Let that test be asked again."""
        self._tests[name] = test

    def rows(self, name: str, asked: str) -> list[render.Row]:
        """The row under an answer; none where what was asked is too long to be remembered."""
        if len(PREFIX) + len(name) + 1 + len(asked) > LONGEST:
            return []
        return [ui.ActionRow(self.button(name, asked))]


def _button(tests: dict[str, Test]) -> type[Any]:
    class TestAgain(
        ui.DynamicItem[ui.Button[Any]],
        template=re.compile(rf"{PREFIX}(?P<name>[a-z]+):(?P<asked>.*)", re.DOTALL),
    ):
        """Test again; the new answer stands below, so that the two can be compared."""

        def __init__(self, name: str, asked: str) -> None:
            self.name = name
            self.asked = asked
            custom_id = f"{PREFIX}{name}:{asked}"
            super().__init__(ui.Button(custom_id=custom_id, label="Test again"))

        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], _item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(match["name"], match["asked"])

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            client: Client = interaction.client
            await client.guarded(interaction, Circle.OPERATOR, self._test(interaction))

        async def _test(self, interaction: discord.Interaction[Any]) -> None:
            test = tests.get(self.name)
            if test is None:
                raise InputError("This test is no longer known. Please ask anew.")
            alone = bool(interaction.message and interaction.message.flags.ephemeral)
            await test(interaction, self.asked, alone)

    return TestAgain
