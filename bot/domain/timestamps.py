"""Times that others wrote: timestamps of log lines, Date headers of answers, Go's durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
"""A time with its zone. A kubelet and a container runtime write up to nanoseconds, in Go's
RFC3339Nano: without the zeros at the end, and with the offset of the node."""


def instant(text: str) -> datetime | None:
    """The instant in UTC, to its microsecond; None for anything but an RFC 3339 time."""
    if RFC3339.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def ahead(before: datetime, after: datetime, date: str | None) -> float | None:
    """Seconds by which this clock is ahead of the one that wrote a Date header.

    `before` and `after` are this clock's times of the request and of its answer. None where the
    header is missing or invalid. Source: RFC 9110, 6.6.1.
    """
    try:
        theirs = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):
        return None
    if theirs.tzinfo is None:
        return None
    # The header has whole seconds, cut off: half a second later is the best guess.
    middle = before + (after - before) / 2
    return (middle - theirs).total_seconds() - 0.5


UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
LONGEST = timedelta(days=292 * 365)
DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s|us|µs|ns)")


def go_duration(text: str) -> timedelta | None:
    """A Go duration such as `1h` or `1m30s`; None for zero and for anything else.

    Go counts nanoseconds in 64 bits: what is longer than that is taken for the longest.
    """
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    try:
        length = timedelta(seconds=sum(float(number) * UNITS[unit] for number, unit in parts))
    except OverflowError:
        return None
    return min(length, LONGEST) or None
