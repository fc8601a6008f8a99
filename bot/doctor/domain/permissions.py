"""What the bot must be allowed to do in Discord, and which of its features needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.doctor.domain.examination import Area, Examination, Outcome, listed
from bot.doctor.domain.facts import Channel, DiscordServerFacts, Use
from bot.domain.refusal import NotObserved


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission by its name in Discord's API.

    `vital`: a command of today does not work without it. The others are for messages beside an
    interaction, which Discord lets a bot answer wherever it was asked. `use`: needed only where the
    settings ask for that.
    """

    flag: str
    title: str
    feature: str
    vital: bool = False
    use: Use | None = None


PERMISSIONS = (
    Permission("view_channel", "View Channels", "seeing the channels that it may post in"),
    Permission("send_messages", "Send Messages", "posts of its own, without being asked"),
    Permission("embed_links", "Embed Links", "cards with links in answers and posts"),
    Permission("attach_files", "Attach Files", "the files that Export sends", vital=True),
    Permission(
        "read_message_history",
        "Read Message History",
        "looking for a digest that may be out already, so that none is sent twice",
    ),
    Permission(
        "create_public_threads",
        "Create Public Threads",
        "the thread that tells how an alert developed",
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
    """Those that the set-up in use needs."""
    return tuple(
        permission for permission in PERMISSIONS if permission.use is None or permission.use in uses
    )


Wanted: TypeAlias = Sequence[Permission]
INVITE = "Open the link that `meshmedic invite` prints, or give the bot's role that permission."
VIEW = "view_channel"
ADMINISTRATOR = "administrator"


def examine(
    server: DiscordServerFacts, here: Channel | None = None, uses: Collection[Use] = ()
) -> Iterator[Examination]:
    """One examination for the roles, one for the channels, one for where somebody asks."""
    wanted = needed(uses)
    yield _roles(server.permissions, wanted)
    if here:
        fix = "Edit this channel, Permissions, and allow it for the bot's role."
        yield _told("this channel", f"in #{here.name}", here.permissions, wanted, fix)
    yield _channels(server.channels, wanted)


def _roles(given: frozenset[str], wanted: Wanted) -> Examination:
    if ADMINISTRATOR not in given:
        return _told("permissions", "in the server", given, wanted, INVITE)
    saw = f"The bot is an administrator; it needs no more than {_titles(wanted)}."
    fix = "Take Administrator from its role, and allow those."
    return Examination(Area.DISCORD, "permissions", Outcome.WARNING, saw, fix)


def _channels(channels: tuple[Channel, ...] | NotObserved, wanted: Wanted) -> Examination:
    area, name = Area.DISCORD, "channels"
    if isinstance(channels, NotObserved):
        return Examination(area, name, Outcome.UNSEEN, channels.why)
    seen = [channel for channel in channels if VIEW in channel.permissions]
    short = {channel.name: _missing(channel.permissions, wanted) for channel in seen}
    lacking = {channel: missing for channel, missing in short.items() if missing}
    if lacking:
        told = [f"#{channel} lacks {_titles(missing)}" for channel, missing in lacking.items()]
        fix = "Edit those channels, Permissions, and allow it for the bot's role."
        return Examination(area, name, Outcome.WARNING, f"{listed(told, 3)}.", fix)
    count = f"{len(seen)} of {len(channels)} text channels"
    if not seen:
        fix = "Allow View Channels for the bot's role in the channel where it shall post."
        return Examination(area, name, Outcome.WARNING, f"The bot sees {count}.", fix)
    saw = f"The bot sees {count}, and has what it needs there."
    return Examination(area, name, Outcome.OK, saw)


def _missing(given: frozenset[str], wanted: Wanted) -> Wanted:
    if ADMINISTRATOR in given:
        return ()
    return [permission for permission in wanted if permission.flag not in given]


def _told(name: str, where: str, given: frozenset[str], wanted: Wanted, fix: str) -> Examination:
    missing = _missing(given, wanted)
    if not missing:
        saw = f"{where[0].upper()}{where[1:]}: {_titles(wanted)}."
        return Examination(Area.DISCORD, name, Outcome.OK, saw)
    vital = any(permission.vital for permission in missing)
    features = "; ".join(f"{permission.title} (for {permission.feature})" for permission in missing)
    saw = f"{where[0].upper()}{where[1:]} the bot lacks {features}."
    return Examination(Area.DISCORD, name, Outcome.FAILED if vital else Outcome.WARNING, saw, fix)


def _titles(permissions: Wanted) -> str:
    return ", ".join(permission.title for permission in permissions)
