"""Whether this machine's clock can be trusted: ages, graces and expiries are judged by it."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from bot.doctor.domain.examination import Area, Examination, Outcome

FINE = 5.0
"""Seconds: a Date header has whole seconds, and the way there takes some."""

WRONG = 60.0
FIX = "Let the node keep its time by NTP: `timedatectl` shows whether it does."


def examine(area: Area, whose: str, skew: float | None, why: str) -> Examination:
    """How far our clock is from another's; `skew` in seconds, positive where ours is ahead."""
    name = "clock"
    if skew is None:
        return Examination(area, name, Outcome.UNSEEN, why)
    ahead = "ahead of" if skew > 0 else "behind"
    if abs(skew) <= FINE:
        saw = f"Within {FINE:.0f} s of {whose}."
        return Examination(area, name, Outcome.OK, saw)
    outcome = Outcome.FAILED if abs(skew) > WRONG else Outcome.WARNING
    saw = f"This machine's clock is {abs(skew):,.0f} s {ahead} {whose}."
    return Examination(area, name, outcome, saw, FIX)


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
