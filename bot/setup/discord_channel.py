"""The bot's first message in a channel of Discord."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.chat.channel import Channels
from bot.render import cards as render
from bot.setup.domain.first_look import FirstLook
from bot.setup.views import discord as setup_cards

MARK = "meshmedic-welcome"
"""By which the message is known again."""

Rows = Callable[[str], Sequence[render.Row]]
"""The row of a button, whose id ends with the given text."""


class WelcomeChannel:
    """The WelcomePosts protocol."""

    def __init__(self, channels: Channels, rows: Rows) -> None:
        self._channels = channels
        self._rows = rows

    async def post(self, channel: int, look: FirstLook) -> int:
        """Post it, silently: nothing has happened."""
        card = render.marked(setup_cards.welcome(look, self._rows("welcome")), MARK)
        return (await self._channels.post(channel, card, silent=True)).id

    async def find(self, channel: int, since: datetime) -> int | None:
        """By its mark."""
        return await self._channels.find(channel, MARK, since)
