"""A report as a table: one line a finding. It imports nothing that draws, so that it is quick."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.health.offline import ObjectVerdict
from bot.health.views import text as report_text
from bot.render import text as words
from bot.render.table import Column, Screen, TableRow, TextPage
from bot.sites.views import text as sites_text

MOST = 1000
"""Findings that are listed; the others are counted, and the JSON has them all."""

KINDS = 100
"""Kinds that one line of gaps names at most: in practice all."""

COLUMNS = (
    Column("VERDICT", len("progressing")),
    Column("KIND", 10),
    Column("NAMESPACE/NAME", 20),
    Column("AGE", 5),
    Column("REASON", 10),
    Column("MESSAGE"),
)


def report(report: Report, screen: Screen) -> str:
    """The answer to `meshmedic check`."""
    page = TextPage(screen)
    place = f" in namespace {report.namespace}" if report.namespace else ""
    style = words.LOOK[report.verdict].style
    page.headline(report.verdict.upper(), f"bold {style}", report_text.headline(report) + place)
    if sites := sites_text.of_report(report):
        page.line(sites)
    page.space()
    if rows := [_row(finding, report) for finding in report.findings[:MOST]]:
        page.table(COLUMNS, rows)
    if rest := words.rest_in_json(len(report.findings) - MOST):
        page.line(rest)
    page.space()
    for note in report_text.note_lines(report):
        page.line(note, "cyan", label="note")
    for line in report_text.unseen_lines(report.gaps, report.taken_at, KINDS):
        page.line(line, "magenta", label="not seen")
    if rows and screen.width is not None:
        page.space()
        page.line("meshmedic why KIND/NAMESPACE/NAME explains one; -o wide shows details.", "dim")
    return page.text()


JUDGED = (*COLUMNS[:3], *COLUMNS[4:])
"""Objects of a file have no age."""


def judgements(judged: Sequence[ObjectVerdict], screen: Screen) -> str:
    """The answer to `meshmedic judge`: one line an object."""
    page = TextPage(screen)
    rows = [
        TableRow(
            (
                str(one.verdict),
                one.kind or "?",
                f"{one.namespace}/{one.name or '?'}".removeprefix("/"),
                one.reason,
                one.message,
            ),
            f"bold {words.LOOK[one.verdict].style}",
        )
        for one in judged
    ]
    if rows:
        page.table(JUDGED, rows)
    return page.text()


def _row(finding: Finding, report: Report) -> TableRow:
    subject = finding.subject
    name = f"{subject.namespace}/{subject.name}" if subject.namespace else subject.name
    message = finding.message
    if cause := report.by_key.get(finding.cause or ""):
        message = f"follows from {cause.subject}" + (f": {message}" if message else "")
    age = words.short_age(finding.since, report.taken_at)
    cells = (str(finding.verdict), subject.kind, name, age, finding.reason, message)
    return TableRow(cells, f"bold {words.LOOK[finding.verdict].style}")
