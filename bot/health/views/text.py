"""A report in words: the headline, the healthy kinds, and what was not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from bot.domain.finding import Finding
from bot.domain.grouping import grouped
from bot.domain.report import Report
from bot.domain.sentences import listed
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict, worst
from bot.health.next_steps import steps
from bot.render.text import age, plural

NOUNS = {
    "Pod": "pods", "Node": "nodes", "HelmRelease": "HelmReleases",
    "Kustomization": "Kustomizations", "Certificate": "certificates", "ExternalSecret": "secrets",
    "Service": "Services", "IngressRoute": "IngressRoutes", "Ingress": "Ingresses",
    "HTTPRoute": "HTTPRoutes", "Deployment": "Deployments",
}  # fmt: skip
"""The kinds that people count first, in their order, and how they say many of them."""

UNSEEN_KINDS = 3
"""Kinds that a headline names as not seen."""


def headline(report: Report) -> str:
    """The situation: `4 problems, 1 paused · 145 of 149 healthy`."""
    standings = [standing(root, report) for root in report.roots]
    counts = Counter(_counted_as(verdict) for verdict in standings)
    said = ", ".join(
        words.format(f"{count:,}", "s" if count != 1 else "")
        for words in COUNTED
        if (count := counts[words])
    )
    if not said:
        return _without_findings(report)
    unseen = _not_seen(report)
    return " · ".join(filter(None, (said, _healthy(report), unseen)))


def standing(root: Finding, report: Report) -> Verdict:
    """The worst of a root cause and of what follows from it."""
    return worst([finding.verdict for finding in (root, *report.downstream.get(root.key, ()))])


PROBLEMS, DOUBTS, PAUSED, UNDER_WAY = (
    "{} problem{}", "{} not known", "{} paused", "{} in progress",
)  # fmt: skip
COUNTED = (PROBLEMS, DOUBTS, PAUSED, UNDER_WAY)
"""What a headline counts: how many, and the end of the word for many."""


def _counted_as(verdict: Verdict) -> str:
    match verdict:
        case Verdict.FAILED | Verdict.DEGRADED:
            return PROBLEMS
        case Verdict.SUSPENDED:
            return PAUSED
        case Verdict.UNKNOWN:
            return DOUBTS
        case _:
            return UNDER_WAY


def _without_findings(report: Report) -> str:
    """What it means that there are no findings."""
    if not report.judged_count:
        return _not_seen(report) or "Nothing to check"
    if unseen := _not_seen(report):
        return f"No problem in what was seen · {unseen}"
    return f"All healthy: {_all(report)}"


def _all(report: Report) -> str:
    kinds = [kind for kind, count in report.counts.items() if count]
    (kind, *others) = kinds
    if others:
        return plural(report.judged_count, "object")
    return f"{report.judged_count:,} of {report.judged_count:,} {_noun(kind)}"


def _healthy(report: Report) -> str:
    """How many of the objects that were checked are healthy; empty where none was."""
    total = report.judged_count
    well = sum(count for _, count in _well(report).values())
    return f"{well:,} of {total:,} healthy" if total else ""


def _not_seen(report: Report) -> str:
    """Which kinds could not be seen; empty where all were."""
    kinds = listed(dict.fromkeys(gap.kind for gap in report.unseen), UNSEEN_KINDS)
    return f"can't see {kinds}" if kinds else ""


def _well(report: Report) -> dict[str, tuple[int, int]]:
    """How many objects of each kind there are, and how many of them have no finding."""
    subjects = {finding.subject for finding in report.findings}
    ill = Counter(
        subject.kind for subject in subjects if report.namespace in (None, subject.namespace)
    )
    return {
        kind: (count, max(0, count - ill[kind])) for kind, count in report.counts.items() if count
    }


def healthy_line(report: Report, most: int | None = None) -> str:
    """How many of each kind are healthy: `Pods 31/32, Nodes 4/4`; `most` kinds, and the rest."""
    counts = _well(report)
    known = [kind for kind in NOUNS if kind in counts]
    kinds = [*known, *sorted(counts.keys() - set(known))]
    shown, rest = kinds[:most], kinds[len(kinds) if most is None else most :]
    parts = [f"{_title(kind)} {counts[kind][1]:,}/{counts[kind][0]:,}" for kind in shown]
    if rest:
        total, well = (sum(counts[kind][place] for kind in rest) for place in (0, 1))
        parts.append(f"others {well:,}/{total:,}")
    return ", ".join(parts)


def _title(kind: str) -> str:
    noun = _noun(kind)
    return noun[:1].upper() + noun[1:]


def _noun(kind: str) -> str:
    return NOUNS.get(kind) or f"{kind}s"


def note_lines(report: Report, names: int = 5) -> list[str]:
    """Notes on healthy objects: objects with the same note share a line."""
    groups = grouped(((note.reason, note.message), note) for note in report.notes)
    return [_note(reason, message, notes, names) for (reason, message), notes in groups.items()]


def _note(reason: str, message: str, notes: list[Finding], names: int) -> str:
    subjects = listed((str(note.subject) for note in notes), names)
    return f"{reason}: {subjects}: {message}"


def next_step(finding: Finding) -> str:
    """What to do next about a finding, and its first command, in one line."""
    step = steps.next_step(finding)
    return " ".join((f"Next: {step.text}", *step.commands[:1]))


def unseen_lines(gaps: Iterable[Gap], now: datetime, most: int) -> list[str]:
    """One line for all gaps with the same reason and the same remedy.

    A line names at most `most` kinds, which leaves room for the reason.
    """
    groups = grouped(
        ((gap.why.value, "" if gap.why is Why.NOT_INSTALLED else gap.detail), gap) for gap in gaps
    )
    return [_unseen(why, detail, group, now, most) for (why, detail), group in groups.items()]


def _unseen(why: str, detail: str, group: list[Gap], now: datetime, most: int) -> str:
    kinds = listed(dict.fromkeys(gap.kind for gap in group), most)
    oldest = min((gap.since for gap in group if gap.since), default=None)
    when = f" (as of {age(oldest, now)} ago)" if oldest else ""
    remedy = detail or (group[0].detail if len(group) == 1 else "")
    return f"{why}: {kinds}{when}" + (f" – {remedy}" if remedy else "")
