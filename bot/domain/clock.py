"""Comparing this machine's clock with another's, by what that one wrote."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime


def ahead(before: datetime, after: datetime, date: str | None) -> float | None:
    """Seconds that our clock is ahead of a Date header, which was written between two of our times.

    None where the header is missing or no date. Source: RFC 9110, 6.6.1.
    """
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    if theirs.tzinfo is None:
        return None
    # The header has whole seconds, cut off: half a second later is the best guess.
    middle = before + (after - before) / 2
    return (middle - theirs).total_seconds() - 0.5
