"""Rows of what was asked and seen, printed as they come, and counted at the end."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field

WIDTH = 100


@dataclass
class Table:
    """A table with a name."""

    name: str
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Print its head."""
        self._print(f"\n{self.name}")

    def row(self, what: str, said: str, *, seconds: float, want: str = "", more: str = "") -> bool:
        """Print one row, right where the pattern is found in what was said."""
        right = re.search(want, said) is not None
        headline = said.strip().partition("\n")[0].removeprefix("## ")
        mark = "ok   " if right else "WRONG"
        self._print(f"  {mark} {seconds:6.1f} s  {what}: {headline}{more}"[: WIDTH + 40])
        if right:
            self.right += 1
        else:
            self.wrong.append(what)
            self._print(f"        wanted {want!r}; it said:\n{_indented(said[:3000])}")
        return right

    def figure(self, what: str, value: float, unit: str, limit: float | None = None) -> None:
        """Print a measured figure, wrong where it is above its limit."""
        right = limit is None or value <= limit
        bound = "" if limit is None else f" (limit {limit:g})"
        self._print(f"  {'ok   ' if right else 'WRONG'} {what}: {value:.1f} {unit}{bound}")
        if right:
            self.right += 1
        else:
            self.wrong.append(what)

    def _print(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.splitlines())
