"""The web server for machines as a process of its own, whose memory a test can look at."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import Popen

from bot.runtime.http_server import serving
from tests.places import ROOT
from tests.runtime import strangers

METRICS = b"# A line of many.\n" * 32 * 1024
"""Half a MiB: more than the kernel takes for a client that does not read."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The process, which listens on `port`."""

    process: Popen[bytes]
    port: int

    @property
    def memory(self) -> float:
        """What it holds, in MiB."""
        return strangers.memory(self.process.pid)

    @property
    def open_files(self) -> int:
        """Its descriptors, connections among them."""
        return strangers.open_files(self.process.pid)


@contextmanager
def started(port: int) -> Iterator[Serving]:
    """Run it until the block ends; it may not listen yet."""
    process = Popen([sys.executable, "-m", __name__, str(port)], cwd=ROOT)  # noqa: S603  # this module
    try:
        yield Serving(process, port)
    finally:
        process.kill()
        process.wait()


async def _serve(port: int) -> None:
    def metrics(_accept: str) -> tuple[bytes, str]:
        return METRICS, "text/plain"

    async with serving(port, healthz=tuple, readyz=tuple, metrics=metrics):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
