"""Whether this machine's clock can be trusted: ages, graces and expiries depend on it."""

from __future__ import annotations

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic

FINE = 5.0
"""Seconds: a Date header has whole seconds, and the way there takes some."""

WRONG = 60.0
FIX = "Let the node set its clock by NTP: `timedatectl` shows whether it does."


def examine(area: Area, whose: str, skew: float | None, why: str) -> Diagnostic:
    """Compare our clock with another.

    skew: Seconds, positive where ours is ahead; None where unknown, and then `why` says why.
    """
    topic = Topic(area, "clock")
    if skew is None:
        return topic.unobserved(why)
    if abs(skew) <= FINE:
        return topic.ok(f"Within {FINE:.0f} s of {whose}.")
    ahead = "ahead of" if skew > 0 else "behind"
    answer = topic.failed if abs(skew) > WRONG else topic.warning
    return answer(f"This machine's clock is {abs(skew):,.0f} s {ahead} {whose}.", FIX)
