"""Background rounds: from time to time each peer is probed, and the answers are logged.

What fails for the first time is confirmed by another round soon after. What goes on failing is
tried between the rounds as well, without a line in the log, and a round follows as soon as some of
it works: so neither a moment's failure nor a mend waits for the next round.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.probe.hashing import sha256
from bot.probe.job import MOST_BYTES, ProbeTask, is_address
from bot.probe.outcomes import OK, UNTRIED
from bot.probe.output import Write
from bot.probe.trying import try_all

JOB = "round"
"""The job id of their lines."""

WHOLE = 50
"""The number of nodes up to which each agent probes all others."""

NEIGHBOURS = 10
MOST_FILE = 1024 * 1024
MOST_NAME = 253
SHORTEST = 10.0
"""The least seconds from one round to the next."""

AGAIN = 20.0
"""Seconds until what failed is tried again."""

DATAGRAM = 1000
"""Bytes that fit into a packet of every overlay."""


Failed = frozenset[ProbeTask]
"""The probes of a round that did not go well."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The listener of another agent."""

    node: str
    address: str
    port: int


def peers(path: Path, node: str) -> list[Peer]:
    """The peers that a node probes, from a file with a list of `{node, address, port}`.

    All of them; from WHOLE nodes on, the NEIGHBOURS that follow on a ring by the hash of the name,
    so that each node is also probed by as many others.
    """
    others = [peer for peer in all_peers(path) if peer.node != node]
    if len(others) < WHOLE:
        return others
    return sorted(others, key=lambda peer: _further(node, peer.node))[:NEIGHBOURS]


async def rounds(seconds: float, path: Path, node: str, write: Write, again: float = AGAIN) -> None:
    """Probe the peers every `seconds`, for ever. The file is read anew for each round.

    What failed is tried after `again` seconds.
    """
    # Agents start together; their rounds need not.
    await asyncio.sleep(seconds * _place(node) / 2**64)
    known: Failed = frozenset()
    while True:
        failed = await one_round(peers(path, node), write)
        if failed <= known:
            await _until_it_works(failed, seconds, again)
        else:
            await asyncio.sleep(min(again, seconds))
        known = failed


async def one_round(tried: Sequence[Peer], write: Write) -> Failed:
    """One round: a connection, a datagram and the largest payload to each peer."""
    failed = await _failures(
        [probe for peer in tried for probe in _probes(peer)],
        lambda answer: write({"job": JOB, "answer": answer}),
    )
    write({"job": JOB, "done": True})
    return failed


async def _until_it_works(failed: Failed, seconds: float, again: float) -> None:
    """Wait for the next round, or until some of what failed works."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while (left := end - loop.time()) > again and failed:
        await asyncio.sleep(again)
        if await _failures(sorted(failed, key=lambda probe: probe.id), _unlogged) != failed:
            return
    await asyncio.sleep(max(0.0, left))


async def _failures(probes: Sequence[ProbeTask], on_answer: Write) -> Failed:
    """Try all of these probes, and return those that failed; what could not be tried did not."""
    by_id = {probe.id: probe for probe in probes}
    failed: set[ProbeTask] = set()

    def note(answer: dict[str, Any]) -> None:
        if answer["outcome"] not in (OK, UNTRIED):
            failed.add(by_id[answer["id"]])
        on_answer(answer)

    await try_all(probes, note)
    return frozenset(failed)


def _unlogged(_: dict[str, Any]) -> None:
    """A try between the rounds, of which only the change is of interest."""


def _probes(peer: Peer) -> Iterator[ProbeTask]:
    for kind, size in (("tcp", 0), ("udp", DATAGRAM), ("echo", MOST_BYTES)):
        name = f"{kind}/{peer.node}"
        yield ProbeTask(id=name, kind=kind, address=peer.address, port=peer.port, size=size)


def all_peers(path: Path) -> Iterator[Peer]:
    """Every agent in a file of peers; none where it cannot be read."""
    try:
        with path.open("rb") as opened:
            listed = json.loads(opened.read(MOST_FILE))
    except (OSError, ValueError, RecursionError):
        return
    for peer in listed if isinstance(listed, list) else ():
        match peer:
            case {"node": str(node), "address": str(address), "port": int(port)}:
                fits = 0 < port <= 65535 and len(node) <= MOST_NAME  # noqa: PLR2004  # a port
                if fits and is_address(address):
                    yield Peer(node, address, port)


def _further(node: str, other: str) -> int:
    """The distance from this node to the other on the ring."""
    return (_place(other) - _place(node)) % 2**64


def _place(node: str) -> int:
    return int.from_bytes(sha256(node.encode())[:8], "big")
