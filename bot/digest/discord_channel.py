"""Digests in Discord's channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import discord
from discord import ui

from bot.chat.channel import (
    Channels,
    ChannelUnavailable,
    InvalidMessage,
    NotAllowed,
    Unsent,
)
from bot.digest.ports import DigestMessage
from bot.digest.views import discord as discord_digest
from bot.render import cards as render

SECONDS = 60.0
SEARCHED = 500
UNKNOWN = "Discord knows no such channel (it was deleted, or the bot cannot see it)."

Rows = Callable[[str], Sequence[render.Row]]
"""The row of buttons under a digest, which carries the given text."""


class DiscordDigestChannel:
    """The DigestChannel protocol, by a client that has logged in by then."""

    def __init__(self, client: discord.Client, rows: Rows) -> None:
        self._channels = Channels(client, SECONDS, SEARCHED, UNKNOWN)
        self._rows = rows

    async def send(self, channel: int, message: DigestMessage) -> int:
        """Post it, with a nonce; a brief one silently."""
        request = self._channels.send(
            channel, self._card(message), nonce=message.nonce, silent=message.brief
        )
        return (await self._channels.request(request)).id

    async def edit(self, channel: int, posted: int, message: DigestMessage) -> bool:
        """Replace a brief one by another; False where that is gone."""
        return await self._channels.edit(channel, posted, self._card(message))

    async def renew(self, channel: int, posted: int, at: datetime) -> bool:
        """Note in a whole one when the cluster was examined last; its words and files stay.

        False where it is gone, may not be read or is not a whole digest any more: then a line of
        its own says the same.
        """
        part = self._channels.at(channel).get_partial_message(posted)
        try:
            message = await self._channels.request(part.fetch())
            view = ui.LayoutView.from_message(message, timeout=None)
            # Stopped: its button belongs to the view that answers the buttons of all digests.
            view.stop()
            if not discord_digest.renewed(view, at):
                return False
            await self._channels.request(
                part.edit(
                    view=view,
                    attachments=message.attachments,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            )
        except (discord.NotFound, NotAllowed, InvalidMessage):
            return False
        return True

    async def find(self, channel: int, carried: str) -> int | None:
        """Our own message that carries this, among the latest of the channel."""
        return await self._channels.request(self._channels.find(channel, carried, "custom_id"))

    async def complain(self, channel: int, text: str) -> None:
        """Tell the owner something."""
        try:
            await self._channels.request(self._channels.send(channel, render.note(text)))
        except ChannelUnavailable as error:
            msg = f"The fallback channel does not take it either: {error}"
            raise Unsent(msg) from error

    def _card(self, message: DigestMessage) -> render.Card:
        return card(message, self._rows(message.carried))


def card(message: DigestMessage, rows: Sequence[render.Row]) -> render.Card:
    """What a digest looks like, by the clock and by hand."""
    if message.brief:
        return discord_digest.brief(message.digest, rows)
    return discord_digest.digest(message.digest, message.picture, message.alt, rows)
