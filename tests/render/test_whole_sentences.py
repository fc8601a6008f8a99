"""A text that is too long ends with whole sentences, and says how many are left out."""

from hypothesis import given
from hypothesis import strategies as st

from bot.render import text as words
from tests.render.strategies import hostile


@given(st.lists(hostile, max_size=30), st.integers(100, 400))
def test_what_fits_is_whole_and_the_rest_is_counted(sentences: list[str], most: int) -> None:
    shown = words.whole("First.", sentences, "line", most)
    assert len(shown) <= most
    assert shown.startswith("First.")
    if not shown.endswith((" more line.", " more lines.")):
        assert all(words.line(sentence, most) in shown for sentence in sentences)


def test_no_sentence_is_cut_in_the_middle() -> None:
    shown = words.whole("Timeline.", (f"Lane {number} failed." for number in range(9)), "line", 70)
    assert shown == "Timeline. Lane 0 failed. Lane 1 failed. And 7 more lines."
