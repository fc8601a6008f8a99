"""Whether this machine's clock can be trusted: ages, graces and expiries are judged by it."""

from __future__ import annotations

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
