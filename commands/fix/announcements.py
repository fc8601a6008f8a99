"""Keeps the cards of changes up to date, and posts to the audit channel.

Both use the bot's own token: an interaction's token would end after fifteen minutes. If a change
moves quickly, only its newest state is shown; the history has them all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any

from bot.chat.channel import Channels, ChannelUnavailable, Unsent
from bot.chat.lost_channels import LostChannels
from bot.remediation.change.change import Change
from bot.remediation.change.states import ChangeState
from bot.remediation.views import discord as discord_change
from bot.render import cards as render
from commands.fix import controls

log = logging.getLogger(__name__)

PASSING = (ChangeState.APPLYING, ChangeState.VERIFYING)
"""States that are not posted to the audit channel; their outcomes are."""


class Announcer:
    """Shows each change that moves, without delaying the work on it."""

    def __init__(
        self,
        channels: Channels,
        lost: LostChannels,
        clock: Callable[[], datetime],
        audit_channel: Callable[[], int | None],
    ) -> None:
        self._channels, self._lost = channels, lost
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
        if change.state not in PASSING and (audit_channel := self._audit_channel()):
            self._spawn(self._audit(change, audit_channel))

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
            await self._channels.edit(card.channel, card.message, shown)
        except (ChannelUnavailable, Unsent) as error:
            # `/fix` also works in a channel that the bot can't see: that one isn't lost.
            log.warning("the card of change %s is not up to date: %s", name, error)

    async def _audit(self, change: Change, audit_channel: int) -> None:
        mark = f"{change.name}/{len(change.history.entries)}"
        entry = render.marked(discord_change.audit(change), mark)
        post = partial(self._channels.post, audit_channel, entry)
        if error := await self._lost.tried(audit_channel, post):
            log.warning("the audit entry %s is not posted: %s", mark, error)
