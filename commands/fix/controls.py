"""The buttons of a change, which work as long as its message exists, also after a restart.

The change, the person's roles and the policy are looked up at the click.
"""

from __future__ import annotations

import re
from typing import Any

import discord
from discord import ui

from bot.chat.controls import LONGEST_ID, Control
from bot.domain.authorization import Role
from bot.remediation.change.change import Change
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from bot.remediation.planning.offers import Offers
from bot.remediation.views.text import METHODS
from bot.render import cards as render

NAME = r"[a-z0-9][a-z0-9-]{0,80}"
MOST_WAYS = 3

STYLES = {
    "approve": discord.ButtonStyle.success,
    "reject": discord.ButtonStyle.danger,
    "rollback": discord.ButtonStyle.danger,
    "details": discord.ButtonStyle.secondary,
}
LABELS = {
    "approve": "Approve",
    "reject": "Reject",
    "rollback": "Roll back",
    "details": "Details",
}
NEEDS = {"details": Role.VIEWER}
"""Roles for buttons; all others need an approver."""

OFFERED = {
    ChangeState.PROPOSED: ("approve", "reject", "details"),
    ChangeState.DONE: ("rollback", "details"),
}


class ChangeButton(
    Control,
    template=re.compile(
        rf"meshmedic:change:(?P<verb>approve|reject|details|rollback):(?P<name>{NAME})"
    ),
):
    """Approve, reject, look into, or roll back one change."""

    @property
    def needed(self) -> Role:
        """The role that a person needs: viewer for details, else approver."""
        return NEEDS.get(self["verb"], Role.APPROVER)


class MethodButton(
    Control,
    template=re.compile(rf"meshmedic:fix:(?P<way>{'|'.join(Method)}):(?P<asked>.*)", re.DOTALL),
):
    """Propose the same repair by another method."""

    role = Role.APPROVER


def rows(change: Change, offers: Offers | None = None) -> list[render.Row]:
    """The buttons of a change in its state, and the other methods while it is proposed."""
    buttons = (
        ui.Button[Any](
            custom_id=f"meshmedic:change:{verb}:{change.name}",
            label=LABELS[verb],
            style=STYLES[verb],
        )
        for verb in OFFERED.get(change.state, ("details",))
    )
    rows: list[render.Row] = [ui.ActionRow(*map(ChangeButton, buttons))]
    if change.state is ChangeState.PROPOSED and offers:
        others = [plan.way for plan in offers.plans if plan.way is not change.plan.way]
        rows += method_rows(change.plan.asked, others, "Instead: ")
    return rows


def method_rows(route: str, methods: list[Method], before: str = "") -> list[render.Row]:
    """A button for each method; none where the route's name is too long for a custom id.

    before: What a label begins with.
    """
    ids = {method: f"meshmedic:fix:{method}:{route}" for method in methods}
    buttons = [
        MethodButton(ui.Button(custom_id=custom_id, label=f"{before}{METHODS[method]}"))
        for method, custom_id in ids.items()
        if len(custom_id) <= LONGEST_ID
    ]
    return [ui.ActionRow(*buttons[:MOST_WAYS])] if buttons else []
