"""The controls under a report: a select to look into a finding, and a button to export.

Their ids say how to ask again, so they work after a restart, when the report is gone.
"""

from __future__ import annotations

import re
from typing import Any

from discord import ui

from bot.chat.controls import Control
from bot.domain.check import SCOPES
from bot.domain.report import Report
from bot.health.views.discord import choices
from bot.render import cards as render

QUESTION = (
    rf"(?P<number>[0-9a-f]{{8}}):(?P<scope>all|{'|'.join(SCOPES)}):(?P<namespace>[a-z0-9-]{{0,63}})"
)
"""What an id holds: the number of the report, its scope and its namespace."""


class FindingSelect(Control, template=re.compile(f"meshmedic:drill:(?P<asked>{QUESTION})")):
    """Shows the story of the chosen finding."""


class ExportButton(Control, template=re.compile(f"meshmedic:export:(?P<asked>{QUESTION})")):
    """Sends the whole report as files."""


def rows(report: Report, scope: str) -> list[render.Row]:
    """The rows under a report: the select only where there is something to choose."""
    question = f"{report.number}:{scope}:{report.namespace or ''}"
    rows: list[render.Row] = []
    if report.findings:
        select: ui.Select[Any] = ui.Select(
            custom_id=f"meshmedic:drill:{question}",
            placeholder="Look into a finding",
            options=choices(report.roots),
        )
        rows.append(ui.ActionRow(FindingSelect(select)))
    button: ui.Button[Any] = ui.Button(custom_id=f"meshmedic:export:{question}", label="Export")
    rows.append(ui.ActionRow(ExportButton(button)))
    return rows
