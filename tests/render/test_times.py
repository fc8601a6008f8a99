"""Lengths of time are said as people say them, and written in tables as kubectl writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.text import age, duration, short_age

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(seconds=90), "1 min"),
        (timedelta(minutes=22, seconds=40), "22 min"),
        (timedelta(hours=1, minutes=30), "1 h 30 min"),
        (timedelta(hours=7, minutes=50), "7 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1, hours=1), "1 day 1 h"),
        (timedelta(days=2, hours=4, minutes=9), "2 days 4 h"),
        (timedelta(days=3, hours=23), "3 days"),
        (timedelta(days=1900), "1,900 days"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_a_duration_has_a_second_unit_only_where_it_matters(time: timedelta, said: str) -> None:
    assert duration(time) == duration(time.total_seconds()) == age(NOW - time, NOW) == said


@pytest.mark.parametrize(
    ("time", "written"),
    [
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(minutes=9, seconds=5), "9m5s"),
        (timedelta(minutes=179), "179m"),
        (timedelta(hours=3), "3h"),
        (timedelta(hours=7, minutes=59), "7h59m"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=3, hours=4), "3d4h"),
        (timedelta(days=8, hours=4), "8d"),
        (timedelta(days=729), "729d"),
        (timedelta(days=800), "2y70d"),
        (timedelta(days=4000), "10y"),
    ],
)
def test_an_age_in_a_table_is_kubectls(time: timedelta, written: str) -> None:
    assert short_age(NOW - time, NOW) == written


def test_an_age_that_is_not_known_is_empty() -> None:
    assert age(None, NOW) == short_age(None, NOW) == ""


@given(st.timedeltas(timedelta(-1), timedelta(days=9000)))
def test_an_age_in_a_table_is_short_and_one_word(time: timedelta) -> None:
    written = short_age(NOW - time, NOW)
    assert written
    assert len(written) <= 6
    assert " " not in written
