"""Patterns of Go: what a long one costs."""

import time

from bot.routing.go_regexp import MOST_CHARACTERS, why_invalid


def test_a_pattern_is_read_in_linear_time_and_a_very_long_one_not_at_all() -> None:
    """The reading of classes used to be quadratic; a pattern of that length says nothing."""
    begin = time.process_time()
    longest = "[[:" + "[:" * (MOST_CHARACTERS // 2 - 2)
    assert why_invalid(longest) == "a [ is not closed"
    assert why_invalid("[[:" + "[:" * 50_000) == ""
    assert time.process_time() - begin < 1


def test_a_class_by_name_is_still_known_or_refused() -> None:
    """Also where another one follows."""
    assert why_invalid("[[:alpha:]]+[[:digit:]]") == ""
    assert why_invalid("[[:alpha:]]+[[:digits:]]").startswith("Go does not know the class")
    assert why_invalid("[[:]a") == ""
