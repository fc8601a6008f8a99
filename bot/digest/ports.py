"""Where a digest goes: the letter, what the digests need of Discord, and how a slot may end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.charts.spec import Undrawn
from bot.digest.domain.digest import Digest


@dataclass(frozen=True, slots=True)
class ChannelLost:
    """The channel does not take it, and asking again would not help."""

    why: str


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """A digest on its way: its picture, and what its message carries."""

    digest: Digest
    picture: bytes | Undrawn | None = None
    alt: str = ""
    carried: str = ""
    nonce: str = ""
    brief: bool = False


class DigestChannel(Protocol):
    """What the digests need of Discord. Each raises MeshmedicError where nobody knows."""

    async def send(self, channel: int, letter: DigestMessage) -> int | ChannelLost:
        """Post it; the message's id."""
        ...

    async def edit(self, channel: int, message: int, letter: DigestMessage) -> bool | ChannelLost:
        """Put a brief one in the place of another; False where that is gone."""
        ...

    async def renew(self, channel: int, message: int, at: datetime) -> bool | ChannelLost:
        """Note in a whole one when it was looked at last; False where that cannot be done."""
        ...

    async def find(self, channel: int, carried: str) -> int | ChannelLost | None:
        """The id of our own message that carries this."""
        ...

    async def tell(self, channel: int, text: str) -> None:
        """Say a word to the owner."""
        ...


class DigestOutcome(StrEnum):
    """How a slot ended, for the metrics."""

    SENT = "sent"
    LATE = "late"
    UNCHANGED = "unchanged"
    FOUND = "found"
    LOST = "lost"
    FAILED = "failed"
