"""Stores how many requests of each host were seen and failed, each of them once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.record import Store
from bot.history.domain.uptime import UPTIME, RequestBatch, RequestCount, Totals, noted, since

RequestSource = Callable[[], Totals]
"""Returns what one source counted since the process began. No two sources count one request."""

RETRIED = timedelta(minutes=30)
"""For how long a batch is tried again: later the record may have forgotten that it has it."""


@dataclass
class RequestRecorder:
    """Stores what the sources count, by the difference from one turn to the next.

    owners: Returns whose route names each host.

    Where it is not known whether a batch was stored, the same batch is stored again.
    """

    store: Store
    sources: Sequence[RequestSource]
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    owners: Callable[[], Mapping[str, str]] = dict
    _counted: Sequence[Totals] = field(init=False)
    _pending: RequestBatch | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._counted = [{} for _ in self.sources]

    async def record(self) -> None:
        """Store what was counted since the turn before.

        Raises:
            MeshmedicError: The store does not answer; the next turn makes up for it.
        """
        if self._pending and self.clock() - self._pending.at <= RETRIED:
            await self._store(self._pending)
        self._pending = self._next()
        await self._store(self._pending)
        self._pending = None

    async def _store(self, batch: RequestBatch) -> None:
        if batch.counts:
            await self.store.change(UPTIME, lambda before: noted(before, batch))

    def _next(self) -> RequestBatch:
        totals = [dict(source()) for source in self.sources]
        counts: dict[str, RequestCount] = {}
        for now, before in zip(totals, self._counted, strict=True):
            for host, count in since(now, before).items():
                counts[host] = counts.get(host, RequestCount()) + count
        self._counted = totals
        owners = self.owners()
        known = {host: owners[host] for host in counts if host in owners}
        return RequestBatch(secrets.token_hex(6), self.clock(), counts, known)
