"""Starting the sandbox as a person does: the command line, in a process of its own."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

START = 30.0
"""Seconds until the page must be there."""

END = 30.0


@dataclass
class Sandbox:
    """A running sandbox: its address, and what it printed so far."""

    process: Process
    printed: list[str] = field(default_factory=list)
    url: str = ""

    async def started(self) -> None:
        """Read what it prints until it names the address."""
        assert self.process.stdout
        async with asyncio.timeout(START):
            while line := (await self.process.stdout.readline()).decode():
                self.printed.append(line)
                if found := re.match(r"open\s+(\S+)", line):
                    self.url = found[1]
                if line.startswith("stop"):
                    return
        msg = f"the sandbox ended: {''.join(self.printed)}"
        raise AssertionError(msg)

    async def end(self) -> int:
        """Press Ctrl-C; the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(END):
            assert self.process.stdout
            self.printed.append((await self.process.stdout.read()).decode())
            return await self.process.wait()


@asynccontextmanager
async def sandbox(scenario: str) -> AsyncIterator[Sandbox]:
    """`meshmedic sandbox --scenario …` on a free port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sandbox", "--scenario", scenario, "--port", "0",
        stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    running = Sandbox(process)
    try:
        await running.started()
        yield running
    finally:
        await running.end()
