"""The selects of `/setup channels`, one a purpose."""

from __future__ import annotations

import re
from typing import Any

from discord import ChannelType, SelectDefaultValue, SelectDefaultValueType, ui

from bot.chat.controls import Control
from bot.domain.authorization import Role
from bot.render import cards as render
from bot.setup.domain.choices import ChannelPurpose

PURPOSES = "|".join(ChannelPurpose)


class ChannelSelect(Control, template=re.compile(rf"meshmedic:setup:(?P<purpose>{PURPOSES})")):
    """Chooses the channel of a purpose; nothing chosen takes the choice back."""

    role = Role.APPROVER


def row(purpose: ChannelPurpose, channel: int) -> render.Row:
    """The row with the select of a purpose."""
    default = SelectDefaultValue(id=channel, type=SelectDefaultValueType.channel)
    select: ui.ChannelSelect[Any] = ui.ChannelSelect(
        custom_id=f"meshmedic:setup:{purpose}",
        channel_types=[ChannelType.text, ChannelType.news],
        placeholder="Choose a channel",
        min_values=0,
        max_values=1,
        default_values=[default] if channel else [],
    )
    return ui.ActionRow(ChannelSelect(select))
