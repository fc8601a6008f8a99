"""The button under a digest that shows the present health."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from discord import ui

from bot.chat.controls import Control
from bot.render import cards as render

PREFIX = "meshmedic:digest:"


class HealthNowButton(Control, template=re.compile(rf"{PREFIX}[\w:.-]{{0,80}}")):
    """Shows the present report to one person. In 0.1.0 its id also names the digest's run."""


def rows() -> Sequence[render.Row]:
    """The row under a digest."""
    button: ui.Button[Any] = ui.Button(custom_id=f"{PREFIX}now", label="Health now")
    return [ui.ActionRow(HealthNowButton(button))]
