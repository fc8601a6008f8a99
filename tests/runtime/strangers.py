"""Strangers who connect in numbers to a listener here, ask for half of something, and stay."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

WAVE = 50
"""Connections that strangers open at the same time."""

ONE = ("127.0.0.1",)
MANY = tuple(f"127.0.1.{pod}" for pod in range(1, 100))
"""More pods than there is room for."""


@contextmanager
def allowed(most: int) -> Iterator[int]:
    """As many connections as this process may hold open at once, up to `most`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield min(most, hard - 1000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def rush(port: int, times: int, words: bytes, *sources: str) -> AsyncIterator[None]:
    """So many connections, some at a time, that stay open as long as the listener lets them."""
    with ExitStack() as strangers:
        for wave in range(0, times, WAVE):
            sockets = [strangers.enter_context(socket.socket()) for _ in range(WAVE)]
            for number, stranger in enumerate(sockets, wave):
                stranger.bind((sources[number % len(sources)], 0))
            await asyncio.gather(*(_knock(stranger, port, words) for stranger in sockets))
        yield


async def _knock(stranger: socket.socket, port: int, words: bytes) -> None:
    """Say this, and then neither read nor leave; the listener may cut it off meanwhile."""
    loop = asyncio.get_running_loop()
    stranger.setblocking(False)
    with suppress(ConnectionError):
        await loop.sock_connect(stranger, ("127.0.0.1", port))
        await loop.sock_sendall(stranger, words)


def memory(pid: int) -> float:
    """What a process holds, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def open_files(pid: int) -> int:
    """A process's descriptors, connections among them."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
