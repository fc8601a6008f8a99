"""A bot as a process of its own, started by a test and never left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.places import ROOT
from tests.wire.discord_server import DiscordServer
from tests.wire.launcher import variables


@dataclass(frozen=True, slots=True)
class Running:
    """The process; what it prints, both streams together, is read all the time."""

    process: asyncio.subprocess.Process
    printing: asyncio.Task[tuple[bytes, bytes]]

    async def ended(self, seconds: float = 15.0) -> tuple[int, str]:
        """Wait for its end: exit code and all that it printed."""
        printed, _ = await asyncio.wait_for(asyncio.shield(self.printing), seconds)
        assert self.process.returncode is not None
        return self.process.returncode, printed.decode()

    async def terminated(self, seconds: float = 15.0) -> tuple[int, str]:
        """Send SIGTERM, as Kubernetes does, and wait for the end."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended(seconds)


@asynccontextmanager
async def started(
    server: DiscordServer,
    *argv: str,
    environment: Mapping[str, str] | None = None,
    module: str = "bot.__main__",
) -> AsyncIterator[Running]:
    """Start the launcher; `environment` holds the bot's own settings, and the last word."""
    inherited = {key: value for key, value in os.environ.items() if "MESHMEDIC" not in key}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.wire.launcher",
        *argv,
        cwd=ROOT,
        env=inherited | variables(server, module) | dict(environment or {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printing = asyncio.create_task(process.communicate())
    try:
        yield Running(process, printing)
    finally:
        if process.returncode is None:
            process.kill()
        await printing
