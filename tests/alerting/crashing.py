"""A pod that crashes, and the incident that is open about it."""

from __future__ import annotations

from datetime import datetime

from bot.alerting.domain.incident import Incident
from bot.domain.finding import Finding, Ref
from bot.domain.verdict import Verdict

CRASHING = Finding(
    check="pods",
    subject=Ref("Pod", "media", "jellyfin-1"),
    verdict=Verdict.FAILED,
    reason="CrashLoopBackOff",
    message="it crashes",
)


def an_incident(opened: datetime) -> Incident:
    """Open since then, and not posted yet."""
    return Incident(
        id="0123456789abcdef",
        head=CRASHING,
        keys=(CRASHING.key,),
        opened=opened,
        worst=Verdict.FAILED,
    )
