"""The latest full report as it is stored, so that it survives a restart.

Log lines are never stored. Evidence may quote them, so only the name of the container is kept.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain.finding import Finding
from bot.domain.record import Shelf
from bot.domain.redaction.redact import redact
from bot.domain.report import Report
from bot.domain.snapshot import Gap

LONGEST = 300
"""Characters of a message."""

KEPT_EVIDENCE = frozenset({"container"})
"""Labels of evidence that a story needs to find the log."""


class Remembered(msgspec.Struct, frozen=True):
    """A stored report; `dropped` counts the mildest findings, for which there was no room."""

    taken_at: datetime
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    counts: dict[str, int]
    scopes: tuple[str, ...]
    dropped: int = 0


def remembered(report: Report) -> Remembered:
    """The part of a report that is stored."""
    return Remembered(
        taken_at=report.taken_at,
        findings=tuple(map(_shortened, report.findings)),
        gaps=tuple(msgspec.structs.replace(gap, detail=_short(gap.detail)) for gap in report.gaps),
        counts=dict(report.counts),
        scopes=report.scopes,
    )


def recalled(record: Remembered) -> Report:
    """The report again: the same number and findings, with shorter messages."""
    return Report(record.taken_at, record.findings, record.gaps, record.counts, record.scopes)


def _spare(record: Remembered) -> Remembered | None:
    """Drop a tenth of the findings, from the end: the worst come first in a report."""
    if not record.findings:
        return None
    fewer = len(record.findings) * 9 // 10
    dropped = record.dropped + len(record.findings) - fewer
    return msgspec.structs.replace(record, findings=record.findings[:fewer], dropped=dropped)


REPORT: Shelf[Remembered] = Shelf("report", Remembered, spare=_spare)


def _shortened(finding: Finding) -> Finding:
    named = tuple(
        msgspec.structs.replace(evidence, value=_short(evidence.value))
        for evidence in finding.evidence
        if evidence.label in KEPT_EVIDENCE
    )
    return msgspec.structs.replace(
        finding, message=_short(finding.message), evidence=named, follows=()
    )


def _short(text: str) -> str:
    shown = redact(text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
