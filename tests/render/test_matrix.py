"""A matrix is shown whatever the nodes are called."""

import json

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from bot.core.network.matrix import By, Cell, Matrix
from bot.core.network.probing import Outcome
from bot.render import discord_matrix, json_matrix, terminal_matrix
from bot.render import matrix as told
from tests.render.strategies import hostile
from tests.render.test_diagnosis import texts_of

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
    cells=st.lists(cells, max_size=10).map(tuple),
    dns=st.lists(cells, max_size=3).map(tuple),
    unseen=st.lists(st.tuples(hostile, hostile), max_size=4).map(tuple),
    prober=hostile,
)


@given(matrices)
def test_a_card_keeps_within_the_limits_and_mentions_nobody(each: Matrix) -> None:
    made = discord_matrix.matrix(each)
    texts = texts_of(made)
    assert sum(map(len, texts)) <= 4000
    whole = "\n".join(text for text in texts if not text.startswith("```"))
    outside = "".join(whole.split("`")[::2])
    assert "@everyone" not in outside
    assert "<@1" not in outside
    assert "\x1b" not in terminal_matrix.text(each)


@given(matrices)
def test_json_is_what_its_schema_says(each: Matrix) -> None:
    jsonschema.validate(json.loads(json_matrix.matrix(each)), json_matrix.schema())


def test_the_grid_says_what_failed_by_letters_that_need_no_colour() -> None:
    def one(test: By, well: int, took: float | None = 16.2) -> Cell:
        return Cell(source="a", target="b", test=test, tries=3, well=well, took=took)

    nodes = ("a", "b")
    cells = (one(By.POD, 3), one(By.LARGE, 0), one(By.UDP, 2))
    _, row_a, row_b = told.grid(Matrix(nodes=nodes, cells=cells))
    assert row_a.split() == ["1", "a", "·", "Lu"]
    assert row_b.split() == ["2", "b", "?", "·"]
    well = Matrix(nodes=nodes, cells=(one(By.POD, 3),))
    assert list(told.grid(well))[1].split() == ["1", "a", "·", "16"]
