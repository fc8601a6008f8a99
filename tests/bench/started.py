"""What a start of the terminal costs: processor time of a command, with the start of Python."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bench.figures import Figure, Spread
from tests.bench.homelab import Size
from tests.bench.server import started
from tests.environment import without_settings

SHARE = 0.01
"""Of the whole size: a homelab of 100 pods."""

MILLISECONDS = 400.0
"""What a check may take on the machine of docs/benchmark.md: 650 where it imported everything."""


async def measure(rounds: int) -> AsyncIterator[Figure]:
    """A check of a homelab, and the help of all commands."""
    with tempfile.TemporaryDirectory(prefix="meshmedic-bench-") as folder:
        async with started(str(SHARE), Path(folder)) as server:
            check = await _median(rounds, "check", "--kubeconfig", str(server.kubeconfig))
    pods = Size().scaled(SHARE).pods
    yield Figure(f"meshmedic check of {pods} pods, CPU time", check, "ms", at_most=MILLISECONDS)
    yield Figure("meshmedic help, CPU time", await _median(rounds, "help"), "ms")


async def _median(rounds: int, *arguments: str) -> float:
    """Milliseconds of processor time, in user and system mode; the first run compiles."""
    spent = [await asyncio.to_thread(_spent, arguments) for _ in range(rounds + 1)]
    return Spread(tuple(spent[1:])).median


def _spent(arguments: tuple[str, ...]) -> float:
    env = without_settings()
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    pid = os.posix_spawn(
        sys.executable,
        (sys.executable, "-m", "bot", *arguments),
        env,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 1, 2, 3), arguments
    return 1000 * _seconds(usage)


def _seconds(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime
