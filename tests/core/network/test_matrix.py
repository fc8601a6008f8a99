"""A broken node or pair is named as that, whatever else there is."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from bot.core.network.matrix import (
    NEIGHBOURS,
    WHOLE,
    By,
    Cell,
    Matrix,
    Pair,
    cell,
    findings,
    neighbours,
)
from bot.core.network.probing import Answer, Outcome
from bot.core.verdict import Verdict

NAMES = tuple(f"node-{letter}" for letter in "abcdefgh")

counts = st.integers(3, len(NAMES))


def every(nodes: Iterable[str]) -> set[Pair]:
    names = tuple(nodes)
    return {(one, other) for one in names for other in names if one != other}


def a_matrix(count: int, bad: set[Pair], test: By = By.POD, **options: object) -> Matrix:
    """One in which that test fails for those pairs, and all others go well."""
    nodes = NAMES[:count]
    cells = [
        Cell(
            source=source,
            target=target,
            test=each,
            tries=3,
            well=0 if each is test and (source, target) in bad else 3,
            ended=Outcome.TIMEOUT if each is test and (source, target) in bad else Outcome.OK,
            took=12.0,
        )
        for source, target in sorted(every(nodes))
        for each in By
    ]
    return Matrix(nodes=nodes, cells=tuple(cells), **options)  # type: ignore[arg-type]


@given(counts, st.data())
def test_one_dead_node_is_named_as_that_node(count: int, data: st.DataObject) -> None:
    dead = data.draw(st.sampled_from(NAMES[:count]))
    bad = {pair for pair in every(NAMES[:count]) if dead in pair}
    assert findings(a_matrix(count, bad)) == (
        f"Nothing gets to or from {dead} by pod IP: timeout.",
    )


@given(counts, st.data(), st.sampled_from(By))
def test_one_direction_of_a_node_is_told_apart(count: int, data: st.DataObject, test: By) -> None:
    node = data.draw(st.sampled_from(NAMES[:count]))
    out = {pair for pair in every(NAMES[:count]) if pair[0] == node}
    assert findings(a_matrix(count, out, test)) == (
        f"Nothing gets from {node} by {test}: timeout.",
    )


@given(st.integers(4, len(NAMES)), st.data(), st.booleans())
def test_one_pair_is_named_as_that_pair(count: int, data: st.DataObject, both: bool) -> None:
    pair = data.draw(st.sampled_from(sorted(every(NAMES[:count]))))
    bad = {pair, (pair[1], pair[0])} if both else {pair}
    one, other = sorted(pair) if both else pair
    arrow = "<->" if both else "->"
    assert findings(a_matrix(count, bad)) == (f"{one} {arrow} {other} by pod IP: timeout.",)


@given(counts, st.sampled_from(By))
def test_where_nothing_gets_anywhere_no_node_is_blamed(count: int, test: By) -> None:
    found = findings(a_matrix(count, every(NAMES[:count]), test))
    assert found == (f"Nothing gets from any node to any other by {test}: timeout.",)


@given(counts, st.data(), st.sampled_from(By))
def test_every_failure_is_told(count: int, data: st.DataObject, test: By) -> None:
    """And where none is, nothing is told."""
    bad = data.draw(st.sets(st.sampled_from(sorted(every(NAMES[:count])))))
    found = " ".join(findings(a_matrix(count, bad, test)))
    assert bool(found) == bool(bad)
    if "any node" not in found:
        assert all(source in found or target in found for source, target in bad)


def test_of_two_nodes_nobody_can_tell_which_one_it_is() -> None:
    found = findings(a_matrix(2, every(NAMES[:2])))
    assert found == ("node-a <-> node-b by pod IP: timeout.",)


def test_what_was_not_seen_is_never_healthy() -> None:
    well = a_matrix(3, set())
    assert well.verdict is Verdict.HEALTHY
    assert a_matrix(3, set(), unseen=(("x", "away"),)).verdict is Verdict.UNKNOWN
    assert Matrix(nodes=("a", "b")).verdict is Verdict.UNKNOWN
    assert a_matrix(3, {("node-a", "node-b")}).verdict is Verdict.FAILED
    assert a_matrix(3, {("node-a", "node-b")}, By.LARGE).verdict is Verdict.DEGRADED


def test_a_try_that_was_never_made_is_no_success() -> None:
    made = cell("a", "b", By.POD, ())
    assert (made.ok, made.ended) == (False, Outcome.UNTRIED)


def test_a_part_of_the_tries_is_told_with_its_share() -> None:
    answers = [Answer(id="p", outcome=each) for each in (Outcome.OK, Outcome.TIMEOUT, Outcome.OK)]
    matrix = Matrix(nodes=("a", "b"), cells=(cell("a", "b", By.POD, answers),))
    assert findings(matrix) == ("a -> b by pod IP: timeout 1 of 3.",)


@given(st.integers(2, 130))
def test_many_nodes_try_a_ring_of_neighbours(count: int) -> None:
    """Each is tried by as many as it tries, so that no row and no column is left out."""
    nodes = [f"n{number}" for number in range(count)]
    tried = {node: neighbours(nodes, node) for node in nodes}
    wanted = count - 1 if count <= WHOLE else NEIGHBOURS
    assert all(len(set(each)) == wanted and node not in each for node, each in tried.items())
    assert all(sum(node in each for each in tried.values()) == wanted for node in nodes)
