"""What a person types is read as it is meant, or not at all."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.typed import duration, holding


def test_every_word_has_to_be_in_a_name() -> None:
    """In any order and case, and no more names than are asked for."""
    names = ("node/edge", "pod/apps/Web-1", "pod/apps/web-2")
    assert holding("WEB apps", names, 25) == names[1:]
    assert holding("", names, 1) == names[:1]
    assert holding("web edge", names, 25) == ()


@pytest.mark.parametrize(
    ("typed", "time"),
    [
        ("90s", timedelta(seconds=90)),
        (" 2 H ", timedelta(hours=2)),
        ("1w", timedelta(weeks=1)),
        ("0m", timedelta()),
    ],
)
def test_a_length_of_time_is_a_number_and_a_unit(typed: str, time: timedelta) -> None:
    assert duration(typed, "smhdw") == time


@pytest.mark.parametrize("typed", ["", "h", "4", "-4h", "1.5h", "1h30m", "4 hours", "1234567s"])
def test_other_texts_are_no_length_of_time(typed: str) -> None:
    assert duration(typed, "smhdw") is None


def test_only_the_units_that_are_offered_count() -> None:
    assert duration("4w", "smhd") is None


@given(st.text(max_size=40))
def test_any_text_is_taken(typed: str) -> None:
    duration(typed, "smhdw")
