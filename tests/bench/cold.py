"""A full answer from cold, in turns with the documented kubectl commands one after the other."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from bot.health.checks import CHECKS
from bot.health.service import Health
from bot.health.views import discord as render
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from tests.bench.figures import Figure, Spread

DOCUMENTED = tuple(
    dict.fromkeys(
        check.documented_as
        for check in CHECKS
        if check.scope and check.documented_as.startswith("kubectl ")
    )
)
"""The kubectl command that each live check stands for."""

WANTED = 10.0
"""How many times faster than kubectl a full answer is to be."""


async def measure(kubeconfig: Path, rounds: int) -> AsyncIterator[Figure]:
    """The figures of some rounds, in each of which all take turns."""
    ours: list[float] = []
    processes: list[float] = []
    kubectls: list[float] = []
    for _ in range(rounds):
        ours.append(await answer(kubeconfig))
        processes.append(await check(kubeconfig))
        if shutil.which("kubectl"):
            kubectls.append(await kubectl(kubeconfig))
    answered, process = Spread(tuple(ours)).median, Spread(tuple(processes)).median
    yield Figure("answer of the bot with an empty cache", 1000 * answered, "ms")
    yield Figure("meshmedic check, Python's start included", 1000 * process, "ms")
    if kubectls:
        theirs = Spread(tuple(kubectls)).median
        commands = f"the {len(DOCUMENTED)} documented kubectl commands"
        yield Figure(commands, 1000 * theirs, "ms")
        yield Figure("kubectl / answer from cold", theirs / answered, "times", at_least=WANTED)
        yield Figure("kubectl / meshmedic check", theirs / process, "times")


async def answer(kubeconfig: Path) -> float:
    """Seconds from nothing (no connection, no cache) to the message, in a bot that runs."""
    began = time.perf_counter()
    async with connect(kubeconfig=kubeconfig) as api:
        cache = WatchCache(api)
        await cache.start()
        try:
            report = await Health(cache).check()
            render.report(report, ())
            took = time.perf_counter() - began
        finally:
            await cache.close()
    unseen = [gap for gap in report.gaps if not gap.why.by_choice]
    assert not unseen, f"the answer was not full: {unseen}"
    return took


async def check(kubeconfig: Path) -> float:
    """Seconds of a whole `meshmedic check --output json`."""
    argv = (sys.executable, "-m", "bot", "check", "--output", "json")
    return await _timed([(*argv, "--kubeconfig", str(kubeconfig))], {}, (0, 1, 2))


async def kubectl(kubeconfig: Path) -> float:
    """Seconds of all documented commands, from an empty discovery cache."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "KUBECONFIG": str(kubeconfig)}
        return await _timed([shlex.split(line) for line in DOCUMENTED], environment, (0,))


async def _timed(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], good: Sequence[int]
) -> float:
    """Run them one after the other; their output is read and thrown away."""
    # Bytecode is kept, as it is on any machine where a program is started twice.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    for argv in commands:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=inherited | dict(environment),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        assert process.returncode in good, f"{shlex.join(argv)}: {said.decode()}"
    return time.perf_counter() - began
