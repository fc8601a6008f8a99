"""What was measured, against what is wanted, and the table of it."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from rich.table import Table


class Figure(msgspec.Struct, frozen=True):
    """One figure: `value` in `unit`, wanted `at_least` or `at_most` so much, or neither."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether it is as wanted; None where nothing is."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most if self.at_most is not None else None

    @property
    def wanted(self) -> str:
        """The target in words."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"< {self.at_most:g}" if self.at_most is not None else ""

    @property
    def shown(self) -> str:
        """The value with as many digits as it has meaning."""
        digits = 2 if abs(self.value) < 10 else 0 if abs(self.value) >= 100 else 1
        return f"{self.value:,.{digits}f} {self.unit}"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several, and how far they lie apart."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle."""
        return statistics.median(self.values)

    def percentile(self, share: float) -> float:
        """The value that this share of all does not exceed (nearest rank)."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def terminal(figures: Sequence[Figure], title: str) -> Table:
    """For people at 80 columns."""
    table = Table(title=title, title_justify="left", expand=False)
    table.add_column("figure", overflow="fold")
    table.add_column("measured", justify="right")
    table.add_column("wanted", justify="right")
    table.add_column("")
    for each in figures:
        mark = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[each.met]
        table.add_row(each.name, each.shown, each.wanted, mark)
    return table


def markdown(figures: Sequence[Figure], title: str) -> str:
    """For the documentation."""
    marks = {True: "met", False: "**missed**", None: ""}
    rows = [
        f"| {each.name} | {each.shown} | {each.wanted} | {marks[each.met]} |" for each in figures
    ]
    head = ["| figure | measured | wanted | |", "|---|---:|---:|---|"]
    return "\n".join(["# Benchmark", "", title, "", *head, *rows, ""])


def machine() -> str:
    """What the figures were measured on, as far as they depend on it."""
    return f"Python {platform.python_version()}, {platform.machine()}"
