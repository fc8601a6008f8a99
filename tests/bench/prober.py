"""The prober's agents, each a process on loopback and all on one core: memory, and a whole mesh."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from bot.net.mesh.service import HASTY
from bot.net.probing import output as lines
from bot.net.probing.protocol import PAYLOAD, Outcome, Probe, ProbeJob, ProbeKind
from tests.bench.figures import Figure
from tests.probe import agents, servers, signing
from tests.probe.agents import Running

RSS = 25.0
"""MiB."""

WANTED = {5: 1000.0, 30: 5000.0}
"""Milliseconds for a mesh of so many nodes."""

DEAD = 3000.0
"""Milliseconds that a dead node may cost, and what rounding and the machine add."""

BY_TLS = 20
"""Probes, as many endpoints as a large Service has."""


async def measure(sizes: Sequence[int]) -> AsyncIterator[Figure]:
    """The time of a mesh of each size, and the memory of an agent in it."""
    for nodes in sizes:
        async with _mesh(nodes) as mesh:
            pairs = nodes * (nodes - 1)
            name = f"{nodes} probers on one core, {pairs} pairs by three kinds"
            whole = await _all_pairs(mesh)
            yield Figure(name, 1000 * whole, "ms", at_most=WANTED.get(nodes))
            with _dead() as port:
                more = 1000 * (await _all_pairs(mesh, port) - whole)
            yield Figure(f"one dead node more, next to {nodes}", more, "ms", at_most=DEAD)
            most = max(_most_memory(each) for each in mesh)
            yield Figure(f"prober RSS, the most among {nodes}", most, "MiB", at_most=RSS)
    async with _mesh(1) as mesh, servers.securely(b"." * PAYLOAD) as port:
        yield Figure("prober RSS, idle", _most_memory(mesh[0]), "MiB", at_most=RSS)
        await _ask(mesh[0], 0, [*_by_tls(port), *_three(mesh[0].listener)])
        yield Figure("prober RSS, the most with TLS", _most_memory(mesh[0]), "MiB", at_most=RSS)


@asynccontextmanager
async def _mesh(nodes: int) -> AsyncIterator[list[Running]]:
    with tempfile.TemporaryDirectory(prefix="meshmedic-bench-") as folder:
        keys = agents.known(Path(folder))
        core = min(os.sched_getaffinity(0))
        async with AsyncExitStack() as stack:
            mesh = []
            for number in range(nodes):
                running = agents.running(keys, "--loopback", "yes", name=f"node-{number}")
                mesh.append(await stack.enter_async_context(running))
                os.sched_setaffinity(mesh[-1].process.pid, {core})
            yield mesh


@contextmanager
def _dead() -> Iterator[int]:
    """A port that drops every SYN, as its queue is full, and answers no datagram."""
    with ExitStack() as stack:
        tcp, udp = (
            stack.enter_context(socket.socket(socket.AF_INET, kind))
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        )
        tcp.bind(("127.0.0.1", 0))
        port = int(tcp.getsockname()[1])
        udp.bind(("127.0.0.1", port))
        tcp.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        yield port


async def _all_pairs(mesh: Sequence[Running], dead: int = 0) -> float:
    """Seconds from the first signature to the last line, perhaps with one more that is dead."""
    rows = [
        [each for peer in mesh if peer is not own for each in _three(peer.listener)] for own in mesh
    ]
    gone = list(_three(dead)) if dead else []
    began = time.perf_counter()
    await asyncio.gather(*(_ask(mesh[n], n, row, gone) for n, row in enumerate(rows)))
    return time.perf_counter() - began


def _three(port: int) -> Iterator[Probe]:
    """As a matrix tries a node."""
    for kind, size in ((ProbeKind.TCP, 0), (ProbeKind.UDP, 1000), (ProbeKind.ECHO, PAYLOAD)):
        name, where = f"{kind}/{port}", ("127.0.0.1", port)
        yield Probe(id=name, kind=kind, address=where[0], port=where[1], size=size, seconds=HASTY)


def _by_tls(port: int) -> Iterator[Probe]:
    for number in range(BY_TLS):
        name = f"http/{number}"
        yield Probe(id=name, kind=ProbeKind.HTTP, address="127.0.0.1", port=port, tls=True, tries=5)


async def _ask(
    agent: Running, number: int, probes: Sequence[Probe], gone: Sequence[Probe] = ()
) -> None:
    """Have them all made, and see that all went well, and those to who is gone did not."""
    name = f"row-{secrets.token_hex(4)}"
    job = ProbeJob(id=name, expires=time.time() + 60, probes=(*probes, *gone))
    status, back = await agent.asked(signing.signed(job, f"node-{number}"))
    assert status == 200, back
    ended = [each.outcome for each in lines.answers(iter(back))]
    assert ended.count(Outcome.OK) == sum(each.tries for each in probes), back
    assert len(ended) == sum(each.tries for each in (*probes, *gone)), back


def _most_memory(agent: Running) -> float:
    """MiB, as the kernel counts."""
    status = Path(f"/proc/{agent.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
