"""Lines on standard output that never wait for who reads them, and are only so many."""

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
    """At most so many lines a minute: a log is to tell what is new, and not to turn over."""

    def __init__(self, most: int, descriptor: int = STDOUT) -> None:
        self._descriptor = descriptor
        self._most = self._left = most
        self._began = time.monotonic()
        self.left_out = 0
        """Lines that were not written, in all."""

    def write(self, line: dict[str, Any]) -> None:
        """Write a line, where there is room for it at once."""
        now = time.monotonic()
        if now - self._began >= MINUTE:
            self._began, self._left = now, self._most
        if self._left and _written(encoded(line), self._descriptor):
            self._left -= 1
        else:
            self.left_out += 1


def _written(raw: bytes, descriptor: int) -> bool:
    # Whoever keeps the log may be stuck, or gone: the network is probed all the same.
    try:
        if len(raw) > PIECE or not select.select([], [descriptor], [], 0)[1]:
            return False
        return os.write(descriptor, raw) == len(raw)
    except (OSError, ValueError):
        return False
