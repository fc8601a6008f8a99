"""What the terminal knows beside the objects: the agents' rounds, and what tests have proven."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.record import RecordType, Store, T
from bot.domain.snapshot import Gap, SnapshotReader, Why
from bot.errors import Forbidden, MeshmedicError
from bot.history.domain.record import HISTORY, History, failing_since
from bot.net.diagnosis.diagnosis import DIAGNOSES, Diagnosed
from bot.net.diagnosis.proofs import PROOFS, Proofs, diagnosed
from bot.net.mesh.monitor import Reader, Rounds
from bot.net.mesh.rounds import Links
from bot.net.route_checks.checks import RouteChecks
from bot.net.route_checks.record import CHECKS
from bot.runtime.memory_store import Unkept

NO_STATE = (
    "set MESHMEDIC_STATE_NAMESPACE to the bot's namespace to see what /net diagnose has proven"
)


MAY_NOT_READ = 'needs the verb "get" on configmaps in the bot\'s namespace'

NAMES = {
    "proofs": DIAGNOSES,
    "digest-bases": "last digest",
    "digests": "digests of /digest set",
    "history": "history",
    "links": "history of the network",
    "uptime": "uptime of sites",
    "mutes": "mutes",
    "route-checks": "route checks",
}
"""What people call the bot's records, by their names."""


@dataclass(frozen=True, slots=True)
class ReadableState:
    """The bot's state as far as it can be read: a record that cannot be is none, and a gap."""

    store: Store
    unread: dict[str, Gap] = field(default_factory=dict)
    """By the name of the record."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read so far."""
        return tuple(self.unread.values())

    async def read(self, record_type: RecordType[T]) -> T | None:
        """The stored value, if there is one that can be read."""
        try:
            return await self.store.read(record_type)
        except MeshmedicError as error:
            forbidden = isinstance(error, Forbidden)
            why = Why.FORBIDDEN if forbidden else Why.UNREACHABLE
            detail = MAY_NOT_READ if forbidden else str(error)
            name = record_type.name
            self.unread[name] = Gap(NAMES.get(name, name), why, detail)
            return None

    async def change(
        self, record_type: RecordType[T], change: Callable[[T | None], T]
    ) -> tuple[T | None, T]:
        """As the store does it."""
        return await self.store.change(record_type, change)


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """Read once, and the gaps in it. `links` is None where no agents are installed.

    failing: When what fails was first seen failing, by the key of its finding.
    """

    diagnosed: tuple[Diagnosed, ...] = ()
    links: Links | None = None
    gaps: tuple[Gap, ...] = ()
    failing: Mapping[str, datetime] = field(default_factory=dict)
    route_checks: RouteChecks | None = None


async def read_facts(cluster: SnapshotReader, reader: Reader, store: Store | None) -> KnownFacts:
    """What the bot knows, as far as the terminal can see it too.

    `store` is where the bot keeps its state; None where nobody said where that is.
    """
    rounds = Rounds(cluster, reader, store or Unkept())
    state = ReadableState(store or Unkept())
    (proofs, history, checks), _ = await asyncio.gather(_records(state), rounds.look())
    gaps = (*rounds.gaps, *(gap for gap in state.gaps if gap.kind == DIAGNOSES))
    if store is None:
        gaps = (*gaps, Gap(DIAGNOSES, Why.NOT_SET_UP, NO_STATE))
    # Without the history only an age is missing.
    failing = failing_since(history)
    proven = tuple(map(diagnosed, proofs.proofs))
    return KnownFacts(proven, rounds.links, gaps, failing, checks)


async def _records(state: ReadableState) -> tuple[Proofs, History, RouteChecks | None]:
    """The proven faults that stand, since when what fails now fails, and what route checks said."""
    proofs = await state.read(PROOFS) or Proofs()
    return proofs, await state.read(HISTORY) or History(), await state.read(CHECKS)
