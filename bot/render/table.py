"""A page of lines and tables for a terminal or a pipe, as kubectl writes them.

Into a pipe a line is whole, and has neither colours nor blanks at its end. On a terminal a row is
cut to its width: the last column first, then the longest others.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.render import text as words

GAP = "  "
EMPTY = "-"
"""A cell without a value, so that every row has as many columns."""

MOST = 8192
"""Characters of a line in a pipe."""

LAST = 24
"""Columns that the last cell of a row gets at least, where the terminal has them."""

ANSI = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34"}
ANSI |= {"magenta": "35", "cyan": "36"}
"""Codes of the styles. Source: ECMA-48, select graphic rendition."""


class Screen(NamedTuple):
    """Where a page is shown. `width` is None in a pipe."""

    width: int | None = None
    colours: bool = False


PIPE = Screen()


class Column(NamedTuple):
    """A column: its title, and the columns that it keeps at least where there is little room."""

    title: str
    least: int = 8


class TableRow(NamedTuple):
    """The cells of a row, and the style of the first."""

    cells: tuple[str, ...]
    style: str = ""


@dataclass
class TextPage:
    """The lines of an answer, written for one screen."""

    screen: Screen
    lines: list[str] = field(default_factory=list)

    def line(self, text: str, style: str = "", *, label: str = "") -> None:
        """A line of prose, in one style, or behind a label in that style."""
        shown = words.line(text, MOST)
        said = self._styled(f"{label}: ", style) + shown if label else self._styled(shown, style)
        self.lines.append(said.rstrip())

    def headline(self, word: str, style: str, text: str) -> None:
        """The verdict, and the sentence that explains it."""
        self.lines.append(f"{self._styled(word, style)}{GAP}{words.line(text, MOST)}".rstrip())

    def space(self) -> None:
        """An empty line, unless the page is empty or ends with one already."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def table(self, columns: Sequence[Column], rows: Sequence[TableRow]) -> None:
        """A table with its titles."""
        cells = [[words.line(cell, MOST) or EMPTY for cell in row.cells] for row in rows]
        titles = [column.title for column in columns]
        widths = _widths([titles, *cells], [column.least for column in columns], self.screen.width)
        self.lines.append(self._row(titles, widths, "bold" if self.screen.colours else ""))
        for row, shown in zip(rows, cells, strict=True):
            self.lines.append(self._row(shown, widths, row.style))

    def text(self) -> str:
        """The whole page, with a line end behind each line."""
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        return "".join(f"{line}\n" for line in self.lines)

    def _row(self, cells: Sequence[str], widths: Sequence[int], style: str) -> str:
        first, *rest = (
            _padded(cut(cell, width), width) for cell, width in zip(cells, widths, strict=False)
        )
        last = cells[-1]
        if self.screen.width is not None:
            last = cut(last, self.screen.width - sum(widths) - len(GAP) * len(widths))
        spare = len(first) - len(first.rstrip())
        shown = self._styled(first.rstrip(), style) + " " * spare
        return GAP.join((shown, *rest, last)).rstrip()

    def _styled(self, text: str, style: str) -> str:
        codes = ";".join(ANSI[name] for name in style.split() if name in ANSI)
        return f"\x1b[{codes}m{text}\x1b[0m" if codes and text and self.screen.colours else text


def _widths(rows: Sequence[Sequence[str]], least: Sequence[int], width: int | None) -> list[int]:
    """The columns of each cell but the last: what the longest needs, less where room is short."""
    widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)][:-1]
    if width is None:
        return widths
    room = width - LAST - len(GAP) * len(widths)
    while sum(widths) > room:
        spare = [have - keep for have, keep in zip(widths, least, strict=False)]
        if max(spare) <= 0:
            break
        widths[spare.index(max(spare))] -= 1
    return widths


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


def cut(text: str, width: int) -> str:
    """The text cut to the columns of a terminal, of which some characters take two, with `…`."""
    if columns_of(text) <= width:
        return text
    kept = ""
    for char in text:
        if columns_of(kept) + columns_of(char) > width - 1:
            break
        kept += char
    return f"{kept.rstrip()}…" if width > 0 else ""


def columns_of(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char == "\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
