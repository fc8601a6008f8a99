"""What the terminal knows beside the objects: the agents' rounds, and what tests have proven."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.record import Store
from bot.domain.snapshot import Gap, SnapshotReader, Why
from bot.errors import Forbidden, MeshmedicError
from bot.history.domain.record import HISTORY, History, failing_since
from bot.net.diagnosis.diagnosis import DIAGNOSES, Diagnosed
from bot.net.diagnosis.proofs import PROOFS, Proofs, diagnosed
from bot.net.mesh.monitor import Reader, Rounds
from bot.net.mesh.rounds import Links
from bot.runtime.memory_store import Unkept

NO_STATE = (
    "set MESHMEDIC_STATE_NAMESPACE to the bot's namespace to see what /net diagnose has proven"
)


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """Read once, and the gaps in it. `links` is None where no agents are installed.

    failing: When what fails was first seen failing, by the key of its finding.
    """

    diagnosed: tuple[Diagnosed, ...] = ()
    links: Links | None = None
    gaps: tuple[Gap, ...] = ()
    failing: Mapping[str, datetime] = field(default_factory=dict)


async def read_facts(cluster: SnapshotReader, reader: Reader, store: Store | None) -> KnownFacts:
    """What the bot knows, as far as the terminal can see it too.

    `store` is where the bot keeps its state; None where nobody said where that is.
    """
    rounds = Rounds(cluster, reader, store or Unkept())
    (proven, gaps), failing, _ = await asyncio.gather(
        _proven(store), _failing(store), rounds.look()
    )
    return KnownFacts(proven, rounds.links, (*rounds.gaps, *gaps), failing)


async def _failing(store: Store | None) -> Mapping[str, datetime]:
    """Since when what fails now fails; nothing where that cannot be read."""
    if store is None:
        return {}
    try:
        return failing_since(await store.read(HISTORY) or History())
    except MeshmedicError:
        # Only an age is missing then; that the state cannot be read is a gap already.
        return {}


async def _proven(store: Store | None) -> tuple[tuple[Diagnosed, ...], tuple[Gap, ...]]:
    """The proven faults that stand, and why they cannot be seen."""
    if store is None:
        return (), (Gap(DIAGNOSES, Why.NOT_SET_UP, NO_STATE),)
    try:
        record = await store.read(PROOFS) or Proofs()
    except MeshmedicError as error:
        why = Why.FORBIDDEN if isinstance(error, Forbidden) else Why.UNREACHABLE
        return (), (Gap(DIAGNOSES, why, str(error)),)
    return tuple(map(diagnosed, record.proofs)), ()
