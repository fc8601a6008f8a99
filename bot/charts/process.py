"""Drawing in a process of its own: off the event loop, and its memory is gone afterwards."""

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
"""For one picture: half of that on a small board, where loading the library takes longest."""

WAITS = 150.0
"""Seconds that a process waits for its picture, when one was said to be needed soon."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a picture, below Discord's default of 10 MiB."""

COMMAND = (sys.executable, "-m", "bot.charts.matplotlib")
KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")
"""Of the environment: whoever draws needs no token."""


Draw = Callable[[Drawing], Awaitable[bytes | Undrawn]]


@dataclass(slots=True, weakref_slot=True)
class Artist:
    """Draws one picture at a time, so that memory for one is enough.

    Most of the time goes into loading the library: whoever knows that a picture will be wanted soon
    says `prepare`.
    """

    command: tuple[str, ...] = COMMAND
    seconds: float = SECONDS
    waits: float = WAITS
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _prepared: asyncio.subprocess.Process | None = None
    _ending: asyncio.Task[None] | None = None
    _folder: str = ""

    async def draw(self, each: Drawing) -> bytes | Undrawn:
        """The picture as a PNG, or why there is none: the words are enough without it."""
        try:
            async with asyncio.timeout(self.seconds), self._one:
                return await self._drawn(msgspec.json.encode(each))
        except TimeoutError:
            return Undrawn(f"It was not drawn within {self.seconds:.0f} s.")
        except OSError as error:
            log.warning("a picture cannot be drawn: %s", error)
            return Undrawn("The process that draws could not be started.")

    async def prepare(self) -> None:
        """A picture is wanted within a minute or two: let a process load the library. Once."""
        if self._one.locked() or self._alive():
            return
        async with self._one:
            with suppress(OSError):
                self._prepared = await self._begun()
                self._ending = asyncio.create_task(self._end_unused(self._prepared))

    async def close(self) -> None:
        """End a process that waits."""
        if self._ending:
            self._ending.cancel()
        if self._prepared:
            await _end(self._prepared)
        self._prepared = None

    def _alive(self) -> bool:
        return self._prepared is not None and self._prepared.returncode is None

    async def _drawn(self, asked: bytes) -> bytes | Undrawn:
        process = self._prepared if self._prepared and self._alive() else await self._begun()
        self._prepared = None
        if self._ending:
            self._ending.cancel()
        try:
            made, said = await process.communicate(asked)
        finally:
            await _end(process)
        if process.returncode or not made or len(made) > LARGEST:
            log.warning("a picture failed with code %s: %s", process.returncode, said[-2000:])
            return Undrawn("The process that draws failed; the log says why.")
        return made

    async def _begun(self) -> asyncio.subprocess.Process:
        if not self._folder:
            # The library keeps a list of fonts in a folder of its own, and may not write at home.
            # Made once, it is found again by the next one.
            self._folder = tempfile.mkdtemp(prefix="meshmedic-drawing-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=kept | {"MPLCONFIGDIR": self._folder, "HOME": self._folder},
        )

    async def _end_unused(self, process: asyncio.subprocess.Process) -> None:
        await asyncio.sleep(self.waits)
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Also where whoever waits was cancelled."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
