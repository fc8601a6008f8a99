"""Digests in Discord's channels: by REST alone, so also without a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import discord
from discord import ui

from bot.chat.channel import (
    UNKNOWN_MESSAGE,
    InvalidMessage,
    Unsent,
    answer_or_refusal,
    component_values,
    find_own,
    not_allowed,
)
from bot.digest.ports import ChannelLost, DigestMessage
from bot.digest.views import discord as discord_digest
from bot.render import cards as render

T = TypeVar("T")

SECONDS = 60.0
"""For one request, files and the library's own patience with rate limits included."""

SEARCHED = 500
"""Messages of a channel that are looked through for our own."""

Rows = Callable[[str], Sequence[render.Row]]
"""The row under a digest, of which a button carries what it is given."""


class DiscordDigestChannel:
    """The Postbox protocol, by a client that has logged in by then."""

    def __init__(self, client: discord.Client, rows: Rows) -> None:
        self._client = client
        self._rows = rows

    async def send(self, channel: int, letter: DigestMessage) -> int | ChannelLost:
        """Post it, with a nonce by which Discord knows it again for some minutes.

        Raises:
            Unsent: Nobody knows.
        """
        card = self._card(letter)
        place = self._client.get_partial_messageable(channel)
        sent = await _asked(
            place.send(
                view=card.view,
                files=card.discord_files(),
                nonce=letter.nonce,
                silent=letter.brief,
                allowed_mentions=discord.AllowedMentions.none(),
            )
        )
        return sent if isinstance(sent, ChannelLost) else sent.id

    async def edit(self, channel: int, message: int, letter: DigestMessage) -> bool | ChannelLost:
        """Put a brief one in the place of another; False where that is gone.

        Raises:
            Unsent: Nobody knows.
        """
        place = self._client.get_partial_messageable(channel).get_partial_message(message)
        card = self._card(letter)
        try:
            await answer_or_refusal(
                place.edit(view=card.view, attachments=card.discord_files()), SECONDS
            )
        except discord.NotFound as error:
            return False if error.code == UNKNOWN_MESSAGE else ChannelLost(_why(error))
        except discord.HTTPException as error:
            return ChannelLost(_why(error))
        return True

    async def renew(self, channel: int, message: int, at: datetime) -> bool | ChannelLost:
        """Note in a whole one when it was looked at last; its words and files stay.

        False where it is gone, may not be read or is none of ours any more: then a line of its own
        says the same.

        Raises:
            Unsent: Nobody knows.
        """
        place = self._client.get_partial_messageable(channel)
        try:
            posted = await answer_or_refusal(place.fetch_message(message), SECONDS)
            view = ui.LayoutView.from_message(posted, timeout=None)
            # Stopped: its button is answered by whoever answers the buttons of all digests.
            view.stop()
            if not discord_digest.renewed(view, at):
                return False
            await answer_or_refusal(
                place.get_partial_message(message).edit(
                    view=view,
                    attachments=posted.attachments,
                    allowed_mentions=discord.AllowedMentions.none(),
                ),
                SECONDS,
            )
        except discord.NotFound as error:
            return False if error.code == UNKNOWN_MESSAGE else ChannelLost(_why(error))
        except (discord.Forbidden, InvalidMessage):
            return False
        return True

    async def find(self, channel: int, carried: str) -> int | ChannelLost | None:
        """Our own message that carries this, among the latest of the channel.

        Raises:
            Unsent: Nobody knows.
        """
        place = self._client.get_partial_messageable(channel)
        return await _asked(
            find_own(
                self._client,
                place.history(limit=SEARCHED),
                lambda message: carried in component_values(message.components, "custom_id"),
            )
        )

    async def tell(self, channel: int, text: str) -> None:
        """Say a word to the owner.

        Raises:
            Unsent: It could not be said.
        """
        place = self._client.get_partial_messageable(channel)
        said = await _asked(place.send(view=render.note(text).view))
        if isinstance(said, ChannelLost):
            msg = f"The fallback channel does not take it either: {said.why}"
            raise Unsent(msg)

    def _card(self, letter: DigestMessage) -> render.Card:
        return card(letter, self._rows(letter.carried))


def card(letter: DigestMessage, rows: Sequence[render.Row]) -> render.Card:
    """What a letter looks like, by the clock and by hand."""
    if letter.brief:
        return discord_digest.brief(letter.digest, rows)
    return discord_digest.digest(letter.digest, letter.picture, letter.alt, rows)


async def _asked(request: Awaitable[T]) -> T | ChannelLost:
    """Discord's answer; a clear refusal is a value."""
    try:
        return await answer_or_refusal(request, SECONDS)
    except discord.HTTPException as error:
        return ChannelLost(_why(error))


def _why(error: discord.HTTPException) -> str:
    if isinstance(error, discord.NotFound):
        return "Discord knows no such channel (it was deleted, or the bot cannot see it)."
    return not_allowed(error)
