"""The button under the answer of a test: the same test again, while the message stands."""

from __future__ import annotations

import re
from typing import Any

from discord import ui

from bot.chat.controls import LONGEST_ID, Control
from bot.domain.authorization import Role
from bot.render import cards as render

PREFIX = "meshmedic:again:"


class RetestButton(
    Control, template=re.compile(rf"{PREFIX}(?P<name>[a-z]+):(?P<asked>.*)", re.DOTALL)
):
    """Test again; the new answer stands below, so that the two can be compared."""

    role = Role.OPERATOR


def rows(test: str, question: str) -> list[render.Row]:
    """The row under an answer; none where the question is too long for a custom id."""
    custom_id = f"{PREFIX}{test}:{question}"
    if len(custom_id) > LONGEST_ID:
        return []
    button: ui.Button[Any] = ui.Button(custom_id=custom_id, label="Test again")
    return [ui.ActionRow(RetestButton(button))]
