"""An excerpt has whole sentences, or the end of a chain of errors, which is its cause."""

from hypothesis import given
from hypothesis import strategies as st

from bot.render.excerpt import excerpt
from tests.render.strategies import hostile


def test_whole_sentences_are_shown_as_far_as_they_fit() -> None:
    assert excerpt("It waits for a volume. Create one. " + "And more. " * 20, 40) == (
        "It waits for a volume. Create one."
    )


def test_of_a_chain_of_errors_the_cause_is_shown() -> None:
    chain = "failed to checkout: " + "x" * 100 + ": ssh: handshake failed"
    assert excerpt(chain, 60) == "ssh: handshake failed"


def test_a_short_text_is_whole() -> None:
    assert excerpt("Ready is False.", 40) == "Ready is False."


@given(hostile, st.integers(20, 400))
def test_an_excerpt_of_anything_fits(text: str, most: int) -> None:
    assert len(excerpt(text, most)) <= most
