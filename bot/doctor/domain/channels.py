"""Whether the bot may post in the channels that the settings name."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import Channel, Setup
from bot.doctor.domain.permissions import PERMISSIONS, titles, ungranted
from bot.domain.refusal import NotObserved

FIX = "Edit that channel, Permissions, and allow it for the bot's role; or set another channel."
POSTING = tuple(
    permission
    for permission in PERMISSIONS
    if permission.flag in ("view_channel", "send_messages", "embed_links")
)
"""What every message that answers nobody needs."""


def examine(
    channels: tuple[Channel, ...] | NotObserved, setup: Setup
) -> Iterator[tuple[int, Diagnostic]]:
    """A failure for each setting whose channel is unknown or closed to the bot, by its id."""
    if isinstance(channels, NotObserved):
        return
    by_id = {channel.id: channel for channel in channels}
    for setting, number in setup.channels.items():
        topic = Topic(Area.DISCORD, setting)
        channel = by_id.get(number)
        if channel is None:
            saw = f"{number} is no text channel of this server."
            yield number, topic.failed(saw, f"Copy the channel's id in Discord, and set {setting}.")
        elif missing := ungranted(channel.permissions, POSTING):
            saw = f"The bot cannot post in #{channel.name}: it lacks {titles(missing)}."
            yield number, topic.failed(saw, FIX)
