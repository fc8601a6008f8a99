"""The last whole report as it is kept over a restart: what there was, without what it was read in.

Log lines stay where they are: evidence may quote them, so of it only a container's name is kept.
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
"""Names, which a story needs to find the log."""


class Remembered(msgspec.Struct, frozen=True):
    """A report; `dropped` counts findings, the mildest ones, for which there was no room."""

    taken_at: datetime
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    counts: dict[str, int]
    scopes: tuple[str, ...]
    dropped: int = 0


def remembered(report: Report) -> Remembered:
    """What is kept of a report."""
    return Remembered(
        taken_at=report.taken_at,
        findings=tuple(map(_shortened, report.findings)),
        gaps=tuple(msgspec.structs.replace(gap, detail=_short(gap.detail)) for gap in report.gaps),
        counts=dict(report.counts),
        scopes=report.scopes,
    )


def recalled(kept: Remembered) -> Report:
    """The report again: the same number, the same findings, and less of what each says."""
    return Report(kept.taken_at, kept.findings, kept.gaps, kept.counts, kept.scopes)


def _spare(kept: Remembered) -> Remembered | None:
    """A tenth less of the findings: the worst come first in a report."""
    if not kept.findings:
        return None
    fewer = len(kept.findings) * 9 // 10
    dropped = kept.dropped + len(kept.findings) - fewer
    return msgspec.structs.replace(kept, findings=kept.findings[:fewer], dropped=dropped)


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
