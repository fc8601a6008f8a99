"""Sentences of several hands do not run into each other."""

import pytest

from bot.domain.sentences import sentences


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (
            ('exec: "wget": not found', "No wget can be run."),
            'exec: "wget": not found. No wget can be run.',
        ),
        (("It stands.", "So does this"), "It stands. So does this."),
        (("", "  ", "Alone \n"), "Alone."),
        (("Really?", "Yes!", "And…"), "Really? Yes! And…"),
        ((), ""),
    ],
)
def test_each_text_ends_with_a_stop(texts: tuple[str, ...], joined: str) -> None:
    assert sentences(*texts) == joined
