"""The buttons of a change, for as long as its message stands: restarts do not matter to them.

What they mean is looked up at the click: the change in the cluster, the person's roles, the policy.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord
from discord import ui

from bot.chat.client import Client
from bot.domain.authorization import Circle
from bot.remediation.change.change import Change
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from bot.remediation.planning.offers import Offers
from bot.remediation.views.text import WAYS
from bot.render import cards as render

NAME = r"[a-z0-9][a-z0-9-]{0,80}"
LONGEST = 100
"""Characters of a custom id."""

MOST_WAYS = 3

Press = Callable[[discord.Interaction, str], Awaitable[None]]
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
NEEDS = {"details": Circle.VIEWER}
"""Everything else is for approvers."""

OFFERED = {
    ChangeState.PROPOSED: ("approve", "reject", "details"),
    ChangeState.DONE: ("rollback", "details"),
}


class FixControls:
    """The buttons, and what they do: bound once, in the composition root."""

    def __init__(self) -> None:
        self.presses: dict[str, Press] = {}
        self.proposes: dict[str, Callable[[discord.Interaction, str, Method], Awaitable[None]]] = {}
        self.act = _act(self.presses)
        self.way = _way(self.proposes)

    def rows(self, change: Change, offers: Offers | None = None) -> list[render.Row]:
        """The buttons of a change in its present state, and the other ways where it is open."""
        verbs = OFFERED.get(change.state, ("details",))
        rows: list[render.Row] = [ui.ActionRow(*(self.act(verb, change.name) for verb in verbs))]
        if change.state is ChangeState.PROPOSED and offers:
            others = [plan.way for plan in offers.plans if plan.way is not change.plan.way]
            rows += self.ways(change.plan.asked, others)
        return rows

    def ways(self, asked: str, ways: list[Method]) -> list[render.Row]:
        """A button for each way; none where what was asked is too long to be remembered."""
        fitting = [way for way in ways if len(_way_id(way, asked)) <= LONGEST][:MOST_WAYS]
        return [ui.ActionRow(*(self.way(method, asked) for method in fitting))] if fitting else []


def _act(presses: dict[str, Press]) -> type[Any]:
    class Act(
        ui.DynamicItem[ui.Button[Any]],
        template=re.compile(
            rf"meshmedic:change:(?P<verb>approve|reject|details|rollback):(?P<name>{NAME})"
        ),
    ):
        """Approve, reject, look into, or take back one change."""

        def __init__(self, verb: str, name: str) -> None:
            self.verb = verb
            self.name = name
            custom_id = f"meshmedic:change:{verb}:{name}"
            super().__init__(ui.Button(custom_id=custom_id, label=LABELS[verb], style=STYLES[verb]))

        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], _item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(match["verb"], match["name"])

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            client: Client = interaction.client
            needed = NEEDS.get(self.verb, Circle.APPROVER)
            await client.guarded(interaction, needed, presses[self.verb](interaction, self.name))

    return Act


def _way(proposes: dict[str, Any]) -> type[Any]:
    class Choose(
        ui.DynamicItem[ui.Button[Any]],
        template=re.compile(rf"meshmedic:fix:(?P<way>{'|'.join(Method)}):(?P<asked>.*)", re.DOTALL),
    ):
        """Propose the same repair by another way."""

        def __init__(self, way: Method, asked: str) -> None:
            self.chosen = way
            self.asked = asked
            label = f"Instead: {WAYS[way]}"
            super().__init__(ui.Button(custom_id=_way_id(way, asked), label=label))

        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], _item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(Method(match["way"]), match["asked"])

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            client: Client = interaction.client
            proposed = proposes["propose"](interaction, self.asked, self.chosen)
            await client.guarded(interaction, Circle.APPROVER, proposed)

    return Choose


def _way_id(way: Method, asked: str) -> str:
    return f"meshmedic:fix:{way}:{asked}"
