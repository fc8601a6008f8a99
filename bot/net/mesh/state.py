"""From the rounds of all agents to what is broken between nodes, and what was not seen.

One lost datagram or one failed try is no break. A test of a pair is broken

- where it failed in two rounds running (a try that runs out of time is made twice in each), or
- where it was broken before and failed again.

An agent follows a round in which something failed for the first time by another one at once. Until
that has ended, what it saw to work before stands: nothing is told that is tried again.

It is well again once it was seen to work. Between the two nothing is known to have changed: a
break that cannot be looked at stays one, until its pair is gone or nobody is to try it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.conditions import CLOCK_SKEW
from bot.domain.sentences import listed
from bot.net.mesh.matrix import WHOLE, Cell, LinkTest, Pair, breaks, tried_once
from bot.net.mesh.rounds import EVERY, INTERVALS, Fault, Links, Round, Unseen, Witness
from bot.net.probing.protocol import Outcome

SETTLES = timedelta(minutes=4)
"""After an agent has begun, others may still try the address of the one before it: the bot lists
them once a minute, and a kubelet brings the list within two."""

RETRIED = timedelta(minutes=1)
"""Within this time after a round the next one has ended, where something failed for the first time.
"""

NAMED = 5
"""Nodes that one sentence names."""


def settled(
    before: Iterable[Fault], witnesses: Iterable[Witness], nodes: Mapping[str, bool], now: datetime
) -> Links:
    """What is known now. `before` is what was broken; `nodes` says of each whether it is Ready."""
    by_node = {witness.node: witness for witness in witnesses if witness.node in nodes}
    return _Settling(tuple(before), by_node, nodes, now).links()


def unread(before: Iterable[Fault], why: str, nodes: Mapping[str, bool], now: datetime) -> Links:
    """What is known where no round could be read: what was broken is not known to be well."""
    silent = [Witness(node=name, unread=why) for name in nodes]
    return settled(before, silent, nodes, now)


@dataclass
class _Settling:
    before: tuple[Fault, ...]
    witnesses: Mapping[str, Witness]
    nodes: Mapping[str, bool]
    now: datetime
    cells: dict[LinkTest, Cell] = field(default_factory=dict)
    faults: dict[LinkTest, Fault] = field(default_factory=dict)
    doubts: list[Cell] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)
    tried: dict[str, set[str]] = field(default_factory=dict)
    """Whom the fresh rounds of a node tried."""

    def links(self) -> Links:
        before = {fault.key: fault for fault in self.before}
        for name in sorted(self.nodes):
            witness = self.witnesses.get(name)
            missing = _missing(witness, self.now)
            if missing:
                self.unseen.append(Unseen(name, *missing))
            elif witness and witness.every and witness.rounds:
                self._witnessed(witness, before)
        carried = self._carried(before)
        for name in self.tried:
            self._left_out(name)
        cells = tuple(self.cells.values())
        return Links(
            taken_at=self.now,
            nodes=frozenset(self.nodes),
            every=max((witness.every for witness in self.witnesses.values()), default=EVERY),
            cells=cells,
            faults=tuple(self.faults.values()),
            carried=carried,
            doubts=tuple(self.doubts),
            breaks=breaks(cells),
            unseen=tuple(self.unseen),
        )

    def _witnessed(self, witness: Witness, before: Mapping[LinkTest, Fault]) -> None:
        last = witness.rounds[-1]
        earlier = witness.rounds[-2] if len(witness.rounds) > 1 else Round(last.ended)
        before_it = {(try_.target, try_.test): try_ for try_ in earlier.tries}
        self.tried[witness.node] = {try_.target for try_ in last.tries}
        for try_ in last.tries:
            if try_.target == witness.node or try_.outcome is Outcome.UNTRIED:
                continue
            if not self._listens(try_.target, last):
                continue
            key = witness.node, try_.target, try_.test
            cell = tried_once(*key, try_.outcome, try_.took)
            past = before_it.get((try_.target, try_.test))
            running = past is not None and past.failed
            if cell.ok:
                self.cells[key] = cell
            elif running or key in before:
                began = earlier.ended if running else last.ended
                since = before[key].since if key in before else began
                self.faults[key] = Fault(*key, try_.outcome, since, last.ended)
                self.cells[key] = cell
            else:
                self.doubts.append(cell)
                if past and past.outcome is Outcome.OK and self.now - last.ended <= RETRIED:
                    self.cells[key] = tried_once(*key, past.outcome, past.took)

    def _listens(self, target: str, last: Round) -> bool:
        """Whether a failure would tell of the network, and not of an agent that is not there.

        A node that is not Ready makes its agent so as well: there the network is looked at.
        """
        there = self.witnesses.get(target)
        if there is None:
            return False
        if there.since and there.since + SETTLES > last.ended:
            return False
        return there.ready or not self.nodes[target]

    def _carried(self, before: Mapping[LinkTest, Fault]) -> frozenset[Pair]:
        """Keep the known faults whose pairs could not be tested."""
        carried = set()
        for key, fault in before.items():
            here = fault.source in self.nodes and fault.target in self.nodes
            if here and key not in self.cells and not self._unwanted(fault.pair):
                self.faults[key] = fault
                self.cells[key] = tried_once(*key, fault.ended)
                carried.add(fault.pair)
        return frozenset(carried)

    def _unwanted(self, pair: Pair) -> bool:
        """Whether its source has others to try now: of many nodes each tries a few."""
        source, target = pair
        tried = self.tried.get(source, set())
        return bool(tried) and target not in tried and len(self.witnesses) > WHOLE

    def _left_out(self, name: str) -> None:
        """Say whom the round of a node did not try, though everybody is to try everybody."""
        last = self.witnesses[name].rounds[-1]
        tried = self.tried[name]
        absent = [
            witness
            for witness in self.witnesses
            if witness not in tried and witness != name and self._listens(witness, last)
        ]
        if absent and (not tried or len(self.witnesses) <= WHOLE):
            named = listed(sorted(absent), NAMED)
            self.unseen.append(Unseen(name, f"its last round did not try {named}"))


def _missing(witness: Witness | None, now: datetime) -> tuple[str, bool] | None:
    """Why nothing is seen from a node, and whether that is only a matter of minutes."""
    if witness is None:
        return "no agent runs there", False
    every = timedelta(seconds=witness.every)
    fresh = (
        bool(witness.rounds) and -CLOCK_SKEW <= now - witness.rounds[-1].ended <= INTERVALS * every
    )
    if fresh or not witness.every:
        return None
    if witness.unread:
        return witness.unread, False
    if not witness.rounds:
        young = witness.since is not None and now - witness.since <= 2 * every
        return ("its agent's first round is due", True) if young else ("its agent is silent", False)
    age = now - witness.rounds[-1].ended
    if age < -CLOCK_SKEW:
        return f"its clock is {_minutes(-age)} ahead, so the age of its round is unknown", False
    return f"its last round is {_minutes(age)} old, by its own clock", False


def _minutes(time: timedelta) -> str:
    return f"{time / timedelta(minutes=1):.0f} min"
