"""The one scale of health that every part of meshmedic uses."""

from datetime import timedelta
from enum import StrEnum


class Verdict(StrEnum):
    """What is known about the health of an object or of a whole report.

    Ordered from best to worst by `rank`. UNKNOWN stands above SUSPENDED, and below DEGRADED:
    what was seen to be broken is said first, and what was not seen is never healthy.
    """

    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """0 for the best, 5 for the worst."""
        return _RANK[self]


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


def worst(verdicts: "list[Verdict] | tuple[Verdict, ...]") -> Verdict:
    """The worst of the verdicts; HEALTHY where there are none."""
    return max(verdicts, key=lambda verdict: verdict.rank, default=Verdict.HEALTHY)


INCIDENT = Verdict.DEGRADED
"""The mildest verdict that is an incident."""

HOUR = timedelta(hours=1)
"""The grain of the histories: they keep the worst verdict of each hour as one letter."""

LETTER = {
    Verdict.HEALTHY: "h",
    Verdict.PROGRESSING: "p",
    Verdict.SUSPENDED: "s",
    Verdict.UNKNOWN: "?",
    Verdict.DEGRADED: "d",
    Verdict.FAILED: "f",
}
MEANS = {letter: verdict for verdict, letter in LETTER.items()}
