"""The words and the grid of a matrix that chat and terminal share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.verdict import Verdict
from bot.net.mesh.matrix import By, Cell, Matrix, Pair, findings
from bot.render import text as words

LETTER = {By.POD: "P", By.VIP: "V", By.LARGE: "L", By.UDP: "U", By.DNS: "D"}
LEGEND = (
    "from the row to the column: the round trip in ms where everything gets through; P pod IP, "
    "V VIP, L large payload, U UDP where it does not (small: only at times); ? not seen"
)
NAME = 16
"""Characters of a node's name in the grid."""

CELL = 5
"""Characters of a cell."""

HEADS = {
    Verdict.HEALTHY: "Everything gets through",
    Verdict.UNKNOWN: "Not everything could be seen",
    Verdict.DEGRADED: "Not everything gets through",
    Verdict.FAILED: "Some nodes do not reach others",
}


def grid(each: Matrix, width: int = 10_000) -> Iterator[str]:
    """Lines of equal columns: a row a source, a column a target by its number.

    What is wider than `width` comes in blocks of columns, one below the other.
    """
    cells = by_pair(each)
    columns = {name: str(number) for number, name in enumerate(asked(each), 1)}
    for block in _blocks(tuple(columns), max(1, (width - NAME - 4) // CELL)):
        yield " " * (NAME + 4) + "".join(f"{columns[name]:>{CELL}}" for name in block)
        for name, number in columns.items():
            row = "".join(f"{_cell((name, other), cells, each):>{CELL}}" for other in block)
            yield f"{number:>3} {words.line(name, NAME):<{NAME}}{row}"


def _blocks(names: tuple[str, ...], most: int) -> Iterator[tuple[str, ...]]:
    for begin in range(0, len(names), most):
        yield names[begin : begin + most]


def asked(each: Matrix) -> tuple[str, ...]:
    """The nodes from or to which something was to be tried, in their order."""
    seen = {name for one in each.cells for name in one.pair}
    seen |= {name for pair in each.wanted for name in pair} | {name for name, _ in each.unseen}
    return tuple(name for name in each.nodes if name in seen)


def letters(cells: Sequence[Cell]) -> str:
    """What does not get through, a letter a test; small where it does at times."""
    bad = [one for one in cells if not one.ok]
    return "".join(LETTER[one.test].lower() if one.well else LETTER[one.test] for one in bad)


def sentences(each: Matrix) -> tuple[str, ...]:
    """What is broken, in words."""
    return findings(each)


def headline(each: Matrix) -> str:
    """How many nodes, and the round trips between them."""
    times = sorted(one.took for one in each.cells if one.test is By.POD and one.took is not None)
    nodes = words.plural(len(asked(each) or each.nodes), "node")
    if not times:
        return nodes
    least, middle, most = times[0], times[len(times) // 2], times[-1]
    return f"{nodes}, round trips of {least:.1f} to {most:.1f} ms, the middle one {middle:.1f} ms"


def unseen(each: Matrix) -> Iterator[str]:
    """The nodes of which something was not seen, and why; the tests that were not made."""
    for node, why in each.unseen:
        yield f"{node}: {why}"
    for test, count in each.untested.items():
        yield f"{test}: not tested for {words.plural(count, 'pair')}"
    if each.without_dns:
        yield f"{By.DNS}: not tested from {', '.join(each.without_dns)}"


def by_pair(each: Matrix) -> dict[Pair, list[Cell]]:
    """The cells of each pair."""
    cells: dict[Pair, list[Cell]] = {}
    for one in each.cells:
        cells.setdefault(one.pair, []).append(one)
    return cells


def expected(pair: Pair, each: Matrix) -> bool:
    """Whether something was to be tried there: above fifty nodes most pairs are not."""
    return not each.wanted or pair in each.wanted


def _cell(pair: Pair, cells: dict[Pair, list[Cell]], each: Matrix) -> str:
    if pair[0] == pair[1]:
        return "·"
    found = cells.get(pair)
    if not found:
        return "?" if expected(pair, each) else ""
    if all(one.ok for one in found):
        took = next((one.took for one in found if one.test is By.POD and one.took), 0.0)
        return f"{took:.0f}" if took >= 1 else "<1"
    return letters(found)
