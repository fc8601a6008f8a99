"""The story of one finding: its chain of causes, its events and its last log lines."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain.check import Check
from bot.domain.finding import Finding


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A Kubernetes event about an object, seen `count` times, last `at`."""

    type: str = ""
    reason: str = ""
    message: str = ""
    count: int = 1
    at: datetime | None = None


class LogTail(msgspec.Struct, frozen=True, kw_only=True):
    """The last lines of a container's log; `previous` is the log before its last restart."""

    container: str
    previous: bool
    lines: tuple[str, ...]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known about one finding.

    chain: From the finding to its root cause.
    downstream: The effects of the finding.
    unseen: What could not be read, in words.
    """

    taken_at: datetime
    chain: tuple[Finding, ...]
    check: Check
    downstream: tuple[Finding, ...] = ()
    events: tuple[Event, ...] = ()
    log: LogTail | None = None
    unseen: tuple[str, ...] = ()

    @property
    def finding(self) -> Finding:
        """The finding that was asked about."""
        return self.chain[0]
