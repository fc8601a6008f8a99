"""Progress, shown where the answer will be while somebody waits for it."""

from __future__ import annotations

import asyncio
import time
from typing import Self

import discord

from bot.chat.replies import show
from bot.net.views import discord as net_cards

EVERY = 1.5
"""Seconds between two edits at least: Discord limits them."""


class Progress:
    """Shows the latest step, no more often than Discord allows."""

    def __init__(self, interaction: discord.Interaction, subject: str) -> None:
        self._interaction = interaction
        self._subject = subject
        self._changed = asyncio.Event()
        self._step = ""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._show())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def note(self, step: str) -> None:
        """Show this step soon."""
        self._step = step
        self._changed.set()

    async def _show(self) -> None:
        """Edit the answer after each change, until it is cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            began = time.monotonic()
            await show(self._interaction, net_cards.progress(self._subject, self._step))
            await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - began)))
