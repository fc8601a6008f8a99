"""A line on standard error that says what goes on, for a person who waits at a terminal."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time

from bot.render import text as words
from bot.render.table import cut

SOON = 0.1
"""Seconds until the first line: what is done by then needs none."""

EVERY = 1.0
ERASE = "\r\x1b[K"


class ProgressLine:
    """What goes on, and for how many seconds; nothing where nobody looks on."""

    def __init__(self, step: str = "Reading the cluster") -> None:
        self._step = step
        self._began = time.monotonic()
        self._shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._is_drawn = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Draw the line from now on."""
        if self._shown and self._task is None:
            self._task = asyncio.create_task(self._draw_again())

    def step(self, step: str) -> None:
        """What goes on now."""
        self._step = step
        if self._task:
            self._draw()

    def end(self) -> None:
        """Erase the line, before something else is printed."""
        if self._task:
            self._task.cancel()
            self._task = None
        if self._is_drawn:
            sys.stderr.write(ERASE)
            sys.stderr.flush()
            self._is_drawn = False

    async def _draw_again(self) -> None:
        await asyncio.sleep(SOON)
        while True:
            self._draw()
            await asyncio.sleep(EVERY)

    def _draw(self) -> None:
        seconds = int(time.monotonic() - self._began)
        line = f"{words.line(self._step, 1000).rstrip('.…')} …" + (
            f" {seconds} s" if seconds else ""
        )
        room = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"{ERASE}{cut(line, room)}")
        sys.stderr.flush()
        self._is_drawn = True
