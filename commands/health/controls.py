"""What hangs on a report: a select to drill into a finding, and a button to export.

Both carry how to ask again, so they work after a restart, when the report itself is forgotten.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Self

import discord
from discord import ui

from bot.chat.client import Client
from bot.chat.replies import acknowledge, answer
from bot.domain.authorization import Circle
from bot.domain.check import SCOPES
from bot.domain.report import Report
from bot.errors import InputError
from bot.health.service import Health, not_found
from bot.health.views import export
from bot.render import cards as render
from commands.fix.controls import FixControls
from commands.net.retest import Again

ASKED = (
    rf"(?P<number>[0-9a-f]{{8}}):(?P<scope>all|{'|'.join(SCOPES)}):(?P<namespace>[a-z0-9-]{{0,63}})"
)
"""What a control knows: the report that it hangs on, and what had been asked."""


class Controls:
    """The two controls, bound to the use case that answers them.

    `again` is that of tests, `fix` are those of changes.
    """

    def __init__(self, health: Health) -> None:
        self.again = Again()
        self.fix = FixControls()
        self.drill = _drill(health)
        self.export = _export(health)

    def rows(self, report: Report, scope: str) -> list[render.Row]:
        """The rows under a report: the select only where there is something to choose."""
        asked = f"{report.number}:{scope}:{report.namespace or ''}"
        rows: list[render.Row] = []
        if report.findings:
            rows.append(ui.ActionRow(self.drill(asked, render.choices(report.roots))))
        rows.append(ui.ActionRow(self.export(asked)))
        return rows


async def _again(health: Health, asked: str) -> Report:
    """The report that is meant: remembered, else a fresh one to the same question."""
    number, scope, namespace = asked.split(":")
    kept = health.recall(number)
    return kept or await health.check(() if scope == "all" else (scope,), namespace or None)


async def _tell(interaction: discord.Interaction, health: Health, asked: str, code: str) -> None:
    await acknowledge(interaction, private=True)
    number = asked.partition(":")[0]
    report = health.remembered(number) or await _again(health, asked)
    found = report.with_code(code)
    if not found:
        raise InputError(not_found("That finding is gone", report))
    await answer(interaction, render.story(await health.story(report, found[0])))


async def _send(interaction: discord.Interaction, health: Health, asked: str) -> None:
    await acknowledge(interaction, private=True)
    report = await _again(health, asked)
    made = await asyncio.to_thread(export.files, report)
    await answer(interaction, render.files("The whole report.", made))


def _drill(health: Health) -> type[Any]:
    class Drill(
        ui.DynamicItem[ui.Select[Any]], template=re.compile(f"meshmedic:drill:(?P<asked>{ASKED})")
    ):
        """Choose a finding, and read its story."""

        def __init__(self, asked: str, options: list[discord.SelectOption]) -> None:
            self.asked = asked
            select: ui.Select[Any] = ui.Select(
                custom_id=f"meshmedic:drill:{asked}",
                placeholder="Look into a finding",
                options=options,
            )
            super().__init__(select)

        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(match["asked"], item.options)

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            client: Client = interaction.client
            told = _tell(interaction, health, self.asked, self.item.values[0])
            await client.guarded(interaction, Circle.VIEWER, told)

    return Drill


def _export(health: Health) -> type[Any]:
    class Export(
        ui.DynamicItem[ui.Button[Any]], template=re.compile(f"meshmedic:export:(?P<asked>{ASKED})")
    ):
        """Get the whole report as files."""

        def __init__(self, asked: str) -> None:
            self.asked = asked
            super().__init__(ui.Button(custom_id=f"meshmedic:export:{asked}", label="Export"))

        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], _item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(match["asked"])

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            client: Client = interaction.client
            sent = _send(interaction, health, self.asked)
            await client.guarded(interaction, Circle.VIEWER, sent)

    return Export
