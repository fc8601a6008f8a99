"""An hour's worst verdict as one letter: how the histories keep it, whatever they are of."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.verdict import Verdict

HOUR = timedelta(hours=1)


LETTER = {
    Verdict.HEALTHY: "h",
    Verdict.PROGRESSING: "p",
    Verdict.SUSPENDED: "s",
    Verdict.UNKNOWN: "?",
    Verdict.DEGRADED: "d",
    Verdict.FAILED: "f",
}


MEANS = {letter: verdict for verdict, letter in LETTER.items()}


INCIDENT = Verdict.DEGRADED
"""The mildest verdict that is an incident."""
