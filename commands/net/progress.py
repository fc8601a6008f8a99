"""What goes on, shown in the place of the answer while somebody waits for it."""

from __future__ import annotations

import asyncio
import time
from typing import Self

import discord

from bot.chat.replies import answer
from bot.net.views import discord_diagnosis

EVERY = 1.5
"""Seconds between two words of progress: Discord limits edits."""


class Progress:
    """Shows the newest word on what goes on, not more often than Discord likes."""

    def __init__(self, interaction: discord.Interaction, subject: str) -> None:
        self._interaction = interaction
        self._subject = subject
        self._news = asyncio.Event()
        self._said = ""

    async def __aenter__(self) -> Self:
        self._telling = asyncio.create_task(self._tell())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._telling.cancel()
        await asyncio.gather(self._telling, return_exceptions=True)

    def note(self, said: str) -> None:
        """Remember what goes on now."""
        self._said = said
        self._news.set()

    async def _tell(self) -> None:
        """Edit the answer while there is news, until it is cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            began = time.monotonic()
            await answer(self._interaction, discord_diagnosis.progress(self._subject, self._said))
            await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - began)))
