"""Tasks that stop at every gate, and go on in the order that a test chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Interleaving:
    """`gate` stands before whatever may be interrupted by somebody else."""

    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def gate(self) -> None:
        """Stop here until chosen."""
        chosen = asyncio.get_running_loop().create_future()
        self.waiting.append(chosen)
        self._moved.set()
        await chosen

    async def run(
        self,
        works: list[Coroutine[Any, Any, None]],
        choices: Iterator[int],
        between: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Let one go on at a time: the choice says which. Each has one gate at most at a time.

        `between` hears each choice, before it takes effect.
        """
        tasks = [asyncio.create_task(work) for work in works]
        for task in tasks:
            task.add_done_callback(lambda _: self._moved.set())
        while unfinished := [task for task in tasks if not task.done()]:
            if len(self.waiting) < len(unfinished):
                self._moved.clear()
                async with asyncio.timeout(20):
                    await self._moved.wait()
                continue
            choice = next(choices, 0)
            between(choice)
            self.waiting.pop(choice % len(self.waiting)).set_result(None)
        for task in tasks:
            task.result()
