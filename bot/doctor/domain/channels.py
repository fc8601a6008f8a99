"""Whether the bot may post in the channels that the settings name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import Channel, Setup, Use
from bot.doctor.domain.permissions import PERMISSIONS, Wanted, needed, titles, ungranted
from bot.domain.refusal import NotObserved

FIX = "Edit that channel, Permissions, and allow it for the bot's role; or set another channel."
POSTING = tuple(
    permission
    for permission in PERMISSIONS
    if permission.flag in ("view_channel", "send_messages", "embed_links")
)
"""What every message that answers nobody needs."""


def examine(
    channels: tuple[Channel, ...] | NotObserved,
    named: Mapping[int, bool | NotObserved],
    setup: Setup,
) -> Iterator[tuple[int, Diagnostic]]:
    """What is to be told of each setting's channel, by its id; nothing where the bot may post.

    A failure where it is unknown or closed to the bot. A thread or a voice channel, which is not
    among the text channels, is a note: what the bot may do there is not tested.
    """
    if isinstance(channels, NotObserved):
        return
    by_id = {channel.id: channel for channel in channels}
    for setting, number in setup.channels.items():
        topic = Topic(Area.DISCORD, setting)
        channel = by_id.get(number)
        if channel is None:
            yield number, _unlisted(topic, number, named.get(number, False))
        elif missing := ungranted(channel.permissions, POSTING):
            saw = f"The bot cannot post in #{channel.name}: it lacks {titles(missing)}."
            yield number, topic.failed(saw, FIX)


def lacking(channel: Channel, uses: Collection[Use]) -> tuple[Wanted, Wanted]:
    """What the bot lacks in a channel: what it can't post without, and what it would miss."""
    others = [permission for permission in needed(uses) if permission not in POSTING]
    return ungranted(channel.permissions, POSTING), ungranted(channel.permissions, others)


def _unlisted(
    topic: Topic,
    number: int,
    named: bool | NotObserved,  # noqa: FBT001  # a fact
) -> Diagnostic:
    match named:
        case NotObserved(why):
            return topic.unobserved(f"The channel {number} could not be read: {why}")
        case True:
            return topic.note(
                f"{number} is a thread or a voice channel of this server. "
                "Whether the bot may post there is not tested."
            )
    saw = f"{number} is not a channel of this server in which the bot could post."
    if topic.name.startswith("/setup"):
        return topic.failed(saw, "Choose another one by `/setup channels`.")
    return topic.failed(saw, f"Copy the channel's id in Discord, and set {topic.name}.")
