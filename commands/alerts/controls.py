"""The buttons under an alert: mute it, acknowledge it, end the silence."""

from __future__ import annotations

import re

from discord import ui

from bot.chat.controls import Control
from bot.domain.authorization import Role
from bot.domain.finding import Finding
from bot.render import cards as render

LABELS = {"mute": "Mute 4 h", "ack": "Seen", "unmute": "Unmute"}


class SilenceButton(
    Control,
    template=re.compile(r"meshmedic:alert:(?P<act>mute|ack|unmute):(?P<code>[0-9a-z]{7})"),
):
    """Mutes, acknowledges or unmutes a finding."""

    role = Role.OPERATOR


def rows(finding: Finding) -> list[render.Row]:
    """The row under an alert."""
    return [
        ui.ActionRow(
            *(
                SilenceButton(
                    ui.Button(custom_id=f"meshmedic:alert:{act}:{finding.code}", label=label)
                )
                for act, label in LABELS.items()
            )
        )
    ]
