"""Keeps the cards of changes up to date, and posts to the audit channel.

Both use the bot's own token: an interaction's token would end after fifteen minutes. If a change
moves quickly, only its newest state is shown; the history has them all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import discord

from bot.chat.channel import Channels
from bot.errors import MeshmedicError
from bot.remediation.change.change import Change
from bot.remediation.change.states import ChangeState
from bot.remediation.views import discord as discord_change
from commands.fix import controls

log = logging.getLogger(__name__)

SECONDS = 30.0
UNKNOWN = "Discord knows no such channel: it was deleted, or the bot cannot see it."

PASSING = (ChangeState.APPLYING, ChangeState.VERIFYING)
"""States that are not posted to the audit channel; their outcomes are."""


class Announcer:
    """Shows each change that moves, without delaying the work on it."""

    def __init__(
        self, client: discord.Client, clock: Callable[[], datetime], audit_channel: int | None
    ) -> None:
        self._channels = Channels(client, SECONDS, 0, UNKNOWN)
        self._clock = clock
        self._audit_channel = audit_channel
        self._newest: dict[str, Change] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def announce(self, change: Change) -> None:
        """Show a change soon; the caller does not wait for Discord."""
        waiting = change.name in self._newest
        self._newest[change.name] = change
        if not waiting:
            self._spawn(self._show(change.name))
        if change.state not in PASSING and self._audit_channel:
            self._spawn(self._audit(change, self._audit_channel))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _show(self, name: str) -> None:
        change = self._newest.pop(name)
        if (card := change.notes.card) is None:
            return
        shown = discord_change.change(change, controls.rows(change), self._clock())
        try:
            if not await self._channels.edit(card.channel, card.message, shown):
                log.warning("the card of change %s was deleted", name)
        except MeshmedicError as error:
            log.warning("the card of change %s could not be edited: %s", name, error)

    async def _audit(self, change: Change, audit_channel: int) -> None:
        nonce = f"{change.name[-20:]}-{len(change.history.entries)}"[-25:]
        entry = discord_change.audit(change)
        try:
            await self._channels.request(self._channels.send(audit_channel, entry, nonce=nonce))
        except MeshmedicError as error:
            log.warning("the audit channel was not told of %s: %s", change.name, error)
