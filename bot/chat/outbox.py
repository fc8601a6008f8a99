"""Post messages at most once, whatever is cut off in between.

A message is claimed in the store, posted under its mark (`bot.domain.posting`), and recorded. A
claim without a record may mean a posted message, so the next process looks for the mark first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bot.domain.election import Leadership

MessageT = TypeVar("MessageT")


@dataclass(frozen=True, slots=True)
class Claim:
    """A message is claimed in the store. `since`: It may be posted since then, by another try."""

    since: datetime | None = None


class Outbox(ABC, Generic[MessageT]):
    """Posts one kind of messages."""

    leadership: Leadership

    async def deliver(self, message: MessageT) -> bool:
        """Post a message unless it is posted already; whether it is known to be posted by now.

        False while it is left to another process. Errors leave the claim for a later try.
        """
        claim = await self.claim(message)
        if claim is None:
            return False
        posted = await self.find(message, claim.since) if claim.since else None
        if posted is not None:
            await self.record(message, posted, found=True)
        elif self.leadership.may_act() and (posted := await self.post(message)) is not None:
            await self.record(message, posted, found=False)
        return posted is not None

    @abstractmethod
    async def claim(self, message: MessageT) -> Claim | None:
        """Note in the store that it is about to be posted.

        None where another process has it (`bot.domain.posting.left_alone`), or it is done.
        """

    @abstractmethod
    async def find(self, message: MessageT, since: datetime) -> int | None:
        """The id of the posted message, by its mark."""

    @abstractmethod
    async def post(self, message: MessageT) -> int | None:
        """Post it; its id, or None where this process may not post any more."""

    @abstractmethod
    async def record(self, message: MessageT, posted: int, *, found: bool) -> None:
        """Note in the store that it is posted; `found` by an earlier process."""
