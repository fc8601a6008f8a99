"""Reads what the doctor needs from Discord over its REST API, with or without a connection.

Each request has a time limit, and only the login has to come first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
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
    RegisteredCommands,
    Setup,
    without_login,
)
from bot.doctor.domain.people import user_ids
from bot.doctor.domain.permissions import ADMINISTRATOR, PERMISSIONS
from bot.domain.facts import Denied, Unset
from bot.domain.refusal import NotObserved

T = TypeVar("T")

QUICK = 3.5
"""Seconds for one request; at most three of them follow one another."""

MOST_PEOPLE = 20
SERVERS = 25

UNLISTED = (
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.news_thread,
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
)
"""What holds messages beside text channels; a forum and a category hold none themselves."""

PRIVILEGED = {
    "Presence Intent": ("gateway_presence", "gateway_presence_limited"),
    "Server Members Intent": ("gateway_guild_members", "gateway_guild_members_limited"),
    "Message Content Intent": ("gateway_message_content", "gateway_message_content_limited"),
}
"""Switches in the developer portal, and the application's flags that show them."""


class FromTerminal:
    """Logs in without a gateway session, so the bot may run elsewhere at the same time."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    async def look(self, setup: Setup) -> DiscordFacts:
        """Log in, then read."""
        if not self._token:
            return without_login(Unset("MESHMEDIC_DISCORD_TOKEN"))
        trace = HttpTrace()
        client = discord.Client(intents=discord.Intents.none(), http_trace=trace.config)
        async with client:
            login = await _ask(client.http.static_login(self._token))
            if isinstance(login, Denied | NotObserved):
                return without_login(login)
            return await _look(client, int(login["id"]), setup, trace)


class DiscordFactsReader:
    """Reads over the connection that answers a person; `here` is the channel they asked in."""

    def __init__(
        self, client: discord.Client, trace: HttpTrace, here: Channel | None = None
    ) -> None:
        self._client = client
        self._trace = trace
        self._here = here

    async def look(self, setup: Setup) -> DiscordFacts:
        """Read everything afresh: the connection's cache may be what is wrong."""
        if self._client.user is None:
            return without_login(NotObserved("The bot is not connected."))
        return await _look(self._client, self._client.user.id, setup, self._trace, self._here)


def payload(tree: app_commands.CommandTree[Any]) -> Commands:
    """A tree's commands as they are registered with Discord."""
    return tuple(command.to_dict(tree) for command in tree.get_commands())


async def registered_commands(
    client: discord.Client, application: int, guild_id: int
) -> Commands | Denied | NotObserved:
    """The commands of an application that Discord shows in one server."""
    answer = await _ask(client.http.get_guild_commands(application, guild_id))
    return answer if isinstance(answer, Denied | NotObserved) else tuple(answer)


async def text_channel(
    client: discord.Client, guild_id: int, channel: int
) -> Channel | NotObserved | None:
    """A text channel of the server with the bot's permissions; None where there is none."""
    if client.user is None:
        return NotObserved("The bot is not connected.")
    server = await _server(client, client.user.id, guild_id)
    if isinstance(server, NotObserved):
        return server
    if isinstance(server, Elsewhere):
        return None
    if isinstance(server.channels, NotObserved):
        return server.channels
    return next((known for known in server.channels if known.id == channel), None)


def channel_of(interaction: discord.Interaction[Any]) -> Channel | None:
    """The channel of an interaction, with the bot's permissions in it."""
    name = getattr(interaction.channel, "name", None)
    return Channel(name, _flags(interaction.app_permissions)) if name else None


async def _look(
    client: discord.Client, bot: int, setup: Setup, trace: HttpTrace, here: Channel | None = None
) -> DiscordFacts:
    guild_id = setup.guild_id
    if guild_id is None:
        unset = Unset("MESHMEDIC_GUILD_ID")
        application = await _application(client)
        return DiscordFacts(bot, application, unset, unset, skew=trace.skew, here=here)
    people = user_ids(setup.roles)[:MOST_PEOPLE]
    async with asyncio.TaskGroup() as group:
        applying = group.create_task(_application(client))
        serving = group.create_task(_server(client, bot, guild_id))
        # Without a connection the bot's id stands for the application's: the same since 2016.
        registering = group.create_task(_registered(client, client.application_id or bot, guild_id))
        named = {
            number: group.create_task(_is_unlisted(client, guild_id, number))
            for number in set(setup.channels.values())
        }
        members = {user: group.create_task(_member(client, guild_id, user)) for user in people}
    server = serving.result()
    # If the bot is not in the server, Discord says that nobody is.
    known = members if isinstance(server, DiscordServerFacts) else {}
    return DiscordFacts(
        login=bot,
        application=applying.result(),
        server=server,
        registered=registering.result(),
        members={user: task.result() for user, task in known.items()},
        skew=trace.skew,
        here=here,
        named={number: task.result() for number, task in named.items()},
    )


async def _application(client: discord.Client) -> Application | NotObserved:
    info = await _ask(client.application_info())
    if isinstance(info, Denied | NotObserved):
        return NotObserved(info.why)
    on = [name for name, flags in PRIVILEGED.items() if any(getattr(info.flags, f) for f in flags)]
    return Application(
        id=info.id,
        name=info.name,
        public=info.bot_public,
        code_grant=info.bot_require_code_grant,
        endpoint=bool(info.interactions_endpoint_url),
        privileged=tuple(on),
    )


async def _server(
    client: discord.Client, bot: int, guild_id: int
) -> DiscordServerFacts | Elsewhere | NotObserved:
    guild = await _ask(client.fetch_guild(guild_id, with_counts=False))
    if isinstance(guild, NotObserved):
        return guild
    if isinstance(guild, Denied):
        guilds = await _ask(client.http.get_guilds(SERVERS, with_counts=False))
        known = () if isinstance(guilds, Denied | NotObserved) else guilds
        return Elsewhere(tuple(f"{guild['name']} ({guild['id']})" for guild in known))
    member, channels = await asyncio.gather(
        _ask(guild.fetch_member(bot)), _ask(guild.fetch_channels())
    )
    if isinstance(member, Denied | NotObserved):
        return NotObserved(f"The bot's own roles could not be read: {member.why}")
    visible: tuple[Channel, ...] | NotObserved
    if isinstance(channels, Denied | NotObserved):
        visible = NotObserved(f"The channels could not be read: {channels.why}")
    else:
        visible = tuple(
            Channel(channel.name, _flags(channel.permissions_for(member)), channel.id)
            for channel in channels
            if isinstance(channel, discord.TextChannel)
        )
    roles = {role.id: role.name for role in guild.roles}
    allowed = _flags(member.guild_permissions)
    return DiscordServerFacts(guild.id, guild.name, roles, allowed, visible)


async def _is_unlisted(client: discord.Client, guild_id: int, channel: int) -> bool | NotObserved:
    """Whether it is a thread or a voice channel of this server that the bot sees."""
    found = await _ask(client.http.get_channel(channel))
    if isinstance(found, NotObserved):
        return found
    if isinstance(found, Denied):
        return False
    here = str(found.get("guild_id")) == str(guild_id)
    return here and found["type"] in [kind.value for kind in UNLISTED]


async def _registered(
    client: discord.Client, application: int, guild_id: int
) -> RegisteredCommands | Denied | NotObserved:
    here, everywhere = await asyncio.gather(
        registered_commands(client, application, guild_id),
        _ask(client.http.get_global_commands(application)),
    )
    if isinstance(here, Denied | NotObserved):
        return here
    if isinstance(everywhere, Denied | NotObserved):
        return NotObserved(f"The commands of every server could not be read: {everywhere.why}")
    return RegisteredCommands(here, tuple(command["name"] for command in everywhere))


async def _member(client: discord.Client, guild_id: int, user: int) -> str | Denied | NotObserved:
    member = await _ask(client.http.get_member(guild_id, user))
    if isinstance(member, Denied | NotObserved):
        return member
    return member["user"].get("global_name") or member["user"]["username"]


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


def _flags(permissions: discord.Permissions) -> frozenset[str]:
    """The permissions that the doctor examines, by Discord's names."""
    names = (ADMINISTRATOR, *(permission.flag for permission in PERMISSIONS))
    return frozenset(flag for flag in names if getattr(permissions, flag))
