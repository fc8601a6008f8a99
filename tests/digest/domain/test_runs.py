"""Slots: one a date, the latest alone, never before it was set up."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.digest.domain.schedule import Timetable, due, following, timetable
from bot.domain.refusal import Refusal
from tests.examples import examples

BERLIN = ZoneInfo("Europe/Berlin")
APIA = ZoneInfo("Pacific/Apia")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ZONES = st.sampled_from(
    [ZoneInfo(each) for each in ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia")]
)
TABLES = st.builds(
    Timetable,
    st.integers(0, 23),
    st.integers(0, 59),
    st.sets(st.integers(0, 6), min_size=1).map(sorted).map(tuple),
)
CRON = st.builds(
    Timetable,
    st.integers(0, 23),
    st.integers(0, 59),
    st.sets(st.integers(0, 6), min_size=1).map(sorted).map(tuple),
    st.sets(st.integers(1, 28), max_size=4).map(sorted).map(tuple),
    st.sets(st.integers(1, 12), max_size=4).map(sorted).map(tuple),
)
FIRST = datetime(2010, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 25 * 365 * 24 * 60).map(lambda each: FIRST + timedelta(minutes=each))


@settings(max_examples=examples(50))
@given(TABLES, ZONES, MOMENTS, st.integers(1, 12))
def test_each_wanted_date_has_exactly_one_slot(table, zone, begin, days):
    """Asked hour by hour, whatever the zone does to its clocks."""
    done: set[date] = set()
    moments = []
    for hour in range(days * 24):
        now = begin + timedelta(hours=hour)
        if slot := due(table, zone, now, began=begin, done=done):
            assert begin < slot.at <= now
            assert slot.day.weekday() in table.days
            assert slot.day not in done
            done.add(slot.day)
            moments.append(slot.at)
    assert moments == sorted(moments)
    # The first and the last day may be cut; Apia left out a whole day once.
    assert abs(len(done) - sum(
        (begin + timedelta(days=day)).astimezone(zone).weekday() in table.days
        for day in range(days)
    )) <= 2  # fmt: skip


@given(st.one_of(TABLES, CRON), ZONES, MOMENTS)
@example(Timetable(8, 0), APIA, datetime(2011, 12, 29, 20, tzinfo=UTC))
@example(Timetable(8, 0, (4,)), APIA, datetime(2011, 12, 29, 20, tzinfo=UTC))
@example(Timetable(23, 30), ZoneInfo("America/Nuuk"), datetime(2026, 3, 29, 1, 10, tzinfo=UTC))
def test_the_next_slot_is_due_when_it_comes_and_not_before(table, zone, now):
    """`following` and `due` speak of the same moments."""
    slot = following(table, zone, now)
    assert slot.at > now
    assert due(table, zone, slot.at, began=now, done=()) == slot
    assert due(table, zone, slot.at - timedelta(seconds=1), began=now, done=()) is None


def test_a_time_that_does_not_exist_is_an_hour_later_and_one_that_comes_twice_is_the_first():
    """02:30 in Berlin on the two Sundays."""
    table = Timetable(2, 30)
    spring = due(table, BERLIN, datetime(2026, 3, 29, 12, tzinfo=UTC), began=LONG_AGO, done=())
    autumn = due(table, BERLIN, datetime(2026, 10, 25, 12, tzinfo=UTC), began=LONG_AGO, done=())
    assert spring is not None
    assert spring.at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert autumn is not None
    assert autumn.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_date_that_a_zone_left_out_has_no_run():
    """Samoa went from Thursday to Saturday: Friday's digest comes a week later."""
    thursday = datetime(2011, 12, 29, 20, tzinfo=UTC)
    assert following(Timetable(8, 0), APIA, thursday).day == date(2011, 12, 31)
    assert following(Timetable(8, 0, (4,)), APIA, thursday).day == date(2012, 1, 6)


def test_a_beginning_that_a_wrong_clock_wrote_does_not_silence_it():
    """Set up in 2036 by a clock that was wrong: it goes on."""
    ahead = datetime(2036, 1, 1, tzinfo=UTC)
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert due(Timetable(8, 0), BERLIN, now, began=ahead, done=())


@given(st.one_of(TABLES, CRON))
def test_what_is_shown_is_read_again(table):
    """The words of `/digest list` are those of `/digest set`."""
    assert timetable(str(table)) == table


@pytest.mark.parametrize("text", ["", "8", "24:00", "08:60", "08:00 noday", "08:00 mon-x", "8.00"])
def test_what_is_no_time_is_refused_with_an_example(text):
    """Never a guess."""
    assert isinstance(timetable(text), Refusal)


def test_spaces_around_a_time_mean_nothing() -> None:
    """However many."""
    assert timetable("  08:00   ") == timetable("08:00")
    assert timetable(" 08:00   mon-fri  ") == timetable("08:00 mon-fri")


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    """It comes from a person."""
    assert isinstance(timetable(text), Refusal | Timetable)


def test_a_range_of_days_may_go_over_the_weekend():
    """Friday to Monday."""
    assert timetable("18:00 fri-mon") == Timetable(18, 0, (0, 4, 5, 6))
