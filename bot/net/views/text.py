"""The words of a diagnosis, a matrix and a tested request that chat and terminal share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.grouping import grouped
from bot.domain.sentences import listed
from bot.domain.verdict import INCIDENT, Verdict
from bot.net.diagnosis.all_routes import DiagnosedRoutes
from bot.net.diagnosis.diagnosis import Diagnosed, Diagnosis, Effect, Row, Seen
from bot.net.mesh.matrix import By, Cell, Matrix, Pair
from bot.net.request.result import RequestResult, RequestStep, outcome
from bot.render import text as words

TITLE = {
    Row.HEALTHY: "The route works",
    Row.OVERLAY_DOWN: "The overlay is down",
    Row.ONE_WAY: "One direction is lost",
    Row.NODE_ADDRESS: "A node announces a wrong address",
    Row.NO_ROUTE: "There is no route to the node",
    Row.MTU: "Large packets are lost",
    Row.LOSS: "Packets are lost at random",
    Row.SLOW_PATH: "The path is slow",
    Row.CHECKSUM_OFFLOAD: "VIP traffic stalls",
    Row.VIP_BROKEN: "The VIP does not work on this node",
    Row.KUBE_PROXY_STALE: "kube-proxy does not follow changes on this node",
    Row.REDIRECT: "A rule on Traefik's node catches the traffic",
    Row.POLICY: "A NetworkPolicy refuses",
    Row.SOURCE_ADDRESS: "The source address decides",
    Row.STALE_ENDPOINTS: "Traefik uses addresses that are gone",
    Row.TARGET_PORT: "The Service names a wrong port",
    Row.APPLICATION: "The application does not answer",
    Row.NO_ENDPOINTS: "No endpoint is ready",
    Row.DNS: "DNS does not answer",
    Row.OUTSIDE: "The Service lies outside of the cluster",
    Row.INCONCLUSIVE: "Inconclusive",
}

BUT = "The network works, and the route does not"
"""The title where only the objects say that something is wrong."""

NATIVE = {
    Effect.HELPS: "nativeLB would help",
    Effect.LOWERS: "nativeLB would only lower the failure rate",
    Effect.USELESS: "nativeLB would not help",
    Effect.HARMS: "nativeLB would harm",
    Effect.IMPOSSIBLE: "nativeLB is impossible",
    Effect.ALREADY: "nativeLB is on already",
    Effect.NEEDLESS: "nativeLB is not needed",
    Effect.UNKNOWN: "Whether nativeLB would help is not known",
}
"""What nativeLB would do, as the beginning of a sentence."""

MATRIX_HEADS = {
    Verdict.HEALTHY: "All nodes reach each other",
    Verdict.UNKNOWN: "Not everything could be seen",
    Verdict.DEGRADED: "Not everything gets through",
    Verdict.FAILED: "Some nodes do not reach others",
}

REQUEST_HEADS = {
    Verdict.HEALTHY: "It is reached",
    Verdict.DEGRADED: "It is reached, and does not do well",
    Verdict.FAILED: "It is not reached",
    Verdict.UNKNOWN: "Nothing could be tried",
}

LETTER = {By.POD: "P", By.VIP: "V", By.LARGE: "L", By.UDP: "U", By.DNS: "D"}
LEGEND = (
    "from the row to the column: the round trip in ms where everything gets through; P pod IP, "
    "V VIP, L large payload, U UDP where it does not (small: only at times); ? not seen"
)
NOT_TESTED = "This does not test your routes: `/net diagnose` does."
"""What a matrix in which all is well says nothing of."""

UNTESTED = 5
"""Routes that were not tested and are named."""

NAME = 16
"""Characters of a node's name in the grid."""

CELL = 5
"""Characters of a cell."""


def title(diagnosis: Diagnosis) -> str:
    """What was found, in a few words."""
    fault = diagnosis.by_objects
    broken = fault is not None and fault.verdict.rank >= INCIDENT.rank
    if diagnosis.worked_around and not broken:
        return f"{TITLE[diagnosis.row]}, but the route works"
    return BUT if diagnosis.row is Row.HEALTHY and broken else TITLE[diagnosis.row]


def all_title(found: DiagnosedRoutes) -> str:
    """How many routes do not work, for how many reasons, in a few words."""
    total, failing = len(found.diagnosed), found.failing
    bad = [cause for cause in found.causes if cause.verdict.rank >= INCIDENT.rank]
    if not total:
        return "No route could be tested"
    if not failing:
        well = all(one.diagnosis.verdict is Verdict.HEALTHY for one in found.diagnosed)
        return f"All {total:,} routes work" if well else "Nothing was seen to fail"
    do = "does" if failing == 1 else "do"
    why = words.plural(len(bad), "cause")
    return f"{failing:,} of {words.plural(total, 'route')} {do} not work: {why}"


def route_line(diagnosed: Diagnosed) -> str:
    """A route in one line: the host and path that it is for, and the object."""
    subject = diagnosed.subject
    if not subject.host:
        return subject.name
    return f"{subject.host}{subject.path.rstrip('/')} ({subject.route})"


def untested_routes(found: DiagnosedRoutes) -> Iterator[str]:
    """What was not tested, those with the same reason together."""
    for why, routes in grouped((one.why, one.route) for one in found.untested).items():
        yield f"{listed(routes, UNTESTED)}: {why}"


def by_objects(diagnosis: Diagnosis) -> str:
    """What the health checks say of the route's objects; empty where they are well."""
    fault = diagnosis.by_objects
    return f"{fault.verdict} {fault.reason}. {fault.message}".strip() if fault else ""


def method(diagnosis: Diagnosis) -> str:
    """By what it was tested, or why by nothing."""
    because = f": {diagnosis.unasked}" if diagnosis.unasked else ""
    return diagnosis.prober or f"nothing{because}"


def evidence(diagnosis: Diagnosis) -> Sequence[Seen]:
    """What the verdict rests on first: what failed, then what was seen from the same places."""
    failed = {_place(row) for row in diagnosis.evidence if row.bears and not well(row)}
    return sorted(
        diagnosis.evidence, key=lambda row: (not row.bears, well(row), _place(row) not in failed)
    )


def well(row: Seen) -> bool:
    """Whether it went well."""
    return row.result.startswith("ok")


def _place(row: Seen) -> str:
    return row.what.partition(" -> ")[0]


def grid(matrix: Matrix, width: int = 10_000) -> Iterator[str]:
    """Lines of equal columns: a row a source, a column a target by its number.

    What is wider than `width` comes in blocks of columns, one below the other.
    """
    cells = by_pair(matrix)
    columns = {name: str(number) for number, name in enumerate(tested_nodes(matrix), 1)}
    names, most = tuple(columns), max(1, (width - NAME - 4) // CELL)
    for block in (names[begin : begin + most] for begin in range(0, len(names), most)):
        yield " " * (NAME + 4) + "".join(f"{columns[name]:>{CELL}}" for name in block)
        for name, number in columns.items():
            row = "".join(f"{_cell((name, other), cells, matrix):>{CELL}}" for other in block)
            yield f"{number:>3} {words.line(name, NAME):<{NAME}}{row}"


def tested_nodes(matrix: Matrix) -> tuple[str, ...]:
    """The nodes from or to which something was to be tried, in their order."""
    pairs = (*matrix.wanted, *(cell.pair for cell in matrix.cells))
    named = {name for pair in pairs for name in pair} | {name for name, _ in matrix.unseen}
    return tuple(name for name in matrix.nodes if name in named)


def letters(cells: Sequence[Cell]) -> str:
    """What does not get through, a letter a test; small where it does at times."""
    bad = [cell for cell in cells if not cell.ok]
    return "".join(LETTER[cell.test].lower() if cell.well else LETTER[cell.test] for cell in bad)


def headline(matrix: Matrix) -> str:
    """How many nodes, and the round trips between them."""
    times = sorted(c.took for c in matrix.cells if c.test is By.POD and c.took is not None)
    nodes = words.plural(len(tested_nodes(matrix) or matrix.nodes), "node")
    if not times:
        return nodes
    least, middle, most = times[0], times[len(times) // 2], times[-1]
    return f"{nodes}, round trips of {least:.1f} to {most:.1f} ms, the middle one {middle:.1f} ms"


def unseen(matrix: Matrix) -> Iterator[str]:
    """The nodes of which something was not seen, and why; the tests that were not made."""
    for node, why in matrix.unseen:
        yield f"{node}: {why}"
    for test, count in matrix.untested.items():
        yield f"{test}: not tested for {words.plural(count, 'pair')}"
    if matrix.without_dns:
        yield f"{By.DNS}: not tested from {', '.join(matrix.without_dns)}"


def by_pair(matrix: Matrix) -> dict[Pair, list[Cell]]:
    """The cells of each pair."""
    return grouped((cell.pair, cell) for cell in matrix.cells)


def expected(pair: Pair, matrix: Matrix) -> bool:
    """Whether something was to be tried there: above fifty nodes most pairs are not."""
    return not matrix.wanted or pair in matrix.wanted


def _cell(pair: Pair, cells: dict[Pair, list[Cell]], matrix: Matrix) -> str:
    if pair[0] == pair[1]:
        return "·"
    tests = cells.get(pair)
    if not tests:
        return "?" if expected(pair, matrix) else ""
    if all(cell.ok for cell in tests):
        took = next((cell.took for cell in tests if cell.test is By.POD and cell.took), 0.0)
        return f"{took:.0f}" if took >= 1 else "<1"
    return letters(tests)


def steps(result: RequestResult) -> Iterator[tuple[str, str]]:
    """Each part of a tested request, and how it ended."""
    if result.dns:
        addresses = f": {', '.join(result.addresses)}" if result.addresses else ""
        yield "DNS", f"{_ended(result.dns)}{addresses}"
    for attempt in result.attempts:
        for step in attempt.steps:
            yield f"{step.leg} {attempt.address}", _ended(step)
        if attempt.status:
            backend = f", from {attempt.backend}" if attempt.backend else ""
            yield f"answer {attempt.address}", f"HTTP {attempt.status}{backend}"


def _ended(step: RequestStep) -> str:
    took = f" in {step.took:.1f} ms" if step.took is not None else ""
    return f"{outcome(step)}{took}"
