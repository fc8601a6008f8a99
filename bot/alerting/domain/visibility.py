"""What the bot cannot see any more, as a finding: who does not see hears of no failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from bot.alerting.domain import outage
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.snapshot import AWAY, Gap, Why
from bot.domain.verdict import Verdict

CHECK = "visibility"
WATCH = Ref("Watch", "", "cluster")

STALE_WATCH = "StaleWatch"
NEVER_SEEN = "NeverSeen"
"""No kind was lost, but one has not been read since the start of this process."""

NAMED = 6
"""Kinds that the message names."""

DETAIL = 200


def with_visibility(report: Report) -> Report:
    """The report with a finding about the kinds that cannot be seen now, if there are any.

    The kind of that finding counts as seen: a watch is well where nothing is said of it.
    """
    if WATCH.kind in report.counts:
        return report
    gaps = [gap for gap in report.gaps if gap.why in AWAY]
    counts = {**report.counts, WATCH.kind: 1}
    return replace(report, findings=(*report.findings, *_findings(gaps, report)), counts=counts)


def _findings(gaps: Sequence[Gap], report: Report) -> tuple[Finding, ...]:
    """That kinds cannot be seen; where none can, by errors of the API server, that it is gone."""
    if not gaps:
        return ()
    unseen = _finding(gaps, report)
    errors = [(reason, gap.detail) for gap in gaps if (reason := outage.reason_of(gap.detail))]
    if unseen.verdict is not Verdict.FAILED or not errors:
        return (unseen,)
    reason, error = errors[0]
    gone = outage.finding(reason, error, unseen.since)
    return gone, msgspec.structs.replace(unseen, cause=gone.key)


def _finding(gaps: Sequence[Gap], report: Report) -> Finding:
    kinds = list(dict.fromkeys(gap.kind for gap in gaps))
    lost = any(gap.why is Why.STALE or gap.since for gap in gaps)
    blind = not set(report.counts) - set(kinds)
    more = f" and {len(kinds) - NAMED} more" if len(kinds) > NAMED else ""
    detail = next((gap.detail for gap in gaps if gap.detail), "")
    why = f": {detail[:DETAIL].rstrip('. ')}" if detail else ""
    return Finding(
        check=CHECK,
        subject=WATCH,
        verdict=Verdict.FAILED if blind else Verdict.DEGRADED,
        reason=STALE_WATCH if lost else NEVER_SEEN,
        message=f"I cannot see {', '.join(kinds[:NAMED])}{more} now{why}. "
        "Failures there go unnoticed until I can. /doctor tells what I may read.",
        since=min((gap.since for gap in gaps if gap.since), default=None),
    )
