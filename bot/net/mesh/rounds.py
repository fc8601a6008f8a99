"""The agents' background rounds, read from their logs, and what is known of the network by them.

Sizes of time are seconds where they are numbers. Times of a round are those of its node's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from bot.domain.timestamps import instant
from bot.net.mesh.matrix import Break, By, Cell, LinkTest, Pair
from bot.net.probing import output as lines
from bot.net.probing.protocol import Outcome

EVERY = 300.0
"""Seconds from one round to the next, as deploy/components/prober-daemonset has it."""

INTERVALS = 3
"""A last round that is older than this many intervals says nothing of the present."""

KINDS = (By.POD, By.UDP, By.LARGE)
"""What a round tries of each peer: connect, a datagram, 8 KiB each way."""


BACKGROUND_PROBES = "background probes"
"""The name of the gap where nobody has read the rounds."""

JOB = "round"
"""The job id of the lines. Source: bot.probe.rounds, which a test holds against this."""

TEST = {"tcp": By.POD, "udp": By.UDP, "echo": By.LARGE}

KEPT = 2
"""Rounds: the last one, and the one before it."""


class Try(msgspec.Struct, frozen=True):
    """How one try of a round ended. One that ran out of time was made twice."""

    target: str
    test: By
    outcome: Outcome
    took: float | None = None

    @property
    def failed(self) -> bool:
        """Whether it did not go well; what was not tried did not fail."""
        return self.outcome not in (Outcome.OK, Outcome.UNTRIED)


class Round(msgspec.Struct, frozen=True):
    """One round: when it ended, and its tries."""

    ended: datetime
    tries: tuple[Try, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether something of it did not go well."""
        return any(try_.failed for try_ in self.tries)


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """An agent: its node, its latest rounds (the newest last), and why no newer could be read.

    `ready` says whether its listener is known to answer at all, `since` when its pod began;
    `every` are the seconds between its rounds, 0 where it makes none.
    """

    node: str
    ready: bool = True
    since: datetime | None = None
    every: float = EVERY
    rounds: tuple[Round, ...] = ()
    unread: str = ""


class Fault(msgspec.Struct, frozen=True, array_like=True):
    """A test of a pair that is broken: since which round, and in which it was last seen so."""

    source: str
    target: str
    test: By
    ended: Outcome
    since: datetime
    seen: datetime

    @property
    def key(self) -> LinkTest:
        """Which test of which pair it is."""
        return self.source, self.target, self.test

    @property
    def pair(self) -> Pair:
        """From which node to which."""
        return self.source, self.target


class Unseen(msgspec.Struct, frozen=True):
    """A node from or to which something was not seen; `waiting` where it soon will be."""

    node: str
    why: str
    waiting: bool = False


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """What is known between the nodes of `nodes`, by the rounds that were read at `taken_at`.

    `cells` are what was settled, `faults` those of them that are broken, `carried` the pairs of
    faults that could not be looked at this time, `doubts` what failed once, `breaks` the fewest
    nodes and pairs that explain the faults. A doubt whose test has a cell beside it worked in the
    round before, and is being tried again. `forgetful`: what was broken before a restart could
    not be read yet.
    """

    taken_at: datetime
    nodes: frozenset[str] = frozenset()
    every: float = EVERY
    cells: tuple[Cell, ...] = ()
    faults: tuple[Fault, ...] = ()
    carried: frozenset[Pair] = frozenset()
    doubts: tuple[Cell, ...] = ()
    breaks: tuple[Break, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    forgetful: bool = False

    @property
    def told_doubts(self) -> tuple[Cell, ...]:
        """The doubts beside which nothing stands that was seen before."""
        standing = {cell.key for cell in self.cells}
        return tuple(doubt for doubt in self.doubts if doubt.key not in standing)

    @property
    def settled(self) -> bool:
        """Whether nothing is broken, in doubt or awaited."""
        return not (self.faults or self.in_doubt)

    @property
    def in_doubt(self) -> bool:
        """Whether something is in doubt or awaited, besides what is broken."""
        return bool(self.doubts) or any(gap.waiting for gap in self.unseen)

    @property
    def broken(self) -> frozenset[LinkTest]:
        """Which tests of which pairs are broken."""
        return frozenset(fault.key for fault in self.faults)


def read_rounds(log: bytes) -> tuple[Round, ...]:
    """The latest whole rounds in an agent's log, the newest last.

    Each line stands behind its time, as the kubelet writes it with `timestamps`. What is cut,
    broken or foreign is skipped; of a round whose first lines are gone, the rest counts.
    """
    return tuple(_whole_rounds(log))[-KEPT:]


def _whole_rounds(log: bytes) -> Iterator[Round]:
    tries: dict[str, Try] = {}
    for raw in log.split(b"\n", lines.MOST)[: lines.MOST]:
        stamp, _, content = raw[: lines.LONGEST].partition(b" ")
        ended = instant(stamp.decode("ascii", "replace")) if content.startswith(b"{") else None
        line = lines.parse_line(content) if ended else None
        if line is None or ended is None or line.job != JOB:
            continue
        if line.done:
            yield Round(ended, tuple(tries.values()))
            tries = {}
        elif line.answer:
            kind, _, target = line.answer.id.partition("/")
            test = TEST.get(kind)
            if test is None or not target:
                continue
            # Again: the line that ended the round before was lost, and with it when it ended.
            tries = {} if line.answer.id in tries else tries
            answer = line.answer
            took = answer.took if answer.connected is None else answer.connected
            tries[answer.id] = Try(target, test, answer.outcome, took)
