"""Drawing in a process of its own: off the event loop, and its memory is gone afterwards."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from bot.render.drawing import Drawing, Undrawn

log = logging.getLogger(__name__)

SECONDS = 30.0
"""For one picture: half of that on a small board, where loading the library takes longest."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a picture, below Discord's default of 10 MiB."""

COMMAND = (sys.executable, "-m", "bot.render.pictures")
KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")
"""Of the environment: whoever draws needs no token."""


Draw = Callable[[Drawing], Awaitable[bytes | Undrawn]]


@dataclass(frozen=True, slots=True)
class Artist:
    """Draws one picture at a time, so that memory for one is enough."""

    command: tuple[str, ...] = COMMAND
    seconds: float = SECONDS
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

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

    async def _drawn(self, asked: bytes) -> bytes | Undrawn:
        # The library keeps a list of fonts in a folder of its own, and may not write at home.
        with tempfile.TemporaryDirectory(prefix="meshmedic-drawing-") as folder:
            kept = {name: os.environ[name] for name in KEPT if name in os.environ}
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=kept | {"MPLCONFIGDIR": folder, "HOME": folder},
            )
            try:
                made, said = await process.communicate(asked)
            finally:
                await _end(process)
        if process.returncode or not made or len(made) > LARGEST:
            log.warning("a picture failed with code %s: %s", process.returncode, said[-2000:])
            return Undrawn("The process that draws failed; the log says why.")
        return made


async def _end(process: asyncio.subprocess.Process) -> None:
    """Also where whoever waits was cancelled."""
    if process.returncode is None:
        process.kill()
        await process.wait()
