"""Drawing in a child process: off the event loop, and its memory is free afterwards."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from bot.charts.spec import Drawing, Undrawn

log = logging.getLogger(__name__)

SECONDS = 30.0
"""Seconds for one picture; a small board needs half of them to load the library."""

WAITS = 150.0
"""Seconds that a prepared process waits for its drawing."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a picture, below Discord's default of 10 MiB."""

COMMAND = (sys.executable, "-m", "bot.charts.matplotlib")
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")
"""The environment variables that the process gets: it needs no token."""


Draw = Callable[[Drawing], Awaitable[bytes | Undrawn]]


@dataclass(slots=True, weakref_slot=True)
class Artist:
    """Draws one picture at a time, so that memory for one is enough.

    Most of the time goes into loading the library, so call `prepare` when a picture will be needed
    soon.
    """

    command: tuple[str, ...] = COMMAND
    seconds: float = SECONDS
    waits: float = WAITS
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _prepared: asyncio.subprocess.Process | None = None
    _ending: asyncio.Task[None] | None = None
    _folder: str = ""

    async def draw(self, drawing: Drawing) -> bytes | Undrawn:
        """The picture as a PNG, or why there is none; answers are complete without pictures."""
        try:
            async with asyncio.timeout(self.seconds), self._lock:
                return await self._run(msgspec.json.encode(drawing))
        except TimeoutError:
            return Undrawn(f"It was not drawn within {self.seconds:.0f} s.")
        except OSError as error:
            log.warning("a picture cannot be drawn: %s", error)
            return Undrawn("The process that draws could not be started.")

    async def prepare(self) -> None:
        """Let a process load the library, for a picture that is needed within a minute or two."""
        if self._lock.locked() or self._alive():
            return
        async with self._lock:
            with suppress(OSError):
                self._prepared = await self._start()
                self._ending = asyncio.create_task(self._end_unused(self._prepared))

    async def close(self) -> None:
        """End a prepared process."""
        if self._ending:
            self._ending.cancel()
        if self._prepared:
            await _end(self._prepared)
        self._prepared = None

    def _alive(self) -> bool:
        return self._prepared is not None and self._prepared.returncode is None

    async def _run(self, drawing: bytes) -> bytes | Undrawn:
        process = self._prepared if self._prepared and self._alive() else await self._start()
        self._prepared = None
        if self._ending:
            self._ending.cancel()
        try:
            picture, errors = await process.communicate(drawing)
        finally:
            await _end(process)
        if process.returncode or not picture or len(picture) > LARGEST:
            log.warning("a picture failed with code %s: %s", process.returncode, errors[-2000:])
            return Undrawn("The process that draws failed; the log says why.")
        return picture

    async def _start(self) -> asyncio.subprocess.Process:
        if not self._folder:
            # The library stores a list of fonts and cannot write at home. The folder is kept, so
            # that the next process finds the list.
            self._folder = tempfile.mkdtemp(prefix="meshmedic-drawing-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        return await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment | {"MPLCONFIGDIR": self._folder, "HOME": self._folder},
        )

    async def _end_unused(self, process: asyncio.subprocess.Process) -> None:
        await asyncio.sleep(self.waits)
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs, also after a cancellation."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
