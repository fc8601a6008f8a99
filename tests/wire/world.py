"""The made-up server that the wire tests play in, and its objects as Discord words them.

Source: Discord's API v10 (objects: user, member, role, channel, guild, application).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from bot.cli.invite import permission_bits
from bot.doctor.domain.facts import Use
from bot.doctor.domain.permissions import needed

Json = dict[str, Any]

EPOCH = 1_420_070_400_000
"""Milliseconds; source: Discord, "Snowflakes"."""

TOKEN = "wire.made-up.token"
APPLICATION_ID = 300_000_000_000_000_001
BOT_ID = APPLICATION_ID
GUILD_ID = 300_000_000_000_000_002
CHANNEL_ID = 300_000_000_000_000_003
VIEWERS = 300_000_000_000_000_011
OPERATORS = 300_000_000_000_000_012
APPROVERS = 300_000_000_000_000_013

ITS_OWN = 300_000_000_000_000_014
"""The role that an invitation gives to the bot."""

ROLES = {
    GUILD_ID: "@everyone",
    ITS_OWN: "meshmedic",
    VIEWERS: "viewers",
    OPERATORS: "operators",
    APPROVERS: "approvers",
}
"""Discord's @everyone role has the id of its server."""

INVITED_WITH = str(permission_bits(needed(Use)).value)
"""What the link of `meshmedic invite` asks for where every feature is in use."""

EVERYTHING = str((1 << 50) - 1)
"""Permissions as Discord sends them: a decimal string of bits."""

NOW = "2026-01-31T12:00:00.000000+00:00"
FILE_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the server, with the ids of their roles."""

    id: int
    name: str
    roles: tuple[int, ...] = ()


VERA = Person(300_000_000_000_000_021, "vera", (VIEWERS,))
OLGA = Person(300_000_000_000_000_022, "olga", (VIEWERS, OPERATORS))
ADA = Person(300_000_000_000_000_023, "ada", (VIEWERS, OPERATORS, APPROVERS))
SAM = Person(300_000_000_000_000_024, "sam")
"""A stranger: no role at all."""

THE_BOT = Person(BOT_ID, "meshmedic", (ITS_OWN,))
MEMBERS = (THE_BOT, VERA, OLGA, ADA, SAM)


def fresh_ids() -> Iterator[int]:
    """Ids that no other object has: Discord's snowflakes, which tell when they were made."""
    return count(int(time.time() * 1000 - EPOCH) << 22)


def user(who: Person, *, bot: bool = False) -> Json:
    """A user."""
    return {
        "id": str(who.id),
        "username": who.name,
        "global_name": who.name.title(),
        "discriminator": "0",
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
    }


def the_bot() -> Json:
    """The bot's own user."""
    return user(THE_BOT, bot=True)


def member(who: Person, roles: Sequence[int] | None = None) -> Json:
    """A member of the server, with fresh roles and permissions as interactions carry them."""
    return {
        "user": user(who, bot=who.id == BOT_ID),
        "roles": [str(role) for role in (who.roles if roles is None else roles)],
        "joined_at": NOW,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "permissions": EVERYTHING,
    }


def channel() -> Json:
    """The one text channel."""
    return {
        "id": str(CHANNEL_ID),
        "type": 0,
        "guild_id": str(GUILD_ID),
        "name": "ops",
        "position": 0,
        "permission_overwrites": [],
        "nsfw": False,
        "topic": None,
        "parent_id": None,
        "permissions": EVERYTHING,
    }


def thread(message: str, name: str) -> Json:
    """The thread under a message, which has the message's id."""
    return channel() | {
        "id": message,
        "type": 11,
        "name": name,
        "parent_id": str(CHANNEL_ID),
        "owner_id": str(BOT_ID),
        "message_count": 0,
        "member_count": 1,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": NOW,
            "locked": False,
        },
    }


def guild() -> Json:
    """The whole server, as GUILD_CREATE tells it."""
    return {
        "id": str(GUILD_ID),
        "name": "Homelab",
        "owner_id": str(ADA.id),
        "unavailable": False,
        "large": False,
        "member_count": 5,
        "roles": [_role(number, name) for number, name in ROLES.items()],
        "channels": [channel()],
        "members": [member(THE_BOT)],
        "threads": [],
        "emojis": [],
        "stickers": [],
        "features": [],
        "voice_states": [],
        "presences": [],
        "preferred_locale": "en-US",
        "premium_tier": 0,
        "nsfw_level": 0,
        "mfa_level": 0,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "system_channel_flags": 0,
        "afk_timeout": 300,
        "joined_at": NOW,
    }


def application() -> Json:
    """What the bot learns about itself at login."""
    return {
        "id": str(APPLICATION_ID),
        "name": "meshmedic",
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": user(ADA),
        "team": None,
        "interactions_endpoint_url": None,
    }


def _role(number: int, name: str) -> Json:
    return {
        "id": str(number),
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0 if number == GUILD_ID else 1,
        "permissions": INVITED_WITH if number == ITS_OWN else "0",
        "managed": number == ITS_OWN,
        "mentionable": False,
        "flags": 0,
    }
