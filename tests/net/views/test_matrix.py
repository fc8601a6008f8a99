"""A matrix is shown whatever the nodes are called."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.charts.spec import Sign, Undrawn
from bot.net.mesh.matrix import By, Cell, Matrix
from bot.net.probing.protocol import Outcome
from bot.net.views import chart as heat_map
from bot.net.views import discord as net_cards
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.net.views import text as net_text
from tests.health.views.test_discord import texts
from tests.json_schema import validate
from tests.render.discord_markdown import read
from tests.render.strategies import hostile

cells = st.builds(
    Cell,
    source=hostile,
    target=hostile,
    test=st.sampled_from(By),
    tries=st.integers(0, 5),
    well=st.integers(0, 5),
    ended=st.sampled_from(Outcome),
    took=st.none() | st.floats(0, 9000),
)
matrices = st.builds(
    Matrix,
    nodes=st.lists(hostile, max_size=12, unique=True).map(tuple),
    wanted=st.frozensets(st.tuples(hostile, hostile), max_size=6),
    cells=st.lists(cells, max_size=10).map(tuple),
    dns=st.lists(cells, max_size=3).map(tuple),
    unseen=st.lists(st.tuples(hostile, hostile), max_size=4).map(tuple),
    prober=hostile,
)


@given(matrices)
def test_a_card_keeps_within_the_limits_and_mentions_nobody(each: Matrix) -> None:
    made = net_cards.matrix(each)
    parts = texts(made)
    assert sum(map(len, parts)) <= 4000
    whole = "\n".join(text for text in parts if not text.startswith("```"))
    assert not {"mention", "link"} & set(read(whole).live)
    assert "\x1b" not in net_terminal.matrix_text(each)


@given(matrices)
def test_json_is_what_its_schema_says(each: Matrix) -> None:
    validate(json.loads(net_json.matrix(each)), net_json.schema(net_json.MATRIX))


@given(matrices, st.sampled_from([None, b"PNG", Undrawn("It failed.")]))
def test_a_picture_has_its_words_and_a_place_for_every_node(
    each: Matrix, drawn: bytes | Undrawn | None
) -> None:
    made = net_cards.matrix(each, drawn)
    assert sum(map(len, texts(made))) <= 4000
    drawing = heat_map.heat_map(each)
    assert all(len(row) == len(drawing.names) == len(drawing.rows) for row in drawing.rows)
    assert all(drawing.names)
    assert 0 < len(heat_map.alt(each)) <= 1024


def test_the_one_broken_pair_of_the_headline_has_no_sequence_of_the_terminal() -> None:
    cell = Cell(source="a", target="\x1b[31mb", test=By.POD, tries=3, well=0)
    assert "\x1b" not in net_terminal.matrix_text(Matrix(nodes=("a", cell.target), cells=(cell,)))


def test_each_way_to_fail_has_a_sign_of_its_own() -> None:
    nodes = ("a", "b", "c", "d")

    def one(target: str, test: By, well: int) -> Cell:
        return Cell(source="a", target=target, test=test, tries=3, well=well, took=20.0)

    cells = [one(target, By.POD, well) for target, well in (("b", 3), ("c", 3), ("d", 0))]
    cells.append(one("c", By.LARGE, 0))
    wanted = frozenset({("a", "b"), ("a", "c"), ("a", "d"), ("b", "a")})
    rows = heat_map.heat_map(Matrix(nodes=nodes, cells=tuple(cells), wanted=wanted)).rows
    assert [tile.sign for tile in rows[0]] == [Sign.SELF, Sign.WELL, Sign.SOME, Sign.NONE]
    assert rows[0][2].note == "L"
    assert [tile.sign for tile in rows[1]] == [Sign.UNSEEN, Sign.SELF, Sign.UNTRIED, Sign.UNTRIED]


def test_the_round_trips_are_told_in_a_line() -> None:
    cells = [
        Cell(source="a", target=target, test=By.POD, tries=3, well=3, took=took)
        for target, took in (("b", 10.0), ("c", 20.0), ("d", 300.0))
    ]
    found = net_text.headline(Matrix(nodes=("a", "b", "c", "d"), cells=tuple(cells)))
    assert found == "4 nodes, round trips of 10.0 to 300.0 ms (median 20.0 ms)"
    assert net_text.headline(Matrix(nodes=("a",))) == "1 node"


def test_of_too_many_nodes_those_with_failures_are_drawn() -> None:
    nodes = tuple(f"n{number}" for number in range(heat_map.MOST + 1))
    cells = [
        Cell(source=one, target=other, test=By.POD, tries=3, well=3 * (one != "n7"), took=1.0)
        for one, other in pairwise(nodes)
    ]
    drawn = heat_map.heat_map(Matrix(nodes=nodes, cells=tuple(cells)))
    assert drawn.names == ("n7", "n8")
    assert f"2 of {len(nodes)} nodes" in drawn.subtitle


def test_the_grid_says_what_failed_by_letters_that_need_no_colour() -> None:
    def one(test: By, well: int, took: float | None = 16.2) -> Cell:
        return Cell(source="a", target="b", test=test, tries=3, well=well, took=took)

    nodes = ("a", "b")
    cells = (one(By.POD, 3), one(By.LARGE, 0), one(By.UDP, 2))
    _, row_a, row_b = net_text.grid(Matrix(nodes=nodes, cells=cells))
    assert row_a.split() == ["1", "a", "·", "Lu"]
    assert row_b.split() == ["2", "b", "?", "·"]
    many = tuple(f"n{number}" for number in range(30))
    wide = Matrix(nodes=many, unseen=tuple((node, "away") for node in many))
    lines = list(net_text.grid(wide, 80))
    assert len(lines) == 3 * (1 + 30)
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].split() == [str(number) for number in range(1, 13)]
    well = Matrix(nodes=nodes, cells=(one(By.POD, 3),))
    assert list(net_text.grid(well))[1].split() == ["1", "a", "·", "16"]
