"""How far our clock is from another's, by a header that it wrote."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.timestamps import ahead

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def test_a_date_header_is_compared_with_the_middle_of_the_request():
    """Half of the way there, and half of the second that the header cuts off."""
    after = NOW + timedelta(seconds=3)
    assert ahead(NOW, after, "Sat, 31 Jan 2026 12:00:01 GMT") == 0.0
    assert ahead(NOW, NOW, "Sat, 31 Jan 2026 11:58:59 GMT") == 60.5


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sat, 31 Jan 2026 12:00:01 -0000"])
def test_what_is_no_date_tells_nothing(date: str | None):
    """No header, no time, no zone."""
    assert ahead(NOW, NOW, date) is None
