"""The prober's agents, each a process on loopback and all on one core: memory, and a whole mesh."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.core.network import lines
from bot.core.network.probing import PAYLOAD, Job, Kind, Outcome, Probe
from tests.bench.figures import Figure
from tests.probe import agents, servers, signing
from tests.probe.agents import Running

RSS = 25.0
"""MiB (issue 4)."""

WANTED = {5: 1000.0, 30: 5000.0}
"""Milliseconds for a mesh of so many nodes (issue 4)."""

BY_TLS = 20
"""Probes, as many endpoints as a large Service has."""


async def measure(sizes: Sequence[int]) -> AsyncIterator[Figure]:
    """The time of a mesh of each size, and the memory of an agent in it."""
    for nodes in sizes:
        async with _mesh(nodes) as mesh:
            pairs = nodes * (nodes - 1)
            name = f"{nodes} probers on one core, {pairs} pairs by three kinds"
            yield Figure(name, 1000 * await _all_pairs(mesh), "ms", at_most=WANTED.get(nodes))
            most = max(_most_memory(each) for each in mesh)
            yield Figure(f"prober RSS, the most among {nodes}", most, "MiB", at_most=RSS)
    async with _mesh(1) as mesh, servers.securely(b"." * PAYLOAD) as port:
        yield Figure("prober RSS, idle", _most_memory(mesh[0]), "MiB", at_most=RSS)
        await _ask(mesh[0], 0, [*_by_tls(port), *_three(mesh[0])])
        yield Figure("prober RSS, the most with TLS", _most_memory(mesh[0]), "MiB", at_most=RSS)


@asynccontextmanager
async def _mesh(nodes: int) -> AsyncIterator[list[Running]]:
    with tempfile.TemporaryDirectory(prefix="meshmedic-bench-") as folder:
        keys = agents.known(Path(folder))
        core = min(os.sched_getaffinity(0))
        async with AsyncExitStack() as stack:
            mesh = []
            for number in range(nodes):
                running = agents.running(keys, name=f"node-{number}")
                mesh.append(await stack.enter_async_context(running))
                os.sched_setaffinity(mesh[-1].process.pid, {core})
            yield mesh


async def _all_pairs(mesh: Sequence[Running]) -> float:
    """Seconds from the first signature to the last line."""
    rows = [[each for peer in mesh if peer is not own for each in _three(peer)] for own in mesh]
    began = time.perf_counter()
    await asyncio.gather(*(_ask(mesh[n], n, row) for n, row in enumerate(rows)))
    return time.perf_counter() - began


def _three(peer: Running) -> Iterator[Probe]:
    for kind, size in ((Kind.TCP, 0), (Kind.UDP, 1000), (Kind.ECHO, PAYLOAD)):
        name = f"{kind}/{peer.listener}"
        yield Probe(id=name, kind=kind, address="127.0.0.1", port=peer.listener, size=size)


def _by_tls(port: int) -> Iterator[Probe]:
    for number in range(BY_TLS):
        name = f"http/{number}"
        yield Probe(id=name, kind=Kind.HTTP, address="127.0.0.1", port=port, tls=True, tries=5)


async def _ask(agent: Running, number: int, probes: Sequence[Probe]) -> None:
    """Have them all made, and see that all went well."""
    job = Job(id=f"row-{number}", expires=time.time() + 60, probes=tuple(probes))
    status, back = await agent.asked(signing.signed(job, f"node-{number}"))
    assert status == 200, back
    well = [each for each in lines.answers(iter(back)) if each.outcome is Outcome.OK]
    assert len(well) == sum(each.tries for each in probes), back


def _most_memory(agent: Running) -> float:
    """MiB, as the kernel counts."""
    status = Path(f"/proc/{agent.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
