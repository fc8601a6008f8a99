"""Broken links past which all routes lead that are known to be hurt by them.

A link is explained by a test of a route that proved a fault of the same place, which nativeLB leads
past: there connections of pods are refused, and those by a VIP are not. A link that fails in
another way, such as one that carries nothing, has another fault, for which that is no cure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from msgspec.structs import replace

from bot.domain.snapshot import Snapshot
from bot.net.diagnosis import recent
from bot.net.diagnosis.diagnosis import CURABLE
from bot.net.diagnosis.workaround import Workaround
from bot.net.mesh.matrix import By, Pair, breaks
from bot.net.mesh.rounds import Fault, Links
from bot.net.probing.protocol import Outcome


def worked_around(links: Links, snapshot: Snapshot) -> Mapping[Fault, tuple[Workaround, ...]]:
    """The faults that hurt no known route any more, each with the ways past it."""
    if snapshot.namespaces is not None:
        # There may be other routes.
        return {}
    refused = [fault for fault in links.faults if fault.ended is Outcome.REFUSED]
    # Whose connections are refused fails in every other way as well; others prove nothing.
    pairs = dict.fromkeys(fault.pair for fault in refused if fault.test is By.POD)
    tested = tuple(_tested(snapshot)) if pairs else ()
    ways = {pair: _ways(pair, tested) for pair in pairs}
    return {fault: its for fault in refused if (its := ways.get(fault.pair, ()))}


def only(links: Links, faults: Collection[Fault]) -> Links:
    """The links as if nothing but these faults had failed."""
    bad = {fault.key for fault in faults}
    cells = tuple(
        cell if cell.ok or cell.key in bad else replace(cell, well=cell.tries)
        for cell in links.cells
    )
    return replace(links, cells=cells, faults=tuple(faults), breaks=breaks(cells))


class _Tested(NamedTuple):
    """What a test of a route says of the places that it named: it is hurt there, or leads past."""

    places: frozenset[str]
    hurt: bool
    past: Workaround | None = None


def _tested(snapshot: Snapshot) -> Iterator[_Tested]:
    for test, now in chain.from_iterable(recent.applying(snapshot).values()):
        # What one person alone saw in private takes nothing back that everybody sees.
        public = test.worked is not None or not test.private
        explains = public and test.diagnosis.row in CURABLE
        yield _Tested(
            frozenset(test.diagnosis.places),
            recent.hurt(test, now, snapshot),
            recent.past_fault(test, now, snapshot) if explains else None,
        )


def _ways(pair: Pair, tested: Iterable[_Tested]) -> tuple[Workaround, ...]:
    """The ways of routes past what is refused from one node to another; none where one is hurt."""
    source, path = pair[0], _path(pair)
    met = [test for test in tested if not test.places.isdisjoint((*pair, path))]
    if any(test.hurt for test in met):
        return ()
    # What a node itself refuses begins there.
    begun = (test for test in met if not test.places.isdisjoint((source, path)))
    return tuple(test.past for test in begun if test.past)


def _path(pair: Pair) -> str:
    return " -> ".join(pair)
