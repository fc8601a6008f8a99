"""Drawing in a child process: off the event loop, and its memory is free afterwards."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from bot.charts.spec import Drawing, Undrawn
from bot.runtime.child_process import MIB, ChildProcesses, Program, Unfinished

SECONDS = 30.0
"""Seconds for one picture; a small board needs half of them to load the library."""

LARGEST = 4 * MIB
"""Bytes of a picture, below Discord's default of 10 MiB."""

DRAWS = Program(
    (sys.executable, "-m", "bot.charts.matplotlib"),
    seconds=SECONDS,
    cpu=60,  # of all threads, and with the time for the library
    memory=384 * MIB,
    answer=LARGEST,
)


Draw = Callable[[Drawing], Awaitable[bytes | Undrawn]]


@dataclass(frozen=True, slots=True)
class Artist:
    """Draws one picture at a time.

    Most of the time goes into loading the library, so call `prepare` when a picture will be needed
    soon.
    """

    processes: ChildProcesses = field(default_factory=ChildProcesses)
    program: Program = DRAWS

    async def draw(self, drawing: Drawing) -> bytes | Undrawn:
        """The picture as a PNG, or why there is none; answers are complete without pictures."""
        try:
            # The time that other work takes counts: people wait for the answer.
            async with asyncio.timeout(self.program.seconds):
                picture = await self.processes.run(self.program, msgspec.json.encode(drawing))
        except TimeoutError:
            return Undrawn(f"It was not drawn within {self.program.seconds:.0f} s.")
        return Undrawn(picture.why) if isinstance(picture, Unfinished) else picture

    async def prepare(self) -> None:
        """Let a process load the library, for a picture that is needed within a minute or two."""
        await self.processes.prepare(self.program)
