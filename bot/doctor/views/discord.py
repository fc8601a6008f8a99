"""The doctor's report as a card: problems first, each with its fix; the rest in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.diagnostic import PROBLEMS, Area, DiagnosticOutcome, DiagnosticReport
from bot.domain.verdict import Verdict
from bot.render import cards as render
from bot.render import text as words

VERDICT = {
    DiagnosticOutcome.OK: Verdict.HEALTHY,
    DiagnosticOutcome.NOTE: Verdict.SUSPENDED,
    DiagnosticOutcome.WARNING: Verdict.DEGRADED,
    DiagnosticOutcome.UNOBSERVED: Verdict.UNKNOWN,
    DiagnosticOutcome.FAILED: Verdict.FAILED,
}
"""Outcomes have the signs and colours of verdicts."""

MARK = {outcome: words.MARK[verdict] for outcome, verdict in VERDICT.items()}
MARK[DiagnosticOutcome.NOTE] = "⚪"
HEADS = {
    DiagnosticOutcome.OK: "Nothing wrong found",
    DiagnosticOutcome.WARNING: "It works, with warnings",
    DiagnosticOutcome.UNOBSERVED: "Not everything could be seen",
    DiagnosticOutcome.FAILED: "Something is wrong",
}
OBSERVATION = 300
FIX = 900
NAMES = 200
BRIEF = 240


def report(report: DiagnosticReport) -> render.Card:
    """The report in one message; what does not fit is counted."""
    head = f"## {MARK[report.outcome]} {HEADS[report.outcome]}\n{report.headline}"
    tail = "\n".join(_tail(report))
    parts = list(_problems(report))
    room = render.TEXT - len(head) - len(tail) - 100
    shown: list[str] = []
    for part in parts:
        room -= len(part)
        if room < 0:
            break
        shown.append(part)
    if hidden := len(parts) - len(shown):
        shown.append(f"-# … and {hidden} more: `meshmedic doctor` in a terminal shows all.")
    return render.card(VERDICT[report.outcome], [head, *shown, tail], ())


def _problems(report: DiagnosticReport) -> Iterator[str]:
    for outcome in PROBLEMS:
        for area in Area:
            for diagnostic in report.in_area(area):
                if diagnostic.outcome is outcome:
                    name = words.line(diagnostic.name, NAMES)
                    observation = _prose(diagnostic.observation, OBSERVATION)
                    fix = f"\n→ {_prose(diagnostic.fix, FIX)}" if diagnostic.fix else ""
                    yield f"{MARK[outcome]} **{name}** {observation}{fix}"


def _tail(report: DiagnosticReport) -> Iterator[str]:
    """A line for what is well in each area, and one for each note."""
    for area in Area:
        names = [
            diagnostic.name
            for diagnostic in report.diagnostics
            if diagnostic.area is area and diagnostic.outcome is DiagnosticOutcome.OK
        ]
        if names:
            yield f"-# {MARK[DiagnosticOutcome.OK]} {area}: {', '.join(names)}"
    for area in Area:
        for diagnostic in report.in_area(area):
            if diagnostic.outcome is DiagnosticOutcome.NOTE:
                observation = _prose(diagnostic.observation, BRIEF)
                yield f"-# {MARK[DiagnosticOutcome.NOTE]} {diagnostic.name}: {observation}"


def _prose(text: str, most: int) -> str:
    return render.prose(words.line(text, most))
