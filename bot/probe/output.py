"""Lines on standard output, limited in number, that never wait for their reader."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable
from typing import Any

PIECE = 4096
"""Bytes that a pipe takes in one piece or not at all. Source: pipe(7), PIPE_BUF."""

STDOUT = 1
MINUTE = 60.0

Write = Callable[[dict[str, Any]], None]
"""Writes one line."""


def encoded(line: dict[str, Any]) -> bytes:
    """One line of JSON."""
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


class Output:
    """Writes at most `most` lines a minute, so that the log is not rotated too soon."""

    def __init__(self, most: int, descriptor: int = STDOUT) -> None:
        self._descriptor = descriptor
        self._most = self._left = most
        self._began = time.monotonic()
        self.left_out = 0
        """The number of lines that were dropped."""

    def write(self, line: dict[str, Any]) -> None:
        """Write a line, or drop it where that is not possible at once."""
        now = time.monotonic()
        if now - self._began >= MINUTE:
            self._began, self._left = now, self._most
        if self._left and _written(encoded(line), self._descriptor):
            self._left -= 1
        else:
            self.left_out += 1


def _written(raw: bytes, descriptor: int) -> bool:
    # The reader may be stuck or gone: probing must go on.
    try:
        if len(raw) > PIECE or not select.select([], [descriptor], [], 0)[1]:
            return False
        return os.write(descriptor, raw) == len(raw)
    except (OSError, ValueError):
        return False
