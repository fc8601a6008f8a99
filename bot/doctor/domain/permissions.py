"""The permissions that the bot needs in Discord, and for which feature."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import Channel, DiscordServerFacts, Use
from bot.domain.refusal import NotObserved
from bot.domain.sentences import listed


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission by its name in Discord's API.

    vital: Some command does not work without it. The others are for messages that answer no
    interaction; an interaction may be answered in any channel.
    use: The feature that needs it; None where the bot always does.
    """

    flag: str
    title: str
    feature: str
    vital: bool = False
    use: Use | None = None


PERMISSIONS = (
    Permission("view_channel", "View Channels", "seeing the channels that it may post in"),
    Permission("send_messages", "Send Messages", "its own posts: alerts, digests and the board"),
    Permission("embed_links", "Embed Links", "cards with links in answers and posts"),
    Permission("attach_files", "Attach Files", "the files that Export sends", vital=True),
    Permission(
        "read_message_history",
        "Read Message History",
        "finding a digest that was already posted, so that none is sent twice",
    ),
    Permission(
        "create_public_threads",
        "Create Public Threads",
        "the thread that shows how an alert developed",
        use=Use.ALERTS,
    ),
    Permission(
        "send_messages_in_threads",
        "Send Messages in Threads",
        "the lines in that thread",
        use=Use.ALERTS,
    ),
    Permission("pin_messages", "Pin Messages", "the pin of the live board", use=Use.BOARD),
)
"""Source: Discord, "Permissions" and "Interaction: app_permissions"."""


def needed(uses: Collection[Use]) -> tuple[Permission, ...]:
    """The permissions that a set-up with these features needs."""
    return tuple(
        permission for permission in PERMISSIONS if permission.use is None or permission.use in uses
    )


Wanted: TypeAlias = Sequence[Permission]
INVITE = "Open the link that `meshmedic invite` prints, or give the bot's role that permission."
VIEW = "view_channel"
ADMINISTRATOR = "administrator"


def examine(
    server: DiscordServerFacts,
    here: Channel | None = None,
    uses: Collection[Use] = (),
    told: Collection[int] = (),
) -> Iterator[Diagnostic]:
    """One diagnostic for the bot's roles, one for all channels, one for the present channel.

    told: The ids of channels of which other diagnostics tell what is wrong.
    """
    wanted = needed(uses)
    yield _roles(server.permissions, wanted)
    if here:
        topic = Topic(Area.DISCORD, "this channel")
        fix = "Edit this channel, Permissions, and allow it for the bot's role."
        yield _granted(topic, f"in #{here.name}", here.permissions, wanted, fix)
    yield _channels(server.channels, wanted, told)


def _roles(allowed: frozenset[str], wanted: Wanted) -> Diagnostic:
    topic = Topic(Area.DISCORD, "permissions")
    if ADMINISTRATOR not in allowed:
        return _granted(topic, "in the server", allowed, wanted, INVITE)
    return topic.warning(
        f"The bot is an administrator; it needs no more than {titles(wanted)}.",
        "Take Administrator from its role, and allow those.",
    )


def _channels(
    channels: tuple[Channel, ...] | NotObserved, wanted: Wanted, told: Collection[int]
) -> Diagnostic:
    topic = Topic(Area.DISCORD, "channels")
    if isinstance(channels, NotObserved):
        return topic.unobserved(channels.why)
    visible = [channel for channel in channels if VIEW in channel.permissions]
    lacking = [
        f"#{channel.name} lacks {titles(missing)}"
        for channel in visible
        if channel.id not in told and (missing := ungranted(channel.permissions, wanted))
    ]
    if lacking:
        fix = "Edit those channels, Permissions, and allow it for the bot's role."
        return topic.warning(f"{listed(lacking, 3)}.", fix)
    count = f"{len(visible)} of {len(channels)} text channels"
    if not visible:
        fix = "Allow View Channels for the bot's role in the channel where it should post."
        return topic.warning(f"The bot sees {count}.", fix)
    where = "in the others" if any(channel.id in told for channel in channels) else "there"
    return topic.ok(f"The bot sees {count}, and has what it needs {where}.")


def ungranted(allowed: frozenset[str], wanted: Wanted) -> Wanted:
    """Those that the bot lacks; an administrator lacks none."""
    if ADMINISTRATOR in allowed:
        return ()
    return [permission for permission in wanted if permission.flag not in allowed]


def _granted(
    topic: Topic, where: str, allowed: frozenset[str], wanted: Wanted, fix: str
) -> Diagnostic:
    missing = ungranted(allowed, wanted)
    where = f"{where[0].upper()}{where[1:]}"
    if not missing:
        return topic.ok(f"{where}: {titles(wanted)}.")
    features = "; ".join(f"{permission.title} (for {permission.feature})" for permission in missing)
    vital = any(permission.vital for permission in missing)
    answer = topic.failed if vital else topic.warning
    return answer(f"{where} the bot lacks {features}.", fix)


def titles(permissions: Wanted) -> str:
    """Their names as Discord shows them."""
    return ", ".join(permission.title for permission in permissions)
