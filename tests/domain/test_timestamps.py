"""An instant is the same wherever it was written down."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.timestamps import ahead, instant

AT = datetime(2026, 11, 28, 23, 9, 44, tzinfo=UTC)


def written(at: datetime, offset: timedelta, fraction: str) -> str:
    """As Go writes a time with that many digits of a second behind the point."""
    local = at.astimezone(timezone(offset))
    zone = f"{local:%z}"
    point = f".{fraction}" if fraction else ""
    return f"{local:%Y-%m-%dT%H:%M:%S}{point}{zone[:3]}:{zone[3:]}"


@given(
    at=st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis takes bounds without a zone
    minutes=st.integers(-24 * 60 + 1, 24 * 60 - 1),
    fraction=st.text("0123456789", max_size=9),
)
def test_an_instant_is_the_same_in_any_offset_and_to_any_digit(at, minutes, fraction):
    """To the microsecond; what is finer is cut off."""
    second = at.replace(microsecond=0)
    found = instant(written(second, timedelta(minutes=minutes), fraction))
    assert found == second.replace(microsecond=int(fraction.ljust(6, "0")[:6]))
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29T00:09:44.970598011+01:00",
        "2026-11-28T23:09:44.970598Z",
        "2026-11-28t23:09:44.9705980z",
        "2026-11-28T19:39:44.970598-03:30",
        "2026-11-29T04:54:44.97059801+05:45",
        "2026-11-28T23:09:44.970598-00:00",
    ],
)
def test_what_kubelets_write_east_and_west_of_utc(text: str):
    """Nanoseconds without the zeros at the end, and whole hours or less."""
    assert instant(text) == AT.replace(microsecond=970598)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-28T23:09:44",
        "2026-11-28",
        "20261128T230944Z",
        "2026-W48-6T23:09:44Z",
        "2026-11-28T23:09:44.Z",
        "2026-11-28T23:09:44.0123456789Z",
        "2026-11-28T23:09:44,5Z",
        "2026-11-28T23:09:44+0100",
        "2026-11-28T23:09:44+01:00:30",
        "2026-11-28T23:09:44+24:00",
        "2026-11-28T23:09:60Z",
        "2026-02-29T23:09:44Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-11-28T23:09:44Z",
        "2026-11-28T23:09:44Z\n",
    ],
)
def test_what_is_no_instant_is_none(text: str):
    """Without a zone, in another form, or at a time that there is not."""
    assert instant(text) is None


@given(st.one_of(st.text(max_size=60), st.text("0123456789-+:.TZtz", max_size=40)))
def test_any_text_is_read_or_none(text: str):
    """A log is somebody else's words."""
    found = instant(text)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    "date",
    [
        *(None, "", "nan", "120", "Mon, 1 Jan 2026 99:00:00 GMT", "Mon, 1 Jan 2026 00:00:00 -9999"),
        *("Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", "1 Oct 2999999026 7:2", "9" * 5000),
        *("Mon, 1 Jan 2026 00:00:00 +99999999999", "(" * 5000, "\ud800", "Mon, 1 Jan 2026 00:00"),
    ],
)
def test_a_date_that_is_none_says_nothing_of_the_clocks(date: str | None) -> None:
    assert ahead(AT, AT, date) is None
