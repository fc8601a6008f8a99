"""Messages in Discord's channels by REST alone, so also without a session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import discord

from bot.chat import cluster_name
from bot.domain import posting
from bot.domain.verdict import Verdict
from bot.errors import MeshmedicError
from bot.render import cards as render
from bot.render import text as text_view
from bot.render.cards import Card

T = TypeVar("T")

log = logging.getLogger(__name__)

SECONDS = 30.0
"""Of one request, with the library's own patience with rate limits."""

SEARCHED = 500
"""Messages of a channel, the newest, that are searched for one of the bot's own."""

SKEW = timedelta(minutes=10)
"""How far our clock and Discord's may be apart."""

BAD_REQUEST = 400
UNKNOWN_MESSAGE = 10008
"""Source: Discord, "JSON error codes"."""

UNKNOWN = "The channel was deleted, or the bot can't see it."


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
    """The channels of a server. Each call has its time limit, and raises as `request`."""

    client: discord.Client
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
            async with asyncio.timeout(SECONDS):
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
            raise ChannelUnavailable(UNKNOWN) from error
        except discord.Forbidden as error:
            msg = f"Discord doesn't let the bot do this there ({error.text[:100]})."
            raise NotAllowed(msg) from error
        except discord.HTTPException as error:
            kind = InvalidMessage if error.status == BAD_REQUEST else Unsent
            raise kind(not_taken(error)) from error

    async def accepted(self, card: Card, request: Callable[[Card], Awaitable[T]]) -> T:
        """Discord's answer to a card, or to the withheld one if it rejects the content."""
        try:
            return await self.request(request(card))
        except InvalidMessage:
            if card.withheld is None:
                raise
            return await self.request(request(card.withheld))

    async def post(self, channel: int, card: Card, **how: Any) -> discord.Message:
        """Post a card, as `send` does."""
        return await self.accepted(card, lambda shown: self.send(channel, shown, **how))

    def send(
        self,
        channel: int,
        card: Card,
        *,
        silent: bool = False,
        role: int | None = None,
        reply_to: int | None = None,
    ) -> Awaitable[discord.Message]:
        """The request that posts a card; it mentions the role alone, if any.

        A reply to a deleted message is posted too.
        """
        options: dict[str, Any] = {"nonce": card.nonce} if card.nonce else {}
        if reply_to:
            options["reference"] = discord.MessageReference(
                message_id=reply_to, channel_id=channel, fail_if_not_exists=False
            )
        roles = [discord.Object(role)] if role else False
        return self.at(channel).send(
            view=self._named(card).view,
            files=card.discord_files(),
            silent=silent,
            allowed_mentions=discord.AllowedMentions(
                everyone=False, users=False, roles=roles, replied_user=False
            ),
            **options,
        )

    async def edit(self, channel: int, message: int, card: Card) -> bool:
        """Replace a message's card; False where the message was deleted."""
        edit = self.at(channel).get_partial_message(message).edit
        none = discord.AllowedMentions.none()
        try:
            await self.accepted(
                card,
                lambda shown: edit(
                    view=self._named(shown).view,
                    attachments=shown.discord_files(),
                    allowed_mentions=none,
                ),
            )
        except discord.NotFound:
            return False
        return True

    def _named(self, card: Card) -> Card:
        return cluster_name.named(card, cluster_name.of_client(self.client))

    async def text(self, channel: int, message: int, id_: int) -> str:
        """The text of a message's component by its id; empty where there is none to be read.

        Raises:
            Unsent: Discord gave no clear answer.
        """
        try:
            posted = await self.request(self.at(channel).fetch_message(message))
        except (ChannelUnavailable, discord.NotFound):
            return ""
        texts = (getattr(part, "content", "") for part in walk(posted.components) if part.id == id_)
        return next(texts, "")

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        """The id of the bot's own message with a mark, not older than this."""
        return await self.request(self.search(channel, mark, since))

    async def search(self, channel: int, mark: str, since: datetime) -> int | None:
        """As `find`, with Discord's own errors."""
        async for message in self.own(channel, since):
            if any(_carries(part, mark) for part in walk(message.components)):
                return message.id
        return None

    async def own(self, channel: int, since: datetime) -> AsyncIterator[discord.Message]:
        """The bot's own messages of a channel since then, the newest first.

        None where the bot may not read the history: it may post there all the same, and the nonce
        makes two tries within minutes one message.
        """
        user = self.client.user
        history = self.at(channel).history(limit=SEARCHED, after=since - SKEW, oldest_first=False)
        try:
            async for message in history:
                if user is None or message.author.id == user.id:
                    yield message
        except discord.Forbidden as error:
            log.warning("the history of channel %s can't be read: %s", channel, error.text[:100])

    async def complain(self, channel: int, lost: int, why: str) -> None:
        """Say in a channel that another one takes no messages, and why."""
        await self.post(channel, complaint(lost, why))


def complaint(lost: int, why: str) -> Card:
    """The message for the owner that nothing can be posted in a channel."""
    text = (
        f"{text_view.MARK[Verdict.DEGRADED]} **Can't post in** <#{lost}>\n{render.code(why, 200)}\n"
        "Give the bot back its permissions there, or choose another channel. Missed alerts follow "
        "once it works; missed digests and audit entries don't. You get this message once."
    )
    return render.note(text, raw=True)


def not_taken(error: Exception) -> str:
    """The text for a request without a clear answer."""
    return f"Discord didn't take the message: {str(error)[:200] or type(error).__name__}"


def walk(components: Iterable[Any]) -> Iterator[Any]:
    """All components of a message, nested ones included, in order."""
    for component in components:
        yield component
        yield from walk(getattr(component, "children", ()) or ())


def _carries(component: Any, mark: str) -> bool:
    """Whether a component has the mark as its id.

    In messages of 0.1.0 the mark stands at the end of a text, or of a button's custom id.
    """
    id_, *written = (getattr(component, name, "") for name in ("id", "content", "custom_id"))
    return id_ == posting.component_id(mark) or any(str(text).endswith(mark) for text in written)
