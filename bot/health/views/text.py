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
from bot.domain.verdict import Verdict
from bot.health.next_steps import steps
from bot.render.text import age, plural


def headline(report: Report) -> str:
    """How many root causes of each verdict, how many effects, and how many objects were judged."""
    roots = report.roots
    counts = Counter(root.verdict for root in roots)
    verdicts = [
        f"{counts[verdict]:,} {verdict}" for verdict in reversed(Verdict) if counts[verdict]
    ]
    more = len(report.findings) - len(roots)
    downstream = f" ({more:,} downstream)" if more else ""
    summary = ", ".join(verdicts) or _no_findings(report)
    return f"{summary}{downstream} · {plural(report.judged_count, 'object')} judged"


def _no_findings(report: Report) -> str:
    """What it means that there are no findings."""
    if report.unseen:
        return "nothing found in what was seen" if report.judged_count else "nothing was seen"
    return "nothing found" if report.judged_count else "there was nothing to judge"


def healthy_line(report: Report) -> str:
    """The kinds without a finding, and how many objects each has: `Pod 12, Node 3`."""
    affected = {finding.subject.kind for finding in report.findings}
    return ", ".join(
        f"{kind} {count:,}"
        for kind, count in sorted(report.counts.items())
        if count and kind not in affected
    )


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
    names = list(dict.fromkeys(gap.kind for gap in group))
    kinds = ", ".join(names[:most])
    kinds += f" and {len(names) - most} more" if len(names) > most else ""
    oldest = min((gap.since for gap in group if gap.since), default=None)
    when = f" (as of {age(oldest, now)} ago)" if oldest else ""
    remedy = detail or (group[0].detail if len(group) == 1 else "")
    return f"{why}: {kinds}{when}" + (f" – {remedy}" if remedy else "")
