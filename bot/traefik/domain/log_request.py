"""How a log is requested, and how reading it ended."""

from __future__ import annotations

import msgspec

LINES = 50_000
BYTES = 8 * 1024 * 1024
PATIENCE = 20.0


class LogRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How much of one replica's log to read: of the last `seconds` (0: all), the last lines.

    `patience` is the time in seconds after which reading stops; `previous` means the container
    before its last restart.
    """

    seconds: int = 0
    lines: int = LINES
    limit_bytes: int = BYTES
    patience: float = PATIENCE
    previous: bool = False


class LogEnd(msgspec.Struct, frozen=True):
    """How many bytes were read; `cut` says what was not read, and is empty if nothing was."""

    taken: int
    cut: str = ""
