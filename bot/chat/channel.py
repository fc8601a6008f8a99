"""Messages in Discord's channels by REST alone, so also without a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
import discord

from bot.errors import MeshmedicError
from bot.render.cards import Card

T = TypeVar("T")

BAD_REQUEST = 400
UNKNOWN_MESSAGE = 10008
"""Source: Discord, "JSON error codes"."""


class Unsent(MeshmedicError):
    """Discord gave no clear answer: the message may be there or not."""


class InvalidMessage(Unsent):
    """Discord rejects the content of the message."""


class ChannelUnavailable(MeshmedicError):
    """The channel does not exist, or the bot may not do this in it: trying again does not help."""


class NotAllowed(ChannelUnavailable):
    """The bot may not do this in the channel."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of a server.

    seconds: Of one request, with the library's own patience with rate limits.
    searched: Messages of a channel that are searched for one of the bot's own.
    unknown: The sentence for a channel that does not exist.
    """

    client: discord.Client
    seconds: float
    searched: int
    unknown: str
    guild: int | None = None

    def at(self, channel: int) -> discord.PartialMessageable:
        """A channel or thread by its id."""
        return self.client.get_partial_messageable(channel, guild_id=self.guild)

    async def answer(self, request: Awaitable[T]) -> T:
        """Discord's answer.

        Raises:
            Unsent: There was none.
            HTTPException: Discord answered with an error.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await request
        except discord.HTTPException:
            raise
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise Unsent(not_taken(error)) from error

    async def request(self, request: Awaitable[T]) -> T:
        """Discord's answer, and its errors as ours.

        Raises:
            Unsent: There was no answer, or a temporary error.
            InvalidMessage: Discord rejects the content.
            ChannelUnavailable: The channel does not exist, or the bot may not do this in it.
            NotFound: The message was deleted.
        """
        try:
            return await self.answer(request)
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE:
                raise
            raise ChannelUnavailable(self.unknown) from error
        except discord.Forbidden as error:
            msg = f"Discord does not let the bot do this there ({error.text[:100]})."
            raise NotAllowed(msg) from error
        except discord.HTTPException as error:
            kind = InvalidMessage if error.status == BAD_REQUEST else Unsent
            raise kind(not_taken(error)) from error

    def send(
        self,
        channel: int,
        card: Card,
        *,
        nonce: str = "",
        silent: bool = False,
        role: int | None = None,
        reply_to: int | None = None,
    ) -> Awaitable[discord.Message]:
        """The request that posts a card, for `request`; it mentions the role alone, if any.

        Discord recognizes a nonce for some minutes. A reply to a deleted message is posted too.
        """
        options: dict[str, Any] = {"nonce": nonce} if nonce else {}
        if reply_to:
            options["reference"] = discord.MessageReference(
                message_id=reply_to, channel_id=channel, fail_if_not_exists=False
            )
        roles = [discord.Object(role)] if role else False
        return self.at(channel).send(
            view=card.view,
            files=card.discord_files(),
            silent=silent,
            allowed_mentions=discord.AllowedMentions(
                everyone=False, users=False, roles=roles, replied_user=False
            ),
            **options,
        )

    async def edit(self, channel: int, message: int, card: Card) -> bool:
        """Replace a message's card; False where the message was deleted. Raises as `request`."""
        part = self.at(channel).get_partial_message(message)
        edit = part.edit(
            view=card.view,
            attachments=card.discord_files(),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        try:
            await self.request(edit)
        except discord.NotFound:
            return False
        return True

    async def find(
        self, channel: int, mark: str, attribute: str, since: datetime | None = None
    ) -> int | None:
        """The id of the bot's message with a component of which an attribute ends with a mark."""
        async for message in self.own(channel, since):
            values = component_values(message.components, attribute)
            if any(value.endswith(mark) for value in values):
                return message.id
        return None

    async def own(
        self, channel: int, since: datetime | None = None, *, oldest_first: bool | None = None
    ) -> AsyncIterator[discord.Message]:
        """The bot's own messages of a channel."""
        user = self.client.user
        async for message in self.at(channel).history(
            limit=self.searched, after=since, oldest_first=oldest_first
        ):
            if user is None or message.author.id == user.id:
                yield message


def not_taken(error: Exception) -> str:
    """The text for a request without a clear answer."""
    return f"Discord did not take it: {str(error)[:200] or type(error).__name__}"


def component_values(components: Iterable[Any], attribute: str) -> list[str]:
    """An attribute of all components, nested ones included, where it is set."""
    values: list[str] = []
    for component in components:
        if value := getattr(component, attribute, None):
            values.append(str(value))
        values += component_values(getattr(component, "children", ()) or (), attribute)
    return values
