"""The simulated Kubernetes API as a process of its own, so that its work is not counted as ours.

    python -m tests.bench.server CLUSTER KUBECONFIG

CLUSTER is a share of the whole size, such as 0.05, or `hostile:` and a share.

It says `ready` once it serves, and then obeys lines on standard input, `done` after each: `hang`,
`slow SECONDS`, `fail STATUS`, `churn CHANGES_A_SECOND`, `storm CHANGES_A_SECOND SECONDS`, `well`.
It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios.plain import Plain
from tests.bench import hostile_cluster
from tests.bench.homelab import Size, homelab
from tests.places import ROOT

START = 120.0
"""Seconds that making 17,000 objects may take."""


@dataclass(frozen=True, slots=True)
class Server:
    """The running process as the benchmark sees it."""

    kubeconfig: Path
    process: asyncio.subprocess.Process

    async def obey(self, line: str) -> None:
        """Let it do something else from now on."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n".encode())
        await self.said("done")

    async def said(self, word: str) -> None:
        """Wait for a word of it."""
        assert self.process.stdout
        line = await asyncio.wait_for(self.process.stdout.readline(), START)
        assert line.decode().strip() == word, f"the server said {line!r}, not {word!r}"


@asynccontextmanager
async def started(cluster: str, folder: Path) -> AsyncIterator[Server]:
    """A server of a cluster; its kubeconfig is written to `folder`."""
    kubeconfig = folder / "kubeconfig"
    argv = (sys.executable, "-m", "tests.bench.server", cluster, str(kubeconfig))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdin=pipe, stdout=pipe)
    try:
        server = Server(kubeconfig, process)
        await server.said("ready")
        yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _main(asked: str, kubeconfig: Path) -> None:
    cluster = SimulatedCluster(_objects(asked))
    # Its own collector must not make anybody wait.
    gc.collect()
    gc.freeze()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    async with serve(cluster) as url:
        write_kubeconfig(kubeconfig, url)
        _say("ready")
        await _obey(cluster, lines)


def _objects(asked: str) -> Iterator[Plain]:
    kind, _, share = asked.rpartition(":")
    return hostile_cluster.cluster(float(share)) if kind else homelab(Size().scaled(float(share)))


async def _obey(cluster: SimulatedCluster, lines: asyncio.StreamReader) -> None:
    churning: asyncio.Task[None] | None = None
    while line := (await lines.readline()).decode().split():
        cluster.faults.clear()
        if churning:
            churning.cancel()
        match line:
            case ["hang"]:
                cluster.faults.hang = True
            case ["slow", seconds]:
                cluster.faults.delay = float(seconds)
            case ["fail", status]:
                cluster.faults.status = int(status)
                cluster.drop_connections()
            case ["churn", each_second]:
                churning = asyncio.create_task(_churn(cluster, int(each_second)))
            case ["storm", each_second, seconds]:
                churning = asyncio.create_task(_storm(cluster, int(each_second), int(seconds)))
        _say("done")


async def _churn(cluster: SimulatedCluster, each_second: int) -> None:
    """Write pods anew, one after the other, as kubelets do."""
    for stored in itertools.cycle(cluster.in_order("pods")):
        pod = cluster.get("Pod", stored.namespace, stored.name)
        if pod:
            cluster.put(pod)
        await asyncio.sleep(1 / each_second)


async def _storm(cluster: SimulatedCluster, each_second: int, seconds: int) -> None:
    """So many changes, at an even pace: pods written anew, one in fifty of them ill or well."""
    names = itertools.cycle([(each.namespace, each.name) for each in cluster.in_order("pods")])
    chance = random.Random(1)  # noqa: S311  # the same each time
    began = time.monotonic()
    for number, (namespace, name) in zip(range(each_second * seconds), names, strict=False):
        if pod := cluster.get("Pod", namespace, name):
            if chance.randrange(50) == 0:
                _turn_over(pod)
            cluster.put(pod)
        ahead = began + number / each_second - time.monotonic()
        if ahead > PACE:
            await asyncio.sleep(ahead)
        elif number % 10 == 0:
            await asyncio.sleep(0)


def _turn_over(pod: Plain) -> None:
    """From ready to not, or back."""
    for each in (*pod["status"]["conditions"], *pod["status"]["containerStatuses"]):
        if each.get("type") in ("Ready", "ContainersReady"):
            each["status"] = "False" if each["status"] == "True" else "True"
        if "ready" in each:
            each["ready"] = not each["ready"]


PACE = 0.01
"""Seconds that it may be ahead: changes come in handfuls, as from a real API server."""


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the other end reads it


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2])))
