"""A broken node or pair is named as that, whatever else there is."""

from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.verdict import Verdict
from bot.net.mesh.matrix import (
    NEIGHBOURS,
    WHOLE,
    By,
    Cell,
    Matrix,
    Pair,
    cell_of,
    findings,
    in_doubt,
    neighbours,
)
from bot.net.probing.protocol import Outcome, ProbeAnswer

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


def test_a_test_that_was_not_made_of_a_pair_is_no_success() -> None:
    """Without temporary Services there is no test of the VIP: then nothing is said to be well."""
    whole = a_matrix(3, set())
    wanted = frozenset(every(whole.nodes))
    dns = tuple(
        cell_of(node, node, By.DNS, [ProbeAnswer(id="d", outcome=Outcome.OK)]) for node in NAMES
    )
    seen = msgspec.structs.replace(whole, wanted=wanted, dns=dns)
    assert seen.verdict is Verdict.HEALTHY
    few = tuple(each for each in whole.cells if each.test is not By.VIP)
    partly = msgspec.structs.replace(seen, cells=few)
    assert partly.untested == {By.VIP: 6}
    assert partly.verdict is Verdict.UNKNOWN
    blind = msgspec.structs.replace(seen, dns=dns[1:])
    assert blind.without_dns == ("node-a",)
    assert blind.verdict is Verdict.UNKNOWN


def test_what_a_node_that_took_no_part_could_not_try_is_told_once() -> None:
    gone = Matrix(nodes=NAMES[:2], wanted=frozenset(every(NAMES[:2])), unseen=(("node-a", "off"),))
    assert gone.untested == {}
    assert gone.without_dns == ("node-b",)


def test_a_try_that_was_never_made_is_no_success() -> None:
    made = cell_of("a", "b", By.POD, ())
    assert (made.ok, made.ended) == (False, Outcome.UNTRIED)


def test_a_part_of_the_tries_is_told_with_its_share() -> None:
    answers = [
        ProbeAnswer(id="p", outcome=each) for each in (Outcome.OK, Outcome.TIMEOUT, Outcome.OK)
    ]
    matrix = Matrix(nodes=("a", "b"), cells=(cell_of("a", "b", By.POD, answers),))
    assert findings(matrix) == ("a -> b by pod IP: timeout 1 of 3.",)


@given(st.integers(2, 130))
def test_many_nodes_try_a_ring_of_neighbours(count: int) -> None:
    """Each is tried by as many as it tries, so that no row and no column is left out."""
    nodes = [f"n{number}" for number in range(count)]
    tried = {node: neighbours(nodes, node) for node in nodes}
    wanted = count - 1 if count <= WHOLE else NEIGHBOURS
    assert all(len(set(each)) == wanted and node not in each for node, each in tried.items())
    assert all(sum(node in each for each in tried.values()) == wanted for node in nodes)


def ended(source: str, target: str, outcome: Outcome, test: By = By.POD) -> Cell:
    well = outcome is Outcome.OK
    return Cell(source=source, target=target, test=test, tries=1, well=int(well), ended=outcome)


@given(counts, st.data())
def test_a_dead_node_is_waited_for_no_longer(count: int, data: st.DataObject) -> None:
    """Whatever else is slow; and of a pair between the living that was late, more is asked."""
    nodes = NAMES[:count]
    dead = data.draw(st.sampled_from(nodes))
    alive = every(set(nodes) - {dead})
    slow = data.draw(st.sets(st.sampled_from(sorted(alive)))) if alive else set()
    late = {pair for pair in every(nodes) if dead in pair} | slow
    cells = [ended(*pair, Outcome.TIMEOUT if pair in late else Outcome.OK) for pair in every(nodes)]
    doubt = in_doubt(cells)
    assert not any(dead in pair for pair in doubt)
    assert doubt == {pair for pair in slow if not _alone(pair, alive - slow)}


def _alone(pair: Pair, reached: set[Pair]) -> bool:
    return any(all(node not in other for other in reached) for node in pair)


def test_of_two_nodes_nobody_can_tell_so_both_get_time() -> None:
    cells = [ended("a", "b", Outcome.TIMEOUT), ended("b", "a", Outcome.TIMEOUT)]
    assert in_doubt(cells) == {("a", "b"), ("b", "a")}


def test_what_was_refused_at_once_is_not_asked_again() -> None:
    cells = [ended("a", "b", Outcome.REFUSED), ended("b", "a", Outcome.OK)]
    assert in_doubt(cells) == frozenset()


def test_large_payloads_that_stall_get_time() -> None:
    cells = [ended("a", "b", Outcome.OK), ended("a", "b", Outcome.STALLED, By.LARGE)]
    assert in_doubt(cells) == {("a", "b")}


def test_a_new_vip_that_never_answered_says_how_long_it_had() -> None:
    refused = ProbeAnswer(id="v", outcome=Outcome.REFUSED, connected=0.1, unsettled=True)
    seen = cell_of("node-a", "node-b", By.VIP, [refused] * 3)
    matrix = Matrix(nodes=NAMES[:2], cells=(seen,))
    assert findings(matrix) == (
        "node-a -> node-b by VIP: refused, still 3 s after it was created.",
    )
