"""The last whole report and the proven faults, kept in the cluster over a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from bot.domain.election import Leadership
from bot.domain.record import Shelf, Store, T
from bot.domain.report import Report
from bot.domain.report_record import REPORT, Remembered, recalled, remembered
from bot.errors import MeshmedicError
from bot.health.service import Health
from bot.net.diagnosis.proofs import PROOFS, Proofs
from bot.net.diagnosis.service import Diagnose

log = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds between two writes at least, however often people ask."""

FLUSH = 2.0
"""Seconds for the last write of a process that is asked to stop."""


class Memory:
    """Writes beside the answers, so that nobody waits for it; only who leads writes at all."""

    def __init__(self, store: Store, leadership: Leadership) -> None:
        self._store = store
        self._leadership = leadership
        self._waiting: Report | None = None
        self._proofs: Proofs | None = None
        """The proven faults that are to be kept."""
        self._recalled = False
        """Whether those that were kept before are known: else they must not be written over."""
        self._some = asyncio.Event()
        self._trouble = ""

    def note(self, report: Report) -> None:
        """Keep this one soon, instead of all before."""
        self._waiting = report
        self._some.set()

    def note_proofs(self, proofs: Proofs) -> None:
        """Keep the proven faults soon."""
        self._proofs = proofs
        self._some.set()

    async def run(self) -> None:
        """Write what was noted, until cancelled."""
        while True:
            await self._some.wait()
            await self.keep()
            await asyncio.sleep(PAUSE)

    async def flush(self) -> None:
        """Write what is waiting, for a moment. Never raises."""
        try:
            async with asyncio.timeout(FLUSH):
                await self.keep()
        except TimeoutError:
            log.warning("the last report was not kept: the API server did not answer in time")

    async def keep(self) -> None:
        """Write what is waiting; what cannot be written is said once, and forgotten."""
        report, self._waiting = self._waiting, None
        self._some.clear()
        if not self._leadership.may_act():
            return
        try:
            if report:
                kept = await asyncio.to_thread(remembered, report)
                await self._store.change(REPORT, lambda old: _newest(old, kept))
            if self._proofs is not None:
                await self._keep_proofs(self._proofs)
            self._trouble = ""
        except MeshmedicError as error:
            self._complain(str(error))
        except asyncio.CancelledError:
            # The process is asked to stop in the middle of it: `flush` has the last word.
            self._waiting = self._waiting or report
            raise

    async def _keep_proofs(self, proven: Proofs) -> None:
        known = self._recalled
        await self._store.change(PROOFS, lambda old: proven if known else _joined(old, proven))
        # Only now: a fault that is forgotten over a restart would look like one that is over.
        if self._proofs == proven:
            self._proofs = None

    async def restore(self, health: Health, diagnose: Diagnose) -> None:
        """Let these recall what was kept, unless something newer is known. Never raises."""
        if self._proofs is None:
            # Proofs that wait to be written were found here since, and are newer.
            self._recalled = False
            with _logged(PROOFS):
                diagnose.restore(await self._store.read(PROOFS) or Proofs())
                self._recalled = True
        with _logged(REPORT):
            if kept := await self._store.read(REPORT):
                health.restore(recalled(kept))

    def _complain(self, said: str) -> None:
        if said != self._trouble:
            log.warning("the last report was not kept: %s", said)
        self._trouble = said


@contextmanager
def _logged(shelf: Shelf[T]) -> Iterator[None]:
    """Log that a record could not be read, and go on."""
    try:
        yield
    except MeshmedicError as error:
        log.warning("what was kept as %s cannot be recalled: %s", shelf.name, error)


def _newest(old: Remembered | None, new: Remembered) -> Remembered:
    return old if old is not None and old.taken_at > new.taken_at else new


def _joined(old: Proofs | None, new: Proofs) -> Proofs:
    """What nobody could read is kept besides: a fault is over when a test says so."""
    known = {proof.subject for proof in new.proofs}
    return Proofs((*(p for p in (old or Proofs()).proofs if p.subject not in known), *new.proofs))
