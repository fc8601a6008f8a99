"""The times and bounds of alerts: how long something must last, and how much is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.domain.verdict import Verdict

GRACE = MappingProxyType(
    {
        "nodes": timedelta(seconds=45),
        # A round of every agent and a look: by then a node is told from its first broken pair.
        "connectivity": timedelta(minutes=7),
        "pods": timedelta(minutes=2),
        "workloads": timedelta(minutes=2),
        "endpoints": timedelta(minutes=2),
    }
)
"""How long a check's finding must last before it is an alarm: a roll-out is none."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day, by the owner's clock, in which only `but` and worse is said.

    From `begins` to `ends`, over midnight where it ends before it begins. What was not said is
    said afterwards, as it is then.
    """

    begins: int
    ends: int
    zone: ZoneInfo
    but: Verdict = Verdict.FAILED

    def holds(self, now: datetime) -> bool:
        """Whether it is such an hour."""
        hour = now.astimezone(self.zone).hour
        if self.begins <= self.ends:
            return self.begins <= hour < self.ends
        return hour >= self.begins or hour < self.ends


@dataclass(frozen=True, slots=True)
class AlertRoute:
    """What goes to a channel: the first that fits. Empty means any; `role` is mentioned."""

    channel: int
    least: Verdict = Verdict.DEGRADED
    namespaces: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    role: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """All of them.

    steady: how long everything must be seen well before an incident is over.
    flaps: so many ends of the same within `flap_window`, and the next one is called flapping; it
    is over only after `calm`.
    budget: new messages a channel and hour.
    kept: how long an incident that is over is remembered.
    """

    routes: tuple[AlertRoute, ...] = ()
    grace: Mapping[str, timedelta] = field(default_factory=lambda: GRACE)
    grace_else: timedelta = timedelta(minutes=3)
    steady: timedelta = timedelta(minutes=2)
    flaps: int = 2
    flap_window: timedelta = timedelta(hours=1)
    calm: timedelta = timedelta(minutes=30)
    budget: int = 20
    kept: timedelta = timedelta(hours=24)
    quiet: Quiet | None = None

    def grace_of(self, check: str) -> timedelta:
        """How long a finding of that check must last."""
        return self.grace.get(check, self.grace_else)

    def route(self, check: str, namespace: str, verdict: Verdict) -> AlertRoute | None:
        """Where it goes; None where nobody wants it."""
        return next(
            (route for route in self.routes if _fits(route, check, namespace, verdict)), None
        )


NO_ALERTS = Rules()
"""Without a route nothing is said."""


def _fits(route: AlertRoute, check: str, namespace: str, verdict: Verdict) -> bool:
    return (
        verdict.rank >= route.least.rank
        and (not route.namespaces or namespace in route.namespaces)
        and (not route.checks or check in route.checks)
    )
