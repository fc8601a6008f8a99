"""What the doctor is told of digests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.digest.domain.records import DigestSchedule, DigestState
from bot.domain.refusal import NotObserved


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What is kept of digests, what the settings set up, and the moment of the question."""

    book: DigestState | NotObserved
    defaults: tuple[DigestSchedule, ...]
    zone: ZoneInfo
    now: datetime
