"""Cron's five fields: read as crontab(5) says, or refused with what is wrong."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.digest.domain.schedule import OFTEN, Timetable, due, following, timetable
from bot.domain.refusal import Refusal
from tests.examples import examples

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def dates(text: str, begin: date, count: int) -> list[date]:
    """The next dates that have a slot."""
    table = timetable(text)
    assert isinstance(table, Timetable), table
    now, found = datetime(begin.year, begin.month, begin.day, tzinfo=UTC), []
    for _ in range(count):
        slot = following(table, UTC_ZONE, now)
        found.append(slot.day)
        now = slot.at
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0 8 1 * *", ["2026-02-01", "2026-03-01", "2026-04-01"]),
        ("0 8 * * mon", ["2026-01-19", "2026-01-26", "2026-02-02"]),
        ("0 8 * * 0", ["2026-01-18", "2026-01-25", "2026-02-01"]),
        ("0 8 * * 7", ["2026-01-18", "2026-01-25", "2026-02-01"]),
        ("0 8 31 * *", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("0 8 29 feb *", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("0 8 1 1-12/3 *", ["2026-04-01", "2026-07-01", "2026-10-01"]),
        ("0 8 13 * fri", ["2026-01-16", "2026-01-23", "2026-01-30"]),
        ("0 8 */15 * *", ["2026-01-16", "2026-01-31", "2026-02-01"]),
    ],
)
def test_the_dates_are_those_of_cron(text: str, wanted: list[str]) -> None:
    """Sunday is 0 and 7; a date and a weekday together: either is enough."""
    assert dates(text, date(2026, 1, 15), 3) == [date.fromisoformat(each) for each in wanted]


@pytest.mark.parametrize("text", ["*/5 8 * * *", "0 * * * *", "0 8,20 * * *", "0-5 8 * * *"])
def test_what_fires_several_times_a_day_is_refused_with_that_reason(text: str) -> None:
    assert timetable(text) == Refusal(OFTEN)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("60 8 * * *", "The minute is 0 to 59."),
        ("0 24 * * *", "The hour is 0 to 23."),
        ("0 8 0 * *", "'0' is not a day of the month"),
        ("0 8 32 * *", "'32' is not a day of the month"),
        ("0 8 * 13 *", "'13' is not a month"),
        ("0 8 * * 8", "'8' is not a day of the week"),
        ("0 8 * * fri-mon", "'fri-mon' is not a day of the week"),
        ("0 8 L * *", "'l' is not a day of the month"),
        ("0 8 */0 * *", "'*/0' is not a day of the month"),
        ("0 8 30 feb *", "None of these months has that day."),
        ("x 8 * * *", "'x' is not a minute"),
        ("0 8 * *", "Write a time such as"),
        ("@monthly", "Write a time such as"),
    ],
)
def test_a_bad_expression_is_refused_by_what_is_wrong_in_it(text: str, why: str) -> None:
    found = timetable(text)
    assert isinstance(found, Refusal)
    assert why in found.detail


DATES = st.sampled_from(["*", "1", "15", "1,15", "28-31", "*/10", "5-20/5"])
MONTHS = st.sampled_from(["*", "1", "2", "jan,jul", "3-9", "*/4"])


@settings(max_examples=examples(40))
@given(DATES, MONTHS, st.integers(0, 400))
def test_an_independent_reading_finds_the_same_dates(dates_: str, months: str, ahead: int) -> None:
    """APScheduler's; weekdays are left out, which it counts from Monday."""
    text = f"30 9 {dates_} {months} *"
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=ahead)
    table = timetable(text)
    assert isinstance(table, Timetable)
    other = CronTrigger.from_crontab(text, timezone=BERLIN)
    assert following(table, BERLIN, begin).at == other.get_next_fire_time(None, begin)


def test_a_monthly_digest_that_was_missed_for_weeks_is_owed() -> None:
    """And only its latest slot."""
    table = timetable("0 8 1 * *")
    assert isinstance(table, Timetable)
    now = datetime(2026, 4, 20, 12, tzinfo=UTC)
    slot = due(table, BERLIN, now, began=LONG_AGO, done=())
    assert slot is not None
    assert slot.day == date(2026, 4, 1)
    assert due(table, BERLIN, now, began=LONG_AGO, done={slot.day}) is None


@given(st.text(alphabet="0123456789*/,-jan frisuL?#", max_size=25))
def test_any_five_fields_are_read_or_refused(text: str) -> None:
    """What is read has a next time, and says itself so that it is read again."""
    found = timetable(text)
    if isinstance(found, Timetable):
        assert following(found, BERLIN, LONG_AGO).at > LONG_AGO
        assert timetable(str(found)) == found
