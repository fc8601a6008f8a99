"""How a log is asked for, and what is said where something cannot be read: plain values."""

from __future__ import annotations

import msgspec

LINES = 50_000
BYTES = 8 * 1024 * 1024
PATIENCE = 20.0


class LogAsked(msgspec.Struct, frozen=True, kw_only=True):
    """How much of one replica's log is wanted: of the last `seconds` (0: all), the last lines.

    `patience` are seconds until no more is read; `previous` means the run before the last restart.
    """

    seconds: int = 0
    lines: int = LINES
    limit_bytes: int = BYTES
    patience: float = PATIENCE
    previous: bool = False


class LogEnd(msgspec.Struct, frozen=True):
    """How much was read; `cut` says what was not, and is empty where nothing was left."""

    taken: int
    cut: str = ""


class NotSeen(msgspec.Struct, frozen=True):
    """What could not be seen, and how to allow it."""

    why: str
    how: str = ""

    def __str__(self) -> str:
        return f"{self.why} {self.how}".strip()
