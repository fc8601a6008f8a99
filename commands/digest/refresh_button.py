"""The button under a digest: the health of now. Its id holds the slot of its message, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from discord import ui

from bot.chat.controls import Control
from bot.render import cards as render

PREFIX = "meshmedic:digest:"


class HealthNowButton(Control, template=re.compile(rf"{PREFIX}(?P<slot>[\w:.-]{{0,80}})")):
    """Read the report of now, alone."""


def rows(carried: str) -> Sequence[render.Row]:
    """The row under a digest; `carried` is its slot, and empty for one that was asked for."""
    slot = carried.removeprefix(PREFIX) or "now"
    button: ui.Button[Any] = ui.Button(custom_id=f"{PREFIX}{slot}", label="Health now")
    return [ui.ActionRow(HealthNowButton(button))]
