"""The whole bot as a process: memory, stalls of its event loop, and how soon it acknowledges."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure, Spread
from tests.bench.server import Server
from tests.bench.watched import STALLS
from tests.wire import discord_server, processes, world
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import until

RSS = 150.0
"""MiB."""

STALL = 50.0
"""Milliseconds."""

ACKNOWLEDGED = 1000.0
"""Milliseconds at the 99th percentile."""

CHURN = 50
PACE = 0.05
"""Seconds between two commands."""

TROUBLES = {
    "the API server hangs": "hang",
    "it takes 2 s to answer": "slow 2",
    "it answers 500": "fail 500",
}


@dataclass(frozen=True, slots=True)
class Bot:
    """The process, and the file into which its clock writes."""

    pid: int
    process: asyncio.subprocess.Process
    stalls: Path

    async def stall(self) -> float:
        """Milliseconds of the longest stall since this was asked last."""
        before = self._lines()
        self.process.send_signal(signal.SIGUSR1)
        await until(lambda: len(self._lines()) > len(before), "the clock's word", 30)
        return 1000 * float(self._lines()[-1])

    def memory(self, field: str) -> float:
        """MiB, as the kernel counts: VmRSS now, VmHWM at most so far."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
        msg = f"the kernel tells no {field}"
        raise LookupError(msg)

    def _lines(self) -> list[str]:
        return self.stalls.read_text().splitlines() if self.stalls.exists() else []


async def measure(server: Server, folder: Path, commands: int) -> AsyncIterator[Figure]:
    """The figures of one bot from its start through all troubles."""
    stalls = folder / "stalls"
    environment = {
        "MESHMEDIC_DISCORD_TOKEN": world.TOKEN,
        "MESHMEDIC_GUILD_ID": str(world.GUILD_ID),
        "MESHMEDIC_APPROVERS": f"role:{world.VIEWERS}",
        "MESHMEDIC_KUBECONFIG": str(server.kubeconfig),
        STALLS: str(stalls),
    }
    async with (
        discord_server.serve(folder) as discord,
        processes.started(
            discord, "run", environment=environment, module="tests.bench.watched"
        ) as running,
    ):
        bot = Bot(running.process.pid, running.process, stalls)
        await discord.connected(60)
        await _answered(discord)
        yield Figure("longest stall, start and first lists", await bot.stall(), "ms", at_most=STALL)
        await server.obey(f"churn {CHURN}")
        acknowledged = await _acknowledged(discord, commands, full=True)
        await server.obey("well")
        yield Figure("longest stall, while answering", await bot.stall(), "ms", at_most=STALL)
        yield Figure("memory of the whole bot (RSS)", bot.memory("VmRSS"), "MiB", at_most=RSS)
        yield Figure("the most it ever was", bot.memory("VmHWM"), "MiB", at_most=RSS)
        yield _late("acknowledged, p99, all healthy", acknowledged)
        for name, order in TROUBLES.items():
            await server.obey(order)
            acknowledged = await _acknowledged(discord, commands)
            yield _late(f"acknowledged, p99, while {name}", acknowledged)
        await server.obey("well")
        yield Figure("longest stall, in all these troubles", await bot.stall(), "ms", at_most=STALL)
        code, printed = await running.terminated(30)
        assert code == 0, f"the bot ended with {code}: {printed}"


async def _answered(discord: DiscordServer) -> None:
    """Wait until an answer has seen everything."""
    for _ in range(20):
        handle = await discord.slash("health", "all")
        answer = await handle.answer(60)
        if "not come yet" not in answer.text:
            return
        await asyncio.sleep(1)
    msg = "the first lists never came"
    raise AssertionError(msg)


async def _acknowledged(discord: DiscordServer, commands: int, *, full: bool = False) -> Spread:
    """Milliseconds to each acknowledgement; `full` waits for the answers too."""
    handles = []
    for number in range(commands):
        path = ("why",) if number % 3 == 2 else ("health", "all")
        options = {"finding": "nothing"} if path == ("why",) else {}
        handle = await discord.slash(*path, options=options)
        handles.append(handle)
        await handle.acknowledged(30)
        if full:
            await handle.answer(30)
        await asyncio.sleep(PACE)
    return Spread(tuple(1000 * handle.ack_latency for handle in handles))


def _late(name: str, latencies: Spread) -> Figure:
    return Figure(name, latencies.percentile(0.99), "ms", at_most=ACKNOWLEDGED)
