"""Where a digest goes: its message, what the digests need of Discord, and how a run may end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.charts.spec import Undrawn
from bot.digest.domain.digest import Digest


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """A digest on its way: its picture, and the mark of its message."""

    digest: Digest
    picture: bytes | Undrawn | None = None
    alt: str = ""
    mark: str = ""
    brief: bool = False


class DigestChannel(Protocol):
    """What the digests need of Discord.

    Each method raises ChannelUnavailable, and another MeshmedicError where there is no answer.
    """

    async def send(self, channel: int, message: DigestMessage) -> int:
        """Post it; the message's id."""
        ...

    async def edit(self, channel: int, posted: int, message: DigestMessage) -> bool:
        """Replace a brief one by another; False where that is gone."""
        ...

    async def renew(self, channel: int, posted: int, at: datetime) -> bool:
        """Note in a whole one when the cluster was examined last; False where that fails."""
        ...

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        """The id of the bot's own message with a mark, not older than this."""
        ...


class DigestOutcome(StrEnum):
    """How a run ended, for the metrics."""

    SENT = "sent"
    LATE = "late"
    UNCHANGED = "unchanged"
    FOUND = "found"
    LOST = "lost"
    FAILED = "failed"
