"""Digests in Discord's channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import discord
from discord import ui

from bot.chat.channel import Channels, InvalidMessage, NotAllowed
from bot.digest.ports import DigestMessage
from bot.digest.views import discord as discord_digest
from bot.render import cards as render


class DiscordDigestChannel:
    """The DigestChannel protocol, by a client that has logged in by then.

    `rows` are the buttons under a digest.
    """

    def __init__(self, channels: Channels, rows: Callable[[], Sequence[render.Row]]) -> None:
        self._channels = channels
        self._rows = rows

    async def send(self, channel: int, message: DigestMessage) -> int:
        """Post it; a brief one silently."""
        return (await self._channels.post(channel, self._card(message), silent=message.brief)).id

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

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        """The bot's own message with a mark."""
        return await self._channels.find(channel, mark, since)

    def _card(self, message: DigestMessage) -> render.Card:
        withheld = discord_digest.withheld(message.digest, self._rows())
        return render.marked(card(message, self._rows()), message.mark, withheld=withheld)


def card(message: DigestMessage, rows: Sequence[render.Row]) -> render.Card:
    """What a digest looks like, by the clock and by hand."""
    if message.brief:
        return discord_digest.brief(message.digest, rows)
    return discord_digest.digest(message.digest, message.picture, message.alt, rows)
