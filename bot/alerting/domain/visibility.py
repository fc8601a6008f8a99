"""What the bot cannot see any more, as a finding: who does not see hears of no failure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import msgspec

from bot.alerting.domain import outage
from bot.domain.finding import Finding, Ref
from bot.domain.grouping import grouped
from bot.domain.report import Report
from bot.domain.sentences import listed
from bot.domain.snapshot import AWAY, Gap, Why
from bot.domain.verdict import Verdict

CHECK = "visibility"
WATCH = Ref("Watch", "", "cluster")
OBJECTS = "objects"
"""What is watched in one namespace."""

STALE_WATCH = "StaleWatch"
NEVER_SEEN = "NeverSeen"
"""No kind was lost, but one has not been read since the start of this process."""

REFUSED = "Forbidden"
"""Kinds that were read once may not be read any more; one that never could be is a choice."""

NAMED = 6
"""Kinds that the message names."""

DETAIL = 200


def refused(report: Report, before: Collection[str] = ()) -> tuple[str, ...]:
    """The kinds that were read once and may not be read any more.

    before: Those of the last report. A new process does not know what was read, so one of them
    stays until it is read again, or is not wanted any more.
    """
    kinds = (
        gap.kind
        for gap in report.unseen
        if gap.kind in before or (gap.why is Why.FORBIDDEN and gap.since)
    )
    return tuple(sorted(set(kinds)))


def with_visibility(report: Report, before: Collection[str] = ()) -> Report:
    """The report with a finding about the kinds that cannot be seen now, if there are any.

    The kind of that finding counts as seen: a watch is well where nothing is said of it.

    before: Those that might not be read any more at the last report.
    """
    if WATCH.kind in report.counts:
        return report
    lost = refused(report, before)
    gaps = [gap for gap in report.unseen if gap.why in AWAY or gap.kind in lost]
    counts = {**report.counts, WATCH.kind: 1}
    return replace(report, findings=(*report.findings, *_findings(gaps, report)), counts=counts)


def _findings(gaps: Sequence[Gap], report: Report) -> tuple[Finding, ...]:
    """That kinds cannot be seen; where none can, by errors of the API server, that it is gone.

    What is missing of one namespace is a finding of it: its people may have brought that about, and
    would else keep the cluster's incident open.
    """
    by_namespace = grouped((gap.namespace, gap) for gap in gaps)
    of_cluster = by_namespace.pop("", [])
    parts = (_finding(own, report, place) for place, own in sorted(by_namespace.items()))
    return (*_of_cluster(of_cluster, report), *parts)


def _of_cluster(gaps: Sequence[Gap], report: Report) -> tuple[Finding, ...]:
    if not gaps:
        return ()
    unseen = _finding(gaps, report)
    errors = [(reason, gap.detail) for gap in gaps if (reason := outage.reason_of(gap.detail))]
    if unseen.verdict is not Verdict.FAILED or not errors:
        return (unseen,)
    reason, error = errors[0]
    gone = outage.finding(reason, error, unseen.since)
    return gone, msgspec.structs.replace(unseen, cause=gone.key)


def _finding(gaps: Sequence[Gap], report: Report, namespace: str = "") -> Finding:
    kinds = list(dict.fromkeys(gap.kind for gap in gaps))
    away = [gap for gap in gaps if gap.why in AWAY]
    forbidden = [gap for gap in gaps if gap.why not in AWAY]
    lost = any(gap.why is Why.STALE or gap.since for gap in away)
    blind = not set(report.counts) - set(kinds)
    told = (
        *([f"I cannot see {_named(away, 'now')}"] if away else ()),
        *([f"I may not read {_named(forbidden, 'any more')}"] if forbidden else ()),
    )
    return Finding(
        check=CHECK,
        subject=Ref(WATCH.kind, namespace, OBJECTS) if namespace else WATCH,
        verdict=Verdict.FAILED if blind else Verdict.DEGRADED,
        reason=STALE_WATCH if lost else REFUSED if forbidden else NEVER_SEEN,
        message=f"{' '.join(told)} Failures there go unnoticed until I can. "
        "`/doctor` shows what I may read.",
        since=min((gap.since for gap in gaps if gap.since), default=None),
    )


def _named(gaps: Sequence[Gap], when: str) -> str:
    """The kinds of some gaps, and why the first of them is one."""
    kinds = listed(dict.fromkeys(gap.kind for gap in gaps), NAMED)
    detail = next((gap.detail for gap in gaps if gap.detail), "")
    why = f": {detail[:DETAIL].rstrip('. ')}" if detail else ""
    return f"{kinds} {when}{why}."
