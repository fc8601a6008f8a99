"""Agents as processes, and who asks them as the bot does."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from bot.net.probing import output as lines
from bot.net.probing import signed_job
from bot.net.probing.protocol import ProberLine
from tests.probe import signing

LIMIT = 60.0
"""Seconds for whatever must happen at all."""


@dataclass
class Running:
    """An agent: its ports, and what it has printed so far."""

    process: asyncio.subprocess.Process
    port: int = 0
    listener: int = 0
    log: bytearray = field(default_factory=bytearray)
    more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def follow(self) -> None:
        """Read its log for ever, so that it is never stuck."""
        assert self.process.stdout
        while part := await self.process.stdout.read(65536):
            async with self.more:
                self.log += part
                self.more.notify_all()

    async def printed(self, job: str, count: int = 1) -> list[ProberLine]:
        """So many lines of that job, at least."""
        async with asyncio.timeout(LIMIT), self.more:
            await self.more.wait_for(lambda: len(self.so_far(job)) >= count)
        return self.so_far(job)

    async def ended(self, job: str) -> list[ProberLine]:
        """All lines of that job, once it is done."""
        async with asyncio.timeout(LIMIT), self.more:
            await self.more.wait_for(lambda: any(each.done for each in self.so_far(job)))
        return self.so_far(job)

    def so_far(self, job: str) -> list[ProberLine]:
        return list(lines.lines_of(bytes(self.log), job))

    async def asked(self, sent: signed_job.SignedRequest) -> tuple[int, list[ProberLine]]:
        """The status, and all lines that came back."""
        url = f"http://127.0.0.1:{self.port}{signed_job.PATH}"
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LIMIT)) as session,
            session.post(url, data=sent.body, headers=sent.headers) as response,
        ):
            body = await response.read()
            return response.status, [
                msgspec.json.decode(each, type=ProberLine) for each in body.splitlines()
            ]


@asynccontextmanager
async def running(keys: Path, *options: str, name: str = "alpha") -> AsyncIterator[Running]:
    """An agent on ports of its own, until the block ends."""
    command = (sys.executable, "-m", "bot.probe", "serve", "--name", name, "--keys", str(keys))
    process = await asyncio.create_subprocess_exec(
        *command, "--port", "0", *options, stdout=asyncio.subprocess.PIPE
    )
    agent = Running(process)
    following = asyncio.create_task(agent.follow())
    try:
        agent.port = int((await agent.printed(signed_job.AGENT))[0].listening)
        agent.listener = int((await agent.printed(signed_job.STANDING))[0].listening)
        yield agent
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(LIMIT):
            await process.wait()
            await following


def known(folder: Path) -> Path:
    """A file that knows the key that signs here."""
    path = folder / "keys"
    path.write_bytes(signing.line(signing.key()))
    return path
