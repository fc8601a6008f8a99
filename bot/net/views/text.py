"""The words of a diagnosis, a matrix and a tested request that chat and terminal share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bot.domain.grouping import grouped
from bot.domain.sentences import listed
from bot.domain.verdict import INCIDENT, Verdict
from bot.net.diagnosis.all_routes import DiagnosedRoutes
from bot.net.diagnosis.diagnosis import (
    Confidence,
    Diagnosed,
    Diagnosis,
    Effect,
    Row,
    Seen,
)
from bot.net.mesh.matrix import By, Cell, Matrix, Pair, findings
from bot.net.request.result import (
    FIRST_BAD,
    Attempt,
    Leg,
    RequestResult,
    RequestStep,
    outcome,
)
from bot.render import text as words

TITLE = {
    Row.HEALTHY: "the route works",
    Row.OVERLAY_DOWN: "the pod network is down at {where}",
    Row.ONE_WAY: "packets get lost in one direction ({where})",
    Row.NODE_ADDRESS: "{where} announces a wrong address",
    Row.NO_ROUTE: "there's no network route to the node",
    Row.MTU: "large packets get lost",
    Row.LOSS: "some packets get lost",
    Row.SLOW_PATH: "the network path is slow",
    Row.CHECKSUM_OFFLOAD: "traffic to VIPs stalls on {where}",
    Row.VIP_BROKEN: "the Service's VIP doesn't work on {where}",
    Row.KUBE_PROXY_STALE: "on {where}, kube-proxy has stopped applying changes",
    Row.REDIRECT: "a NAT rule on {where} intercepts the traffic",
    Row.POLICY: "a NetworkPolicy or firewall refuses the traffic",
    Row.SOURCE_ADDRESS: "the endpoint's node refuses Traefik's address",
    Row.STALE_ENDPOINTS: "Traefik uses old addresses",
    Row.TARGET_PORT: "the Service's targetPort is wrong",
    Row.APPLICATION: "the application doesn't respond",
    Row.NO_ENDPOINTS: "no endpoint is ready",
    Row.DNS: "DNS doesn't work on {where}",
    Row.OUTSIDE: "the Service points outside the cluster",
    Row.INCONCLUSIVE: "the test is inconclusive",
}
"""What was found, as a clause; `where` are the places at fault."""

ANYWHERE = {Row.ONE_WAY: "between two nodes", Row.REDIRECT: "Traefik's node"}
"""What a clause says where no places are known; of every other row: a node."""

BUT = "the network works, but the route doesn't"
"""The title where only the objects say that something is wrong."""

NATIVE = {
    Effect.HELPS: "nativeLB works around it",
    Effect.LOWERS: "nativeLB would only lower the failure rate",
    Effect.USELESS: "nativeLB wouldn't help",
    Effect.HARMS: "nativeLB would make it worse",
    Effect.IMPOSSIBLE: "nativeLB isn't possible here",
    Effect.ALREADY: "nativeLB is already on",
    Effect.NEEDLESS: "nativeLB isn't needed",
    Effect.UNKNOWN: "It's unclear whether nativeLB would help",
}
"""What nativeLB would do, as the beginning of a sentence."""

MATRIX_HEADS = {
    Verdict.HEALTHY: "All nodes reach each other",
    Verdict.UNKNOWN: "Not all nodes could be tested",
    Verdict.DEGRADED: "Some traffic between nodes fails",
    Verdict.FAILED: "Some nodes can't reach others",
}

LEGS = {
    Leg.DNS: "{goal}: the name can't be resolved",
    Leg.CONNECT: "Can't connect to {goal}",
    Leg.TLS: "TLS fails at {goal}",
    Leg.HTTP: "{goal} takes the connection but doesn't answer",
}
"""What did not come about, by the part of the request that failed."""

Quote = Callable[[str], str]
"""How a view writes what comes from the cluster."""

LETTER = {By.POD: "P", By.VIP: "V", By.LARGE: "L", By.UDP: "U", By.DNS: "D"}
LEGEND = (
    "From row to column: the round trip in ms if everything gets through. Otherwise what fails: P "
    "pod IP, V VIP, L large payload, U UDP (lower case: at times). ? not seen"
)
NOT_TESTED = "This doesn't test your routes: run "
"""What a healthy matrix doesn't show, before the command that does."""

UNTESTED = 5
"""Routes that were not tested and are named."""

NAME = 16
"""Characters of a node's name in the grid."""

PLACES = 3
"""Places at fault that a title names."""

CELL = 5
"""Characters of a cell."""


def general(row: Row) -> str:
    """A row's title without a place, as the beginning of a sentence."""
    return _sentence(_clause(row))


def _clause(row: Row, where: str = "") -> str:
    """What was found at these places."""
    return TITLE[row].format(where=where or ANYWHERE.get(row, "a node"))


def cause_title(diagnosis: Diagnosis) -> str:
    """The title of what several routes have in common; the places are listed next to it."""
    what = BUT if diagnosis.row is Row.HEALTHY and _broken(diagnosis) else general(diagnosis.row)
    known = diagnosis.worked_around and not _broken(diagnosis)
    return _sentence(f"{what}, but the routes work" if known else what)


def situation(diagnosis: Diagnosis, quote: Quote = str) -> str:
    """How the route is, and why: `web.example doesn't answer: a NAT rule on edge …`."""
    site, broken = quote(site_of(diagnosis)), _broken(diagnosis)
    if diagnosis.row is Row.HEALTHY:
        works = f"The route works: {site}"
        return f"{site} has a problem, but the network works" if broken else works
    what = _clause(diagnosis.row, listed(map(quote, diagnosis.places), PLACES))
    if diagnosis.worked_around and not broken:
        return f"{site} works, although {what}"
    if diagnosis.by_tests is Verdict.FAILED:
        return f"{site} doesn't answer: {what}"
    return f"{site}: {what}"


def site_of(diagnosis: Diagnosis) -> str:
    """What a reader calls it: the host and path of a route, else `namespace/name`."""
    name, _, host = diagnosis.subject.partition(" ")
    return host.rstrip("/") or name.partition("/")[2] or name or "The route"


def proof(diagnosis: Diagnosis) -> str:
    """How sure the sentence next to it is: `Cause (proven)`; empty where nothing was found."""
    if diagnosis.confidence is Confidence.NONE:
        return ""
    if diagnosis.row is Row.HEALTHY:
        return str(diagnosis.confidence).capitalize()
    return f"Cause ({diagnosis.confidence})"


def _broken(diagnosis: Diagnosis) -> bool:
    """Whether the objects say that something is wrong."""
    fault = diagnosis.by_objects
    return fault is not None and fault.verdict.rank >= INCIDENT.rank


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:]


def all_title(found: DiagnosedRoutes) -> str:
    """How many routes do not work, for how many reasons, and how many weren't tested."""
    total, failing, left = len(found.diagnosed), found.failing, len(found.untested)
    bad = [cause for cause in found.causes if cause.verdict.rank >= INCIDENT.rank]
    if not total:
        return "No route could be tested"
    if not failing:
        well = all(one.diagnosis.verdict is Verdict.HEALTHY for one in found.diagnosed)
        return _none_fails(total, left) if well else "No route failed, but not all are proven"
    fail = "fails" if failing == 1 else "fail"
    why = words.plural(len(bad), "cause")
    rest = f"; {left:,} {'wasn' if left == 1 else 'weren'}'t tested" if left else ""
    return f"{failing:,} of {words.plural(total + left, 'route')} {fail}, for {why}{rest}"


def _none_fails(total: int, left: int) -> str:
    """That all tested routes work, and whether these are all that there are."""
    if not left:
        return "The only route works" if total == 1 else f"All {total:,} routes work"
    work = "works" if total == 1 else "work"
    rest = "the other wasn't tested" if left == 1 else "the others weren't tested"
    return f"{total:,} of {total + left:,} routes {work}, {rest}"


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
    return f"{nodes}, round trips of {least:.1f} to {most:.1f} ms (median {middle:.1f} ms)"


def matrix_situation(matrix: Matrix) -> str:
    """What is broken where that is one thing, else how much works."""
    broken = findings(matrix)
    return broken[0].rstrip(".") if len(broken) == 1 else MATRIX_HEADS[matrix.verdict]


def unseen(matrix: Matrix) -> Iterator[str]:
    """The nodes of which something was not seen, and why; the tests that were not made."""
    for node, why in matrix.unseen:
        yield f"{node}: {why}"
    for test, count in matrix.untested.items():
        yield f"{test}: not tested for {words.plural(count, 'pair')} of nodes"
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


def request_situation(result: RequestResult, quote: Quote = str) -> str:
    """Whether it answers, or which part of the request failed."""
    goal = quote(result.goal)
    if result.verdict is Verdict.UNKNOWN:
        return f"{goal} couldn't be tested"
    if result.verdict is Verdict.FAILED:
        steps = [step for attempt in result.attempts for step in attempt.steps]
        bad = [step for step in (result.dns, *steps) if step and not step.ok]
        return LEGS[bad[0].leg].format(goal=goal) if bad else f"{goal} doesn't answer"
    statuses = {attempt.status for attempt in result.attempts} - {0}
    if result.verdict is Verdict.DEGRADED and len(result.attempts) > 1:
        return f"{goal} answers only at some addresses"
    what = f" with HTTP {min(statuses)}" if len(statuses) == 1 else ""
    return f"{goal} answers{what}" if statuses else f"{goal} takes the connection"


class RequestRow(NamedTuple):
    """One part of a tested request, at which address, and how it ended."""

    part: str
    address: str
    ended: str
    ok: bool = True


def steps(result: RequestResult) -> Iterator[RequestRow]:
    """Each part of a tested request, in order."""
    if result.dns:
        addresses = f": {', '.join(result.addresses)}" if result.addresses else ""
        yield RequestRow("DNS", "", f"{_ended(result.dns)}{addresses}", result.dns.ok)
    for attempt in result.attempts:
        for step in attempt.steps:
            if step.leg is Leg.HTTP and attempt.status:
                yield _answer(attempt, step)
            else:
                yield RequestRow(str(step.leg), attempt.address, _ended(step), step.ok)


def _answer(attempt: Attempt, step: RequestStep) -> RequestRow:
    backend = f" from {attempt.backend}" if attempt.backend else ""
    ended = f"status {attempt.status}{backend}{_took(step)}"
    return RequestRow("HTTP", attempt.address, ended, attempt.status < FIRST_BAD)


def _ended(step: RequestStep) -> str:
    return f"{outcome(step)}{_took(step)}"


def _took(step: RequestStep) -> str:
    return f" in {step.took:.1f} ms" if step.took is not None else ""
