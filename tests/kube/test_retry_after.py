"""How long to wait where the API server says it, whatever it says."""

import asyncio

import pytest

from bot.kube.client import LONGEST_RETRY, retry_after


@pytest.mark.parametrize(("header", "seconds"), [("0", 0), ("1", 1), ("59", 59), ("60", 60)])
def test_seconds_are_taken_as_they_are(header: str, seconds: float) -> None:
    assert retry_after(header) == seconds


@pytest.mark.parametrize("header", ["61", "3600", "999999999"])
def test_a_longer_time_is_a_minute(header: str) -> None:
    """Else one answer would keep the bot blind."""
    assert retry_after(header) == LONGEST_RETRY


@pytest.mark.parametrize(
    "header",
    [
        *("", " ", "nan", "-nan", "inf", "-inf", "Infinity", "1e400", "1e3", "1_0", "0x10"),
        *("-5", "-0", "+5", "5.5", "1,5", "1;2", "5 ", "٣", "²", "9" * 10, "9" * 5000),
        "Wed, 21 Oct 2026 07:28:00 GMT",
    ],
)
def test_anything_else_leaves_it_to_the_usual_pauses(header: str) -> None:
    assert retry_after(header) is None


async def test_no_header_makes_a_time_that_cannot_be_slept() -> None:
    """On Python 3.13 `sleep(nan)` raises ValueError, which would end a watch."""
    for header in ("nan", "-5", "0", "1e400"):
        await asyncio.wait_for(asyncio.sleep(retry_after(header) or 0), timeout=1)
