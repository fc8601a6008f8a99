"""The dead man's switch: what is known of the pings that show that the bot works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LATE = timedelta(minutes=5)
"""Without a ping for that long the other side raises its alarm, or soon will."""


@dataclass(frozen=True, slots=True)
class HeartbeatFacts:
    """The pings of this process.

    pinged: When the other side took the last one; None: none yet.
    trouble: Why the latest one failed or was withheld, in sentences; empty where it was taken.
    leads: Whether this process acts: a standby sends none.
    """

    now: datetime
    pinged: datetime | None = None
    trouble: str = ""
    leads: bool = True
