"""Channels that take no messages: left alone for some minutes, and reported to the owner once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from bot.chat.channel import ChannelUnavailable, Unsent
from bot.domain.record import RecordType, Store
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)

REST = timedelta(minutes=5)
"""How long an unavailable channel is left alone: Discord bans clients with many bad requests."""

MOST = 50
"""Lost channels that are stored, the latest ones."""


class Lost(msgspec.Struct, frozen=True):
    """Why channels were reported as lost, by their ids. Those that work again are not in it."""

    why: dict[int, str] = {}

    def changed(self, channel: int, why: str) -> Lost:
        """With a lost channel and why; with one that works again where `why` is empty."""
        others = [(key, reason) for key, reason in self.why.items() if key != channel]
        return Lost(dict([*others, (channel, why)][-MOST:] if why else others))


LOST = RecordType("lost-channels", Lost)


class LeftAlone(MeshmedicError):
    """The channel was not asked: it took no messages some minutes ago."""


class Complaints(Protocol):
    """Where the owner hears of it. Raises ChannelUnavailable or Unsent."""

    async def complain(self, channel: int, lost: int, why: str) -> None:
        """Say in a channel that another one takes no messages, and why."""
        ...


@dataclass
class LostChannels:
    """The lost channels of all that posts. `fallback` is the owner's channel (0: none)."""

    store: Store
    complaints: Complaints
    fallback: int = 0
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _resting: dict[int, datetime] = field(default_factory=dict)
    _working: dict[int, datetime] = field(default_factory=dict)

    async def tried(
        self, channel: int, call: Callable[[], Awaitable[object]], *, noted: bool = True
    ) -> Unsent | ChannelUnavailable | LeftAlone | None:
        """Do something in a channel; why Discord did not take it, or None where it did.

        LeftAlone where the channel is left alone now, so that Discord was not asked. `call`
        returns False where it posted nothing, which doesn't show that the channel works. Only where
        it is `noted` does the owner hear of it: not while the store is away.
        """
        now = self.clock()
        if self.leaves_alone((channel,)):
            return LeftAlone("The channel took no messages some minutes ago.")
        try:
            took = await call() is not False
        except ChannelUnavailable as error:
            self._resting[channel] = now + REST
            self._working.pop(channel, None)
            if noted and await self._note(channel, str(error)):
                await self._complain(channel, str(error))
            return error
        except Unsent as error:
            return error
        # Another process may have noted that it is lost.
        if took and noted and self._working.get(channel, now) <= now:
            self._working[channel] = now + REST
            await self._note(channel, "")
        return None

    def leaves_alone(self, channels: Collection[int]) -> bool:
        """Whether one of these takes no messages, so that it isn't even tried for the moment."""
        now = self.clock()
        return any(self._resting.get(channel, now) > now for channel in channels)

    async def _note(self, channel: int, why: str) -> bool:
        """Store why a channel is lost, or that it works; whether that is stored, and news."""
        try:
            if ((await self.store.read(LOST)) or Lost()).why.get(channel, "") == why:
                return False
            old, new = await self.store.change(
                LOST, lambda lost: (lost or Lost()).changed(channel, why)
            )
        except MeshmedicError as error:
            log.warning("what became of the channel %s cannot be stored: %s", channel, error)
            return False
        return old != new

    async def _complain(self, channel: int, why: str) -> None:
        """After it was noted: a lost complaint is in the log, and one a turn is noise."""
        log.warning("the channel %s takes no messages: %s", channel, why)
        if self.fallback:
            try:
                await self.complaints.complain(self.fallback, channel, why)
            except (ChannelUnavailable, Unsent) as error:
                log.warning("the fallback channel does not take it either: %s", error)
