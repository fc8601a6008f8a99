"""The words and the grid of a matrix that chat and terminal share."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.network.matrix import By, Cell, Matrix, findings
from bot.core.verdict import Verdict
from bot.render import words

LETTER = {By.POD: "P", By.VIP: "V", By.LARGE: "L", By.UDP: "U"}
LEGEND = (
    "from the row to the column: the round trip in ms where everything gets through; P pod IP, "
    "V VIP, L large payload, U UDP where it does not (small: only at times); ? not seen"
)
NAME = 16
"""Characters of a node's name in the grid."""

HEADS = {
    Verdict.HEALTHY: "Everything gets through",
    Verdict.UNKNOWN: "Not everything could be seen",
    Verdict.DEGRADED: "Not everything gets through",
    Verdict.FAILED: "Some nodes do not reach others",
}


def grid(each: Matrix) -> Iterator[str]:
    """Lines of equal columns: a row a source, a column a target by its number."""
    cells: dict[tuple[str, str], list[Cell]] = {}
    for one in each.cells:
        cells.setdefault(one.pair, []).append(one)
    shown = [name for name in each.nodes if any(name in pair for pair in cells)]
    columns = {name: str(number) for number, name in enumerate(shown, 1)}
    yield " " * (NAME + 4) + "".join(f"{number:>5}" for number in columns.values())
    for name, number in columns.items():
        row = "".join(f"{_cell(name, other, cells):>5}" for other in columns)
        yield f"{number:>3} {words.line(name, NAME):<{NAME}}{row}"


def sentences(each: Matrix) -> tuple[str, ...]:
    """What is broken, in words."""
    return findings(each)


def unseen(each: Matrix) -> Iterator[str]:
    """The nodes of which something was not seen, and why."""
    for node, why in each.unseen:
        yield f"{node}: {why}"


def _cell(source: str, target: str, cells: dict[tuple[str, str], list[Cell]]) -> str:
    if source == target:
        return "·"
    found = cells.get((source, target))
    if not found:
        return "?"
    if all(one.ok for one in found):
        took = next((one.took for one in found if one.test is By.POD and one.took), 0.0)
        return f"{took:.0f}" if took >= 1 else "<1"
    bad = [one for one in found if not one.ok]
    return "".join(LETTER[one.test] if not one.well else LETTER[one.test].lower() for one in bad)
