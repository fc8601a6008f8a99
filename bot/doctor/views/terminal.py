"""The doctor's report for a terminal: by area, each failure with its fix below it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.doctor.domain.diagnostic import Area, Diagnostic, DiagnosticOutcome, DiagnosticReport
from bot.render import terminal
from bot.render import text as words

STYLE = {
    DiagnosticOutcome.OK: "green",
    DiagnosticOutcome.NOTE: "dim",
    DiagnosticOutcome.WARNING: "yellow",
    DiagnosticOutcome.UNOBSERVED: "magenta",
    DiagnosticOutcome.FAILED: "bold red",
}
OUTCOME = max(map(len, DiagnosticOutcome))
NAME = 20
WIDE = 400


def report(report: DiagnosticReport) -> RenderableType:
    """The whole report."""
    title = Text(report.outcome.upper(), style=STYLE[report.outcome])
    title.append(f"  {report.headline}", style="default not bold")
    parts: list[RenderableType] = [title]
    for area in Area:
        if diagnostics := report.in_area(area):
            parts += [Text(f"\n{area}", "bold"), *map(_row, diagnostics)]
    return Group(*parts)


def _row(diagnostic: Diagnostic) -> RenderableType:
    """Outcome, name and observation; many merged names get a line of their own."""
    names = Text(words.line(diagnostic.name, WIDE), "bold")
    lines: list[RenderableType] = [Text(terminal.sentence(diagnostic.observation, WIDE))]
    if diagnostic.fix:
        lines.append(Text.assemble(("fix: ", "bold"), terminal.sentence(diagnostic.fix, WIDE)))
    outcome = Text(diagnostic.outcome, STYLE[diagnostic.outcome])
    table = Table.grid(padding=(0, 1))
    table.add_column(width=OUTCOME)
    if len(names) > NAME:
        table.add_column(overflow="fold")
        table.add_row(outcome, Group(names, *lines))
    else:
        table.add_column(width=NAME)
        table.add_column(overflow="fold")
        table.add_row(outcome, names, Group(*lines))
    return table
