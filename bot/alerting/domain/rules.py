"""The times and limits of alerts: how long a finding must last, and how many messages follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.alerting.domain import visibility
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
"""How long a finding of a check must last before it alerts: longer than a roll-out."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day, in the owner's time zone, in which only `but` and worse alerts.

    They begin at `begins` and end at `ends`, over midnight where that is the smaller one. What was
    held back is posted afterwards, as it is then.
    """

    begins: int
    ends: int
    zone: ZoneInfo
    but: Verdict = Verdict.FAILED

    def holds(self, now: datetime) -> bool:
        """Whether they include a time."""
        hour = now.astimezone(self.zone).hour
        if self.begins <= self.ends:
            return self.begins <= hour < self.ends
        return hour >= self.begins or hour < self.ends


@dataclass(frozen=True, slots=True)
class AlertRoute:
    """Which incidents go to a channel: the first match decides. Empty means any.

    `role` is mentioned.
    """

    channel: int
    least: Verdict = Verdict.DEGRADED
    namespaces: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    role: int | None = None

    def matches(self, check: str, namespace: str, verdict: Verdict) -> bool:
        """Whether a finding goes this way."""
        return (
            verdict.rank >= self.least.rank
            and (not self.namespaces or namespace in self.namespaces)
            and (not self.checks or check in self.checks)
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of alerts.

    grace_unread: The grace of a kind that has never been read: slow first lists are no fault.
    steady: How long everything must be seen well before an incident is over, or before something
    that was known or waits for its grace is forgotten. What is well for less than that between two
    failures is a failure still, of which only the time that it was bad counts.
    flaps: After this many ends of a finding within `flap_window` the next incident is flapping: it
    is over only after `calm`.
    budget: New messages a channel and hour.
    kept: How long an incident that is over is stored.
    """

    routes: tuple[AlertRoute, ...] = ()
    grace: Mapping[str, timedelta] = field(default_factory=lambda: GRACE)
    grace_else: timedelta = timedelta(minutes=3)
    grace_unread: timedelta = timedelta(minutes=30)
    steady: timedelta = timedelta(minutes=2)
    flaps: int = 2
    flap_window: timedelta = timedelta(hours=1)
    calm: timedelta = timedelta(minutes=30)
    budget: int = 20
    kept: timedelta = timedelta(hours=24)
    quiet: Quiet | None = None

    def grace_of(self, check: str, reason: str = "") -> timedelta:
        """How long a finding of a check must last before it alerts."""
        if check == visibility.CHECK and reason == visibility.NEVER_SEEN:
            return self.grace_unread
        return self.grace.get(check, self.grace_else)

    def route(self, check: str, namespace: str, verdict: Verdict) -> AlertRoute | None:
        """The route of a finding, if there is one."""
        matches = (route for route in self.routes if route.matches(check, namespace, verdict))
        return next(matches, None)


def channel_routes(channel: int, role: int | None) -> tuple[AlertRoute, ...]:
    """The routes that send all incidents to one channel; a failure mentions the role, if any."""
    failed = (AlertRoute(channel, Verdict.FAILED, role=role),) if role else ()
    return (*failed, AlertRoute(channel))


NO_ALERTS = Rules()
"""Without a route nothing is posted."""
