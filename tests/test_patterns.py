"""No pattern takes its time, whatever text somebody writes for it."""

import re
from typing import Any

import pytest

from tests.pumping import patterns, slow


def test_no_pattern_of_the_project_takes_long_for_a_text_made_for_it() -> None:
    """Asked as the code asks it, with what it repeats written 60 and 3,000 times."""
    used = patterns()
    assert len(used) > 100
    assert {each.where: first for each in used for first in slow(each.pattern, each.method)} == {}


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (re.compile(r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.?)+"), "fullmatch"),
        (re.compile(r"(.*)*x"), "match"),
        (re.compile(rb"(?:a|a)*b"), "match"),
        (re.compile(r"x\s*(?:\s+([a-z,\s-]+))?\s*"), "fullmatch"),
        (re.compile(r"[a-z]+[a-z0-9]+[a-z0-9-]+!"), "search"),
    ],
    ids=lambda given: getattr(given, "pattern", given),
)
def test_a_pattern_that_backtracks_without_end_is_noticed(
    pattern: re.Pattern[Any], method: str
) -> None:
    """And stopped: the tests go on."""
    assert next(slow(pattern, method), "")
