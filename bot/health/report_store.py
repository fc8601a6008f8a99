"""Stores the latest full report and the proven faults in the cluster, for after a restart.

Log lines are never stored. Evidence may quote them, so only the name of the container and the event
that told the reason are kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from bot.domain import event_reasons
from bot.domain.election import Leadership
from bot.domain.finding import Finding
from bot.domain.record import RecordType, Store, T
from bot.domain.redaction.redact import redact
from bot.domain.report import Report
from bot.domain.resources.flux import HELM_RELEASE, INSTALLED_IN
from bot.domain.shares import fewer
from bot.domain.snapshot import Gap
from bot.domain.tenancy import party_of
from bot.errors import MeshmedicError
from bot.health.service import Health
from bot.net.diagnosis.proofs import PROOFS, Proofs
from bot.net.diagnosis.service import Diagnose

log = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds that lie between two writes at least, however often people ask."""

FLUSH = 2.0
"""Seconds for the last write of a process that is shutting down."""

LONGEST = 300
"""Characters of a message."""

KEPT_EVIDENCE = frozenset({"container", event_reasons.LABEL, HELM_RELEASE, INSTALLED_IN})
"""Labels of evidence that a story or a command needs, and of events, which expire."""


class Remembered(msgspec.Struct, frozen=True):
    """A stored report; `dropped` counts the mildest findings, for which there was no room."""

    taken_at: datetime
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    counts: dict[str, int]
    scopes: tuple[str, ...]
    dropped: int = 0
    notes: tuple[Finding, ...] = ()


def remembered(report: Report) -> Remembered:
    """The part of a report that is stored."""
    return Remembered(
        taken_at=report.taken_at,
        findings=tuple(map(_shortened, report.findings)),
        gaps=tuple(msgspec.structs.replace(gap, detail=_short(gap.detail)) for gap in report.gaps),
        counts=dict(report.counts),
        scopes=report.scopes,
        notes=tuple(map(_shortened, report.notes)),
    )


def recalled(record: Remembered) -> Report:
    """The report again: the same number and findings, with shorter messages."""
    return Report(
        taken_at=record.taken_at,
        findings=record.findings,
        gaps=record.gaps,
        counts=record.counts,
        scopes=record.scopes,
        notes=record.notes,
    )


def _spare(record: Remembered) -> Remembered | None:
    """Drop the notes, then a tenth of the findings, of whoever has the most: the worst stay."""
    if record.notes:
        return msgspec.structs.replace(record, notes=())
    if not record.findings:
        return None
    findings = fewer(record.findings, lambda finding: party_of(finding.subject))
    dropped = record.dropped + len(record.findings) - len(findings)
    return msgspec.structs.replace(record, findings=findings, dropped=dropped)


REPORT: RecordType[Remembered] = RecordType("report", Remembered, spare=_spare)


def _shortened(finding: Finding) -> Finding:
    named = tuple(
        msgspec.structs.replace(evidence, value=_short(evidence.value))
        for evidence in finding.evidence
        if evidence.label in KEPT_EVIDENCE
    )
    return msgspec.structs.replace(
        finding,
        reason=redact(finding.reason),
        message=_short(finding.message),
        evidence=named,
        follows=(),
    )


def _short(text: str) -> str:
    shown = redact(text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


class ReportStore:
    """Stores reports and proofs in the background, so that no answer waits; only as the leader."""

    def __init__(self, store: Store, leadership: Leadership) -> None:
        self._store = store
        self._leadership = leadership
        self._waiting: Report | None = None
        self._proofs: Proofs | None = None
        """The proven faults that are not stored yet."""
        self._recalled = False
        """Whether the stored faults are known; otherwise they must not be overwritten."""
        self._pending = asyncio.Event()
        self._trouble = ""

    def note(self, report: Report) -> None:
        """Store this report soon, in place of earlier ones that still wait."""
        self._waiting = report
        self._pending.set()

    def note_proofs(self, proofs: Proofs) -> None:
        """Store the proven faults soon."""
        self._proofs = proofs
        self._pending.set()

    async def run(self) -> None:
        """Store what was noted, until cancelled."""
        while True:
            await self._pending.wait()
            await self.keep()
            await asyncio.sleep(PAUSE)

    async def flush(self) -> None:
        """Store what is waiting, within a short time. Never raises."""
        try:
            async with asyncio.timeout(FLUSH):
                await self.keep()
        except TimeoutError:
            log.warning("the last report was not saved: the API server did not answer in time")

    async def keep(self) -> None:
        """Store what is waiting. A failure is logged once, and its report is dropped."""
        report, self._waiting = self._waiting, None
        self._pending.clear()
        if not self._leadership.may_act():
            return
        try:
            if report:
                new = await asyncio.to_thread(remembered, report)
                await self._store.change(REPORT, lambda old: _newest(old, new))
            if self._proofs is not None:
                await self._keep_proofs(self._proofs)
            self._trouble = ""
        except MeshmedicError as error:
            self._complain(str(error))
        except asyncio.CancelledError:
            # The process is shutting down: `flush` makes the last attempt.
            self._waiting = self._waiting or report
            raise

    async def _keep_proofs(self, proven: Proofs) -> None:
        known = self._recalled
        await self._store.change(PROOFS, lambda old: proven if known else _joined(old, proven))
        # Only after the write: a fault that is lost over a restart would look resolved.
        if self._proofs == proven:
            self._proofs = None

    async def restore(self, health: Health, diagnose: Diagnose) -> None:
        """Hand over what was stored, unless something newer is known. Never raises."""
        if self._proofs is None:
            # Proofs that wait to be written were found here since, and are newer.
            self._recalled = False
            with _logged(PROOFS):
                diagnose.restore(await self._store.read(PROOFS) or Proofs())
                self._recalled = True
        with _logged(REPORT):
            if record := await self._store.read(REPORT):
                health.restore(recalled(record))

    def _complain(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("the last report was not saved: %s", trouble)
        self._trouble = trouble


@contextmanager
def _logged(record_type: RecordType[T]) -> Iterator[None]:
    """Log that a record could not be read, and go on."""
    try:
        yield
    except MeshmedicError as error:
        log.warning("the saved %s cannot be read back: %s", record_type.name, error)


def _newest(old: Remembered | None, new: Remembered) -> Remembered:
    return old if old is not None and old.taken_at > new.taken_at else new


def _joined(old: Proofs | None, new: Proofs) -> Proofs:
    """The new proofs, and old ones of other subjects: only a test can say that a fault is over."""
    known = {proof.subject for proof in new.proofs}
    others = (proof for proof in (old or Proofs()).proofs if proof.subject not in known)
    return Proofs((*others, *new.proofs))
