"""The button under a digest that shows the present health; its id also names the run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from discord import ui

from bot.chat.controls import Control
from bot.render import cards as render

PREFIX = "meshmedic:digest:"


class HealthNowButton(Control, template=re.compile(rf"{PREFIX}(?P<slot>[\w:.-]{{0,80}})")):
    """Shows the present report to one person."""


def rows(carried: str) -> Sequence[render.Row]:
    """The row under a digest; `carried` names its run, and is empty for `/digest now`."""
    run = carried.removeprefix(PREFIX) or "now"
    button: ui.Button[Any] = ui.Button(custom_id=f"{PREFIX}{run}", label="Health now")
    return [ui.ActionRow(HealthNowButton(button))]
