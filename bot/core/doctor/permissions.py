"""What the bot must be allowed to do in Discord, and which of its features needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.doctor.examination import Area, Examination, Outcome, listed
from bot.core.doctor.facts import Channel, Server, Unseen


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission by its name in Discord's API.

    `vital`: a command of today does not work without it. The others are for messages beside an
    interaction, which Discord lets a bot answer wherever it was asked.
    """

    flag: str
    title: str
    feature: str
    vital: bool = False


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
)
"""Source: Discord, "Permissions" and "Interaction: app_permissions".

Threads and pins belong to features that are not there yet; nothing asks for them.
"""

TITLES = {each.flag: each.title for each in PERMISSIONS}
INVITE = "Open the link that `meshmedic invite` prints, or give the bot's role that permission."
VIEW = "view_channel"
ADMINISTRATOR = "administrator"


def examine(server: Server, here: Channel | None = None) -> Iterator[Examination]:
    """One examination for the roles, one for the channels, one for where somebody asks."""
    yield _roles(server.permissions)
    if here:
        fix = "Edit this channel, Permissions, and allow it for the bot's role."
        yield _told("this channel", f"in #{here.name}", _missing(here.permissions), fix)
    yield _channels(server.channels)


def _roles(given: frozenset[str]) -> Examination:
    if ADMINISTRATOR not in given:
        return _told("permissions", "in the server", _missing(given), INVITE)
    saw = f"The bot is an administrator; it needs no more than {listed(TITLES.values())}."
    fix = "Take Administrator from its role, and allow those five."
    return Examination(Area.DISCORD, "permissions", Outcome.WARNING, saw, fix)


def _channels(channels: tuple[Channel, ...] | Unseen) -> Examination:
    area, name = Area.DISCORD, "channels"
    if isinstance(channels, Unseen):
        return Examination(area, name, Outcome.UNSEEN, channels.why)
    seen = [each for each in channels if VIEW in each.permissions]
    short = {each.name: _missing(each.permissions) for each in seen}
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


def _missing(given: frozenset[str]) -> list[Permission]:
    if ADMINISTRATOR in given:
        return []
    return [each for each in PERMISSIONS if each.flag not in given]


def _told(name: str, where: str, missing: list[Permission], fix: str) -> Examination:
    if not missing:
        saw = f"{where[0].upper()}{where[1:]}: {listed(TITLES.values())}."
        return Examination(Area.DISCORD, name, Outcome.OK, saw)
    vital = any(each.vital for each in missing)
    features = "; ".join(f"{each.title} (for {each.feature})" for each in missing)
    saw = f"{where[0].upper()}{where[1:]} the bot lacks {features}."
    return Examination(Area.DISCORD, name, Outcome.FAILED if vital else Outcome.WARNING, saw, fix)


def _titles(permissions: list[Permission]) -> str:
    return ", ".join(each.title for each in permissions)
