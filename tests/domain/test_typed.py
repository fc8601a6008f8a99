"""What a person types is read as it is meant, or not at all."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.typed import CONSIDERED, SHOWN, close_to, duration, holding, unknown


def test_every_word_has_to_be_in_a_name() -> None:
    """In any order and case, and no more names than are asked for."""
    names = ("node/edge", "pod/apps/Web-1", "pod/apps/web-2")
    assert holding("WEB apps", names, 25) == names[1:]
    assert holding("", names, 1) == names[:1]
    assert holding("web edge", names, 25) == ()


@pytest.mark.parametrize(
    ("typed", "length"),
    [
        ("90s", timedelta(seconds=90)),
        (" 2 H ", timedelta(hours=2)),
        ("1w", timedelta(weeks=1)),
        ("0m", timedelta()),
    ],
)
def test_a_length_of_time_is_a_number_and_a_unit(typed: str, length: timedelta) -> None:
    assert duration(typed, "smhdw") == length


@pytest.mark.parametrize("typed", ["", "h", "4", "-4h", "1.5h", "1h30m", "4 hours", "1234567s"])
def test_other_texts_are_no_length_of_time(typed: str) -> None:
    assert duration(typed, "smhdw") is None


def test_only_the_units_that_are_offered_count() -> None:
    assert duration("4w", "smhd") is None


@given(st.text(max_size=40))
def test_any_text_is_taken(typed: str) -> None:
    duration(typed, "smhdw")


NAMESPACES = ("default", "home", "media", "monitoring", "productivity", "kube-system", "traefik")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("medai", "No namespace `medai`. Did you mean `media`?"),
        (" MEDIA ", "No namespace `MEDIA`. Did you mean `media`?"),
        ("monitor", "No namespace `monitor`. Did you mean `monitoring`?"),
        (
            "doesnotexist",
            "No namespace `doesnotexist`. "
            "Known: `default`, `home`, `media`, `monitoring`, `productivity` and 2 more.",
        ),
        (
            "",
            "No namespace without a name. "
            "Known: `default`, `home`, `media`, `monitoring`, `productivity` and 2 more.",
        ),
    ],
)
def test_a_wrong_name_gets_a_choice(typed: str, said: str) -> None:
    assert unknown("namespace", typed, NAMESPACES) == said


def test_several_names_may_be_meant() -> None:
    names = ("web-1", "web-2", "web-3", "web-4")
    assert unknown("node", "web-5", names).endswith("Did you mean `web-4`, `web-3` or `web-2`?")


def test_nothing_is_offered_where_nothing_is_known() -> None:
    assert unknown("change", "x", ()) == "No change `x`."


def test_wrong_names_are_cheap() -> None:
    """As many names as may be, as long and as alike as they may be: the bot does nothing else."""
    names = [f"{'ab' * (SHOWN // 2 - 5)}{number:06}" for number in range(2 * CONSIDERED)]
    began = time.process_time()
    assert close_to("ba" * SHOWN, names)
    assert time.process_time() - began < 2


@given(st.text(max_size=300), st.lists(st.text(max_size=120), max_size=12))
def test_only_names_that_are_there_are_offered(typed: str, names: list[str]) -> None:
    """Whatever they are: what renders a sentence makes them safe."""
    assert set(close_to(typed, names)) <= set(names)
    assert len(unknown("node", typed, names)) < 900
