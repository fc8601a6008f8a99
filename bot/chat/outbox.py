"""Post messages at most once, whatever is cut off in between.

A message is claimed in the store, posted under a mark that it carries, and recorded. A claim
without a record may mean a posted message, so the next process looks for the mark first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import Generic, TypeVar

from bot.domain.election import Leadership

MessageT = TypeVar("MessageT")


class Claim(Enum):
    """What came of claiming a message in the store."""

    REFUSED = auto()
    """Another process has it, or it is done."""
    FRESH = auto()
    """No process has tried to post it."""
    REPEATED = auto()
    """A process claimed it earlier, and may have posted it."""


class Outbox(ABC, Generic[MessageT]):
    """Posts one kind of messages."""

    leadership: Leadership

    async def deliver(self, message: MessageT) -> None:
        """Post a message unless it is posted already. Errors leave the claim for a later try."""
        claim = await self.claim(message)
        if claim is Claim.REFUSED:
            return
        posted = await self.find(message) if claim is Claim.REPEATED else None
        if posted is not None:
            await self.record(message, posted, found=True)
        elif self.leadership.may_act() and (posted := await self.post(message)) is not None:
            await self.record(message, posted, found=False)

    @abstractmethod
    async def claim(self, message: MessageT) -> Claim:
        """Note in the store that it is about to be posted."""

    @abstractmethod
    async def find(self, message: MessageT) -> int | None:
        """The id of the posted message, which carries the mark."""

    @abstractmethod
    async def post(self, message: MessageT) -> int | None:
        """Post it; its id, or None where this process may not post any more."""

    @abstractmethod
    async def record(self, message: MessageT, posted: int, *, found: bool) -> None:
        """Note in the store that it is posted; `found` by an earlier process."""
