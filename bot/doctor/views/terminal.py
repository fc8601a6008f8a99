"""The doctor's answer for a terminal: by area, each failure with its fix below it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.doctor.domain.examination import Area, CheckUp, Examination, Outcome
from bot.render import text as words

STYLE = {
    Outcome.OK: "green",
    Outcome.NOTE: "dim",
    Outcome.WARNING: "yellow",
    Outcome.UNSEEN: "magenta",
    Outcome.FAILED: "bold red",
}
OUTCOME = max(map(len, Outcome))
NAME = 20
WIDE = 400


def check_up(each: CheckUp) -> RenderableType:
    """The whole answer."""
    title = Text(each.outcome.upper(), style=STYLE[each.outcome])
    title.append(f"  {each.headline}", style="default not bold")
    parts: list[RenderableType] = [title]
    for area in Area:
        if found := each.of(area):
            parts += [Text(f"\n{area}", "bold"), *map(_row, found)]
    return Group(*parts)


def _row(each: Examination) -> RenderableType:
    """Outcome, name, what was seen; many names together have a line of their own."""
    names = Text(words.line(each.name, WIDE), "bold")
    said: list[RenderableType] = [Text(words.line(each.saw, WIDE))]
    if each.fix:
        said.append(Text.assemble(("fix: ", "bold"), words.line(each.fix, WIDE)))
    table = Table.grid(padding=(0, 1))
    table.add_column(width=OUTCOME)
    if len(names) > NAME:
        table.add_column(overflow="fold")
        table.add_row(Text(each.outcome, STYLE[each.outcome]), Group(names, *said))
    else:
        table.add_column(width=NAME)
        table.add_column(overflow="fold")
        table.add_row(Text(each.outcome, STYLE[each.outcome]), names, Group(*said))
    return table
