"""Patterns of a kustomization's selectors: as Go reads them, and in no time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gitops.selector_pattern import LONGEST, may_fit
from tests.pumping import limited

pieces = st.recursive(
    st.sampled_from(["a", "b", "-", ".", ".*", "", "ab"]),
    lambda inner: (
        st.lists(inner, max_size=3).map("".join)
        | st.lists(inner, min_size=1, max_size=3).map(lambda some: f"({'|'.join(some)})")
    ),
    max_leaves=6,
)


@given(pieces | st.lists(pieces, max_size=3).map("|".join), st.text("ab-.", max_size=6))
def test_a_pattern_fits_what_a_matcher_with_backtracking_says(pattern: str, name: str) -> None:
    """Groups, alternatives and `.*`, in each other and beside each other."""
    assert may_fit(pattern, name) == bool(re.fullmatch(pattern, name))


@pytest.mark.parametrize(
    "pattern",
    ["(.*)*x", "a*x", "a+x", "a?x", "[ab]x", "^x$", r"\w", "(?i)x", "(x", "x)", ")(", "ü"],
)
def test_a_pattern_that_is_not_tried_is_taken_to_fit(pattern: str) -> None:
    """What it means is not known here, so that an edit might be undone by its patch."""
    assert may_fit(pattern, "aaaa")


def test_what_is_longer_than_any_name_is_taken_to_fit() -> None:
    """It costs nothing, and no such name is in a cluster."""
    assert may_fit("a" * (LONGEST + 1), "b")
    assert may_fit("a", "b" * (LONGEST + 1))
    assert not may_fit("a" * LONGEST, "b" * LONGEST)


@pytest.mark.parametrize("part", [".*", "(a|a)", "(.*|.*)", ".*a", "(.*|a)", "((a|a)|.*)"])
def test_no_pattern_takes_its_time(part: str) -> None:
    """A thousand times the dearest that is tried, with a name that it does not fit."""
    pattern = part * ((LONGEST - 1) // len(part)) + "x"
    with limited(2):
        assert not any(may_fit(pattern, "a" * LONGEST) for _ in range(1000))
