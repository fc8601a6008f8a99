"""`meshmedic invite`: the link that brings the bot into your server."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Sequence

import discord

from bot import settings
from bot.cli.parser import Parser
from bot.doctor.domain.permissions import Permission, needed
from bot.errors import InputError, SettingsError
from bot.render import terminal

SCOPES = ("bot", "applications.commands")


def add_arguments(parser: Parser) -> None:
    """The application."""
    parser.add_argument("--application-id", help="default: the one that the token begins with")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the link that brings the bot into the server, and why each permission is in it.

    Raises:
        SettingsError: Neither a token nor an id tells which application it is.
        InputError: The id is none.
    """
    read = settings.load()
    token = read.discord_token.get_secret_value().strip() if read.discord_token else None
    permissions = needed(read.uses)
    address = link(application_id(arguments.application_id, token), read.guild_id, permissions)
    width = 2 + max(len(permission.title) for permission in permissions)
    lines = [f"{permission.title:<{width}}{permission.feature}" for permission in permissions]
    if read.guild_id is None:
        lines += ["", "MESHMEDIC_GUILD_ID is not set, so the page asks which server is meant."]
    terminal.write("\n".join([address, "", *lines, ""]).encode())
    return 0


def link(application: int, guild_id: int | None, permissions: Sequence[Permission]) -> str:
    """The address of Discord's page that lets the bot in, with these permissions and no more."""
    return discord.utils.oauth_url(
        application,
        permissions=permission_bits(permissions),
        scopes=SCOPES,
        guild=discord.Object(guild_id) if guild_id else discord.utils.MISSING,
        disable_guild_select=guild_id is not None,
    )


def permission_bits(permissions: Sequence[Permission]) -> discord.Permissions:
    """The permissions as Discord counts them, a bit each."""
    return discord.Permissions(**{permission.flag: True for permission in permissions})


def application_id(option: str | None, token: str | None) -> int:
    """The id of the application, else from the token, whose first part is the id in base64.

    Raises:
        SettingsError: There is neither an id nor a bot's token.
        InputError: The id is none.
    """
    if option is not None:
        if not settings.SNOWFLAKE.fullmatch(option):
            msg = f"{option!r} is not an application id: it is a number of 17 to 20 digits."
            raise InputError(msg)
        return int(option)
    if token is None:
        msg = "MESHMEDIC_DISCORD_TOKEN is not set. Set it, or name the bot with --application-id."
        raise SettingsError(msg)
    first = token.partition(".")[0]
    try:
        decoded = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except ValueError:
        decoded = ""
    if not settings.SNOWFLAKE.fullmatch(decoded):
        msg = (
            "MESHMEDIC_DISCORD_TOKEN does not look like a bot's token. Copy it again from the "
            "developer portal, or name the bot with --application-id."
        )
        raise SettingsError(msg)
    return int(decoded)
