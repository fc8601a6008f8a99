"""Watches the agents' background rounds: what they say of the network between nodes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from msgspec.structs import replace

from bot.domain.record import Store
from bot.domain.resources.core import Node
from bot.domain.snapshot import Gap, SnapshotReader, Why
from bot.errors import MeshmedicError
from bot.net.mesh.history import LINKS
from bot.net.mesh.rounds import BACKGROUND_PROBES, Fault, Links, Witness
from bot.net.mesh.state import settled, unread
from bot.net.topology import is_ready

log = logging.getLogger(__name__)

NOT_YET = Gap(BACKGROUND_PROBES, Why.NOT_YET, "the agents' logs are read soon after the start")

EVERY = 20
"""Seconds between two turns."""

CALM = 3
"""The number of turns of which one looks while all is settled: what is broken or in doubt is tried
again by the agents after 20 s, and is looked at in each."""

STANDING = 6
"""Looks that find no other faults than the one before, after which these do not hurry us any more:
a node may be off for weeks."""


class Reader(Protocol):
    """Reads the rounds."""

    async def witnesses(self) -> tuple[Witness, ...] | None:
        """The latest rounds of every agent; None where no agents are installed."""
        ...


@dataclass
class Rounds:
    """Remembers what was broken from one look to the next, and over a restart by the history.

    Until the first look, which comes with the start, nothing is known: `gaps` says so.
    """

    cluster: SnapshotReader
    reader: Reader
    store: Store
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    links: Links | None = field(default=None, init=False)
    """What is known; None where no agents are installed."""
    looked: bool = field(default=False, init=False)
    """Whether anything was read yet; until then nobody knows what is broken."""
    _turns: int = 0
    _same: int = 0
    """Looks running that found the same faults as the one before, and nothing in doubt."""
    _before: tuple[Fault, ...] | None = None
    _absent: bool = False
    _unlooked: Gap = NOT_YET

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was not read; a failure of later looks is told at the nodes."""
        return () if self.looked else (self._unlooked,)

    async def turn(self) -> None:
        """Look where something is not settled; else at every CALM-th turn. Called on a schedule.

        Faults that stand count as settled.
        """
        at_rest = self.links is None or self.links.settled or self._same >= STANDING
        calm = self.looked and at_rest
        if not calm or self._turns % CALM == 0:
            await self.look()
        self._turns += 1

    async def look(self) -> None:
        """Read what is new; a failure is shown at every node, and logged."""
        snapshot = await self.cluster.snapshot((Node,))
        if not snapshot.sees(Node):
            # Without nodes, rounds cannot be assigned: what is known grows old.
            hidden = (gap for gap in snapshot.gaps if gap.kind == Node.kind_name())
            self._unlooked = next((replace(gap, kind=NOT_YET.kind) for gap in hidden), NOT_YET)
            return
        nodes = {node.name: is_ready(node) for node in snapshot.of(Node)}
        try:
            witnesses = await self.reader.witnesses()
            self._absent = witnesses is None
            if witnesses is None:
                self.links, self._before, self.looked = None, (), True
                return
            before = await self._remembered()
        except MeshmedicError as error:
            self._unread(str(error), nodes)
            return
        # Thousands of pairs: in a thread, so that the event loop goes on.
        links = await asyncio.to_thread(settled, before, witnesses, nodes, self.clock())
        stands = self.links is not None and links.broken == self.links.broken
        self._same = self._same + 1 if stands and not links.in_doubt else 0
        self.links, self._before, self.looked = links, links.faults, True

    async def _remembered(self) -> tuple[Fault, ...]:
        if self._before is None:
            record = await self.store.read(LINKS)
            self._before = record.faults if record else ()
        return self._before

    def _unread(self, why: str, nodes: dict[str, bool]) -> None:
        """Keep the known faults; where there were no agents, there still are none."""
        if self._absent:
            return
        log.warning("the rounds of the agents cannot be read: %s", why)
        links = unread(self._before or (), why, nodes, self.clock())
        self.links, self.looked = replace(links, forgetful=self._before is None), True
