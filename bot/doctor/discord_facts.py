"""How the bot stands with Discord, read over its REST API: with or without a connection.

Each question has a time limit, and none waits for another but for the login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import aiohttp
import discord
from discord import app_commands

from bot.chat.http_trace import HttpTrace
from bot.doctor.domain.facts import (
    Application,
    Channel,
    Commands,
    DiscordFacts,
    DiscordServerFacts,
    Elsewhere,
    Registered,
    Setup,
    refused,
)
from bot.doctor.domain.people import named
from bot.doctor.domain.permissions import ADMINISTRATOR, PERMISSIONS
from bot.domain.facts import Denied, Unset
from bot.domain.refusal import NotObserved

T = TypeVar("T")

QUICK = 3.5
"""Seconds for one question; at most three of them wait for one another."""

MOST_PEOPLE = 20
SERVERS = 25

PRIVILEGED = {
    "Presence Intent": ("gateway_presence", "gateway_presence_limited"),
    "Server Members Intent": ("gateway_guild_members", "gateway_guild_members_limited"),
    "Message Content Intent": ("gateway_message_content", "gateway_message_content_limited"),
}
"""The portal's switches, and the application's flags that tell of them."""

GUILD_ID = Unset("MESHMEDIC_GUILD_ID")


class FromTerminal:
    """A login of its own, without a gateway: no session begins, and the bot may run elsewhere."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    async def look(self, setup: Setup) -> DiscordFacts:
        """Log in, then ask."""
        if not self._token:
            return refused(Unset("MESHMEDIC_DISCORD_TOKEN"))
        trace = HttpTrace()
        client = discord.Client(intents=discord.Intents.none(), http_trace=trace.config)
        async with client:
            login = await _ask(client.http.static_login(self._token))
            if isinstance(login, Denied | NotObserved):
                return refused(login)
            return await _look(client, int(login["id"]), setup, trace)


class DiscordFactsReader:
    """The connection that answers somebody, who asks in `here`."""

    def __init__(
        self, client: discord.Client, trace: HttpTrace, here: Channel | None = None
    ) -> None:
        self._client = client
        self._trace = trace
        self._here = here

    async def look(self, setup: Setup) -> DiscordFacts:
        """Ask anew: what the connection remembers may be what is wrong."""
        if self._client.user is None:
            return refused(NotObserved("The bot is not connected."))
        return await _look(self._client, self._client.user.id, setup, self._trace, self._here)


def payload(tree: app_commands.CommandTree[Any]) -> Commands:
    """The commands of a tree, as they are registered."""
    return tuple(command.to_dict(tree) for command in tree.get_commands())


async def shown(
    client: discord.Client, application: int, guild_id: int
) -> Commands | Denied | NotObserved:
    """The commands that Discord has of an application in one server."""
    found = await _ask(client.http.get_guild_commands(application, guild_id))
    return found if isinstance(found, Denied | NotObserved) else _mappings(found)


def channel_of(interaction: discord.Interaction[Any]) -> Channel | None:
    """Where somebody asks, with what Discord says that the bot may do there."""
    name = getattr(interaction.channel, "name", None)
    return Channel(name, _flags(interaction.app_permissions)) if name else None


async def _look(
    client: discord.Client, bot: int, setup: Setup, trace: HttpTrace, here: Channel | None = None
) -> DiscordFacts:
    people = named(setup.circles)[:MOST_PEOPLE]
    async with asyncio.TaskGroup() as group:
        application = group.create_task(_application(client))
        server = group.create_task(_server(client, bot, setup.guild_id))
        registered = group.create_task(
            _registered(client, client.application_id or bot, setup.guild_id)
        )
        members = {
            user: group.create_task(_member(client, setup.guild_id, user)) for user in people
        }
    found = server.result()
    # Of a server that the bot is not in, Discord says of everybody that they are not there.
    known = members if isinstance(found, DiscordServerFacts) else {}
    return DiscordFacts(
        login=bot,
        application=application.result(),
        server=found,
        registered=registered.result(),
        members={user: task.result() for user, task in known.items()},
        skew=trace.skew,
        here=here,
    )


async def _application(client: discord.Client) -> Application | NotObserved:
    found = await _ask(client.application_info())
    if isinstance(found, Denied | NotObserved):
        return NotObserved(found.why)
    on = [name for name, flags in PRIVILEGED.items() if any(getattr(found.flags, f) for f in flags)]
    return Application(
        id=found.id,
        name=found.name,
        public=found.bot_public,
        code_grant=found.bot_require_code_grant,
        endpoint=bool(found.interactions_endpoint_url),
        privileged=tuple(on),
    )


async def _server(
    client: discord.Client, bot: int, guild_id: int | None
) -> DiscordServerFacts | Elsewhere | Unset | NotObserved:
    if guild_id is None:
        return GUILD_ID
    guild = await _ask(client.fetch_guild(guild_id, with_counts=False))
    if isinstance(guild, NotObserved):
        return guild
    if isinstance(guild, Denied):
        return await _elsewhere(client)
    member, channels = await asyncio.gather(
        _ask(guild.fetch_member(bot)), _ask(guild.fetch_channels())
    )
    if isinstance(member, Denied | NotObserved):
        return NotObserved(f"The bot's own roles could not be read: {member.why}")
    seen: tuple[Channel, ...] | NotObserved
    if isinstance(channels, Denied | NotObserved):
        seen = NotObserved(f"The channels could not be read: {channels.why}")
    else:
        text = [channel for channel in channels if isinstance(channel, discord.TextChannel)]
        seen = tuple(
            Channel(text_channel.name, _flags(text_channel.permissions_for(member)))
            for text_channel in text
        )
    roles = {role.id: role.name for role in guild.roles}
    return DiscordServerFacts(guild.id, guild.name, roles, _flags(member.guild_permissions), seen)


async def _elsewhere(client: discord.Client) -> Elsewhere | NotObserved:
    found = await _ask(client.http.get_guilds(SERVERS, with_counts=False))
    if isinstance(found, Denied | NotObserved):
        return Elsewhere()
    return Elsewhere(tuple(f"{guild['name']} ({guild['id']})" for guild in found))


async def _registered(
    client: discord.Client, application: int, guild_id: int | None
) -> Registered | Denied | Unset | NotObserved:
    """Without a connection the bot's id stands for the application's: the same since 2016."""
    if guild_id is None:
        return GUILD_ID
    here, everywhere = await asyncio.gather(
        shown(client, application, guild_id),
        _ask(client.http.get_global_commands(application)),
    )
    if isinstance(here, Denied | NotObserved):
        return here
    if isinstance(everywhere, Denied | NotObserved):
        return NotObserved(f"The commands of every server could not be read: {everywhere.why}")
    return Registered(here, tuple(command["name"] for command in everywhere))


async def _member(
    client: discord.Client, guild_id: int | None, user: int
) -> str | Denied | NotObserved:
    if guild_id is None:
        return NotObserved("MESHMEDIC_GUILD_ID is not set.")
    found = await _ask(client.http.get_member(guild_id, user))
    if isinstance(found, Denied | NotObserved):
        return found
    return found["user"].get("global_name") or found["user"]["username"]


async def _ask(call: Awaitable[T]) -> T | Denied | NotObserved:
    """The answer, or why there is none."""
    try:
        async with asyncio.timeout(QUICK):
            return await call
    except TimeoutError:
        return NotObserved("Discord did not answer in time.")
    except (discord.LoginFailure, discord.Forbidden, discord.NotFound) as error:
        return Denied(str(error))
    except discord.HTTPException as error:
        return NotObserved(f"Discord answered with {error.status}.")
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        return NotObserved(f"Discord cannot be reached: {type(error).__name__}.")


def _mappings(found: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(found)


def _flags(permissions: discord.Permissions) -> frozenset[str]:
    """Those that somebody asks about, by Discord's own names."""
    asked = (ADMINISTRATOR, *(permission.flag for permission in PERMISSIONS))
    return frozenset(flag for flag in asked if getattr(permissions, flag))
