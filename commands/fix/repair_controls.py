"""Under an alert whose routes nativeLB is proven to help: the way to `/fix route`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.chat.controls import LONGEST_ID, Control
from bot.domain.authorization import Role
from bot.render import cards as render

PREFIX = "meshmedic:repair:"


class RepairButton(Control, template=re.compile(rf"{PREFIX}(?P<asked>.+)", re.DOTALL)):
    """Proposes the smallest repair of a route, as `/fix route` does."""

    role = Role.OPERATOR


class RepairSelect(Control, template=re.compile("meshmedic:repair-one")):
    """The same for one of several routes."""

    role = Role.OPERATOR


def button(routes: Sequence[str]) -> RepairButton | None:
    """The button for the only route; None for several, or one whose name is too long for an id."""
    if len(routes) != 1 or len(PREFIX + routes[0]) > LONGEST_ID:
        return None
    return RepairButton(ui.Button(custom_id=PREFIX + routes[0], label="Fix…"))


def rows(routes: Sequence[str]) -> list[render.Row]:
    """The menu of several routes; none where there is one at most."""
    names = [name for name in dict.fromkeys(routes) if len(name) <= render.LABEL]
    if len(names) <= 1:
        return []
    options = [discord.SelectOption(label=name, value=name) for name in names[: render.CHOICES]]
    select: ui.Select[Any] = ui.Select(
        custom_id="meshmedic:repair-one", placeholder="Fix… (choose a route)", options=options
    )
    return [ui.ActionRow(RepairSelect(select))]
