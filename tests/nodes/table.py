"""Rows of what was asked and seen, printed as they come, and counted at the end."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH = 140
SHOWN = 3000
"""Characters of a wrong answer."""

SUMMED_UP = 300
"""Characters of an error in the summary, which is all that a log that is cut off may keep."""


@dataclass(frozen=True)
class Figure:
    """Something measured, and the most that it may be."""

    what: str
    value: float
    unit: str
    limit: float | None = None

    def __str__(self) -> str:
        """As it is printed."""
        bound = "" if self.limit is None else f" (limit {self.limit:g})"
        return f"{self.what}: {self.value:.1f} {self.unit}{bound}"

    @property
    def holds(self) -> bool:
        """Whether it is within its limit."""
        return self.limit is None or self.value <= self.limit


@dataclass
class Table:
    """A table with a name."""

    name: str
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Print its head."""
        _print(f"\n{self.name}")

    def row(self, what: str, said: str, *, seconds: float, want: str, more: str = "") -> bool:
        """Print one row, right where the pattern is found in what was said."""
        right = re.search(want, said) is not None
        headline = said.strip().partition("\n")[0].removeprefix("## ")
        self._count(what, right, f"{seconds:6.1f} s  {what}: {headline}{more}")
        if not right:
            _print(f"        wanted {want!r}; it said:\n{_indented(said[:SHOWN])}")
        return right

    def broken(self, what: str, error: Exception) -> None:
        """A row for what could not be looked at: never right."""
        named = f"{what}: {type(error).__name__}"
        self._count(f"{named}: {str(error)[:SUMMED_UP]!r}", False, named)
        _print(_indented(str(error)[-SHOWN:]))

    def figure(self, figure: Figure) -> None:
        """Print a figure, right where it is within its limit."""
        self._count(figure.what, figure.holds, str(figure))

    def _count(self, what: str, right: bool, text: str) -> None:
        if right:
            self.right += 1
        else:
            self.wrong.append(what)
        _print(f"  {'ok   ' if right else 'WRONG'} {text}"[:WIDTH])


def summary(tables: Sequence[Table]) -> int:
    """Print what is wrong, and the totals as the last line; 0 where something is right and all is.

    A run without a single row has shown nothing.
    """
    wrong = [f"{table.name}: {what}" for table in tables for what in table.wrong]
    for line in wrong:
        _print(f"  WRONG {line}")
    right = sum(table.right for table in tables)
    _print(f"\n{right} right, {len(wrong)} wrong")
    return int(bool(wrong) or not right)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.splitlines())
