"""What each node of a matrix tries: all at once, and more patiently what is perhaps only slow."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from bot.errors import ClusterError
from bot.net.diagnosis.observation import VantagePoint
from bot.net.mesh.matrix import By, Cell, Pair, cell, in_doubt
from bot.net.ports import Prober
from bot.net.probing.protocol import (
    PAYLOAD,
    SECONDS,
    SETTLE,
    ListenerAddress,
    Outcome,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    ProbeKind,
    Progress,
    Vip,
)

CONTROL_NAME = "kubernetes.default.svc.cluster.local"
TRIES = 3
HASTY = 1.4
"""Seconds of a try at first: with its second one and the work beside it a dead node costs three.
A pair that ran out of time gets more where neither of the two is dead: a relayed path may need
it."""

TOO_LATE = "it had not tried when the time was over; ask for this node alone"


@dataclass(frozen=True)
class MeshRow:
    """What one node tries, each try for `seconds` and then once more.

    New VIPs have `settle` seconds to answer first.
    """

    node: str
    others: tuple[str, ...]
    ears: Mapping[str, ListenerAddress]
    vips: Mapping[ProbedBackend, Vip]
    seconds: float = HASTY
    settle: float = SETTLE

    def probes(self) -> Iterator[tuple[str, By, Probe]]:
        """Each with its target and what it tests."""
        for other in self.others:
            ear = self.ears.get(other)
            if ear is None:
                continue
            at: dict[str, Any] = {"id": "", "seconds": self.seconds}
            pod = {**at, "address": ear.address, "port": ear.port}
            yield other, By.POD, Probe(kind=ProbeKind.TCP, tries=TRIES, **pod)
            yield other, By.LARGE, Probe(kind=ProbeKind.ECHO, size=PAYLOAD, tries=2, **pod)
            yield other, By.UDP, Probe(kind=ProbeKind.UDP, size=64, tries=TRIES, **pod)
            if vip := self.vips.get(ProbedBackend(ear.address, ear.port)):
                place = {**at, "address": vip.address, "port": vip.port, "settle": self.settle}
                yield other, By.VIP, Probe(kind=ProbeKind.TCP, tries=TRIES, **place)

    def patient(self, pairs: Collection[Pair]) -> MeshRow | None:
        """The same for these pairs alone, with the time that a relayed path may need."""
        others = tuple(other for other in self.others if (self.node, other) in pairs)
        return replace(self, others=others, seconds=SECONDS, settle=0.0) if others else None


Found = tuple[list[Cell], list[Cell]] | str
"""The cells of one row and its DNS, or why it has none."""


async def all_tried(
    prober: Prober, rows: list[MeshRow], end: float, progress: Progress
) -> list[Found]:
    """All rows at once; then, with more time, the pairs that are perhaps only slow."""
    trying = _Trying(prober, len(rows), end, progress)
    found = await asyncio.gather(*map(trying.row, rows))
    doubt = in_doubt(cell for one in found if not isinstance(one, str) for cell in one[0])
    slow = {number: each for number, row in enumerate(rows) if (each := row.patient(doubt))}
    if slow:
        progress(f"{len(doubt)} pairs ran out of time; they get more.")
        trying = _Trying(prober, len(slow), end, progress)
        again = await asyncio.gather(*map(trying.row, slow.values()))
        for number, more in zip(slow, again, strict=True):
            found[number] = _replaced(found[number], more)
    return found


def _replaced(found: Found, more: Found) -> Found:
    """What was tried with more time counts; where that failed, what was seen before."""
    if isinstance(found, str) or isinstance(more, str):
        return found
    cells, dns = found
    later = {(cell.target, cell.test): cell for cell in more[0]}
    return [later.get((cell.target, cell.test), cell) for cell in cells], dns


@dataclass
class _Trying:
    """Lets all nodes try, until `end` on the loop's clock, and counts them."""

    prober: Prober
    count: int
    end: float
    progress: Progress
    done: int = 0

    async def row(self, row: MeshRow) -> Found:
        """What one node saw."""
        try:
            async with asyncio.timeout_at(self.end):
                found = await _tried(self.prober, row)
        except TimeoutError:
            return TOO_LATE
        except ClusterError as error:
            return str(error)
        self.done += 1
        self.progress(f"{self.done} of {self.count} nodes have tried.")
        return found


async def _tried(prober: Prober, row: MeshRow) -> tuple[list[Cell], list[Cell]]:
    asked = {str(number): probe for number, probe in enumerate(row.probes())}
    probes = [msgspec.structs.replace(probe, id=key) for key, (*_, probe) in asked.items()]
    dns = Probe(id="dns", kind=ProbeKind.DNS, name=CONTROL_NAME, tries=2)
    answers = await prober.probe(VantagePoint(row.node), [*probes, dns], _silent)
    by_id: dict[str, list[ProbeAnswer]] = {}
    for answer in answers:
        if answer.outcome is not Outcome.UNTRIED:
            # Where the prober could not even begin, nothing was seen of the network.
            by_id.setdefault(answer.id, []).append(answer)
    cells = [
        cell(row.node, other, test, by_id[key])
        for key, (other, test, _) in asked.items()
        if key in by_id
    ]
    names = by_id.get("dns")
    return cells, [cell(row.node, row.node, By.DNS, names)] if names else []


def _silent(_: str) -> None:
    """Of many nodes the count is told, and not each pod."""
