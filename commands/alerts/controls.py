"""What stands under an alert: ask why, acknowledge, mute for a time, unmute, repair."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord
from discord import ui

from bot.alerting.domain.incident import Incident
from bot.chat.controls import Control
from bot.domain.authorization import Role
from bot.render import cards as render
from commands.fix import repair_controls

CODE = r"(?P<code>[0-9a-z]{7})"

LABELS = {"ack": "Acknowledge", "unmute": "Unmute"}

TIMES = {"30m": "30 minutes", "1h": "1 hour", "4h": "4 hours", "1d": "1 day", "1w": "1 week"}
"""What the menu offers, as `/mute add` reads it."""


class SilenceButton(
    Control, template=re.compile(rf"meshmedic:alert:(?P<act>mute|ack|unmute):{CODE}")
):
    """Acknowledges or unmutes a finding. Older messages have `mute`, for four hours."""

    role = Role.OPERATOR


class MuteSelect(Control, template=re.compile(rf"meshmedic:alert:mute-for:{CODE}")):
    """Mutes a finding for the chosen time."""

    role = Role.OPERATOR


class WhyButton(Control, template=re.compile(rf"meshmedic:alert:why:{CODE}")):
    """Shows the story of a finding to the one who asks."""


def rows(incident: Incident) -> list[render.Row]:
    """The rows under an alert: what can be done now; none once it is over."""
    if incident.ended:
        return []
    return [
        ui.ActionRow(*_buttons(incident)),
        *repair_controls.rows(incident.repairs),
        *_menu(incident),
    ]


def _buttons(incident: Incident) -> Iterator[Control]:
    code, silence = incident.head.code, incident.silence
    yield WhyButton(ui.Button(custom_id=f"meshmedic:alert:why:{code}", label="Why"))
    if silence is None:
        yield _silence_button("ack", code)
    elif silence.by and not silence.within:
        yield _silence_button("unmute", code)
    if repair := repair_controls.button(incident.repairs):
        yield repair


def _silence_button(act: str, code: str) -> SilenceButton:
    return SilenceButton(ui.Button(custom_id=f"meshmedic:alert:{act}:{code}", label=LABELS[act]))


def _menu(incident: Incident) -> Iterator[render.Row]:
    if incident.silence is None:
        select: ui.Select[Any] = ui.Select(
            custom_id=f"meshmedic:alert:mute-for:{incident.head.code}",
            placeholder="Mute for…",
            options=[
                discord.SelectOption(label=label, value=time) for time, label in TIMES.items()
            ],
        )
        yield ui.ActionRow(MuteSelect(select))
