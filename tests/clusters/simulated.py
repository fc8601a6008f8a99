"""The simulated API as a cluster of the shared suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.sandbox.kubernetes_api import (
    SERVED,
    SimulatedCluster,
    serve,
    without,
    write_kubeconfig,
)
from bot.sandbox.kubernetes_api.access import USER
from tests.clusters import Plain

TOKEN = "made-up-token-of-the-simulation"


@dataclass
class Simulated:
    """`tests.clusters.Cluster` over a `SimulatedCluster`."""

    simulation: SimulatedCluster
    url: str
    kubeconfig: Path
    user: str = USER

    def session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.url, headers={"Authorization": f"Bearer {TOKEN}"})

    async def put(self, *objects: Plain) -> None:
        for each in objects:
            self.simulation.put(each)

    async def delete(self, kind: str, namespace: str, name: str) -> None:
        self.simulation.delete(kind, namespace, name)

    async def forbid(self, verb: str, plural: str, group: str = "") -> None:
        self.simulation.forbid(verb, plural, group)

    async def allow(
        self, verb: str, plural: str, group: str = "", namespace: str | None = None
    ) -> None:
        self.simulation.allow(verb, plural, group, namespace)

    async def uninstall(self, *dropped: str) -> None:
        self.simulation.served = without(*dropped)

    async def install(self) -> None:
        self.simulation.served = SERVED

    async def expire_history(self) -> None:
        self.simulation.expire_history()

    async def cut(self) -> None:
        self.simulation.drop_connections()

    async def leave(self) -> None:
        self.simulation.faults.status = 503
        self.simulation.drop_connections()

    async def hang(self) -> None:
        self.simulation.faults.hang = True
        self.simulation.faults.silent_watches = True

    async def come_back(self) -> None:
        self.simulation.faults.clear()


@asynccontextmanager
async def simulated(folder: Path) -> AsyncIterator[Simulated]:
    """An empty simulated cluster on a real wire."""
    simulation = SimulatedCluster(token=TOKEN)
    async with serve(simulation) as url:
        write_kubeconfig(folder / "kubeconfig", url, TOKEN)
        yield Simulated(simulation, url, folder / "kubeconfig")
