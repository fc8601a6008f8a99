"""How many new messages an hour a channel takes, shared out by what they are about.

A share belongs to a namespace, or to a cluster-scoped kind such as nodes, and to the role that is
mentioned. Of a share that is used up a summary tells the rest, and it keeps nobody else waiting. A
channel whose budget is used up by many still takes the first message of each share, and whatever is
about the cluster itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.alerting.domain.incident import HOUR, Incident, Sent
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.domain.tenancy import is_of_cluster

SHARES = 4
"""Each share is a quarter of a channel's budget."""

LEAST = 2
"""Messages of a share at the least: one, and a summary."""

SUMMARY_EVERY = timedelta(minutes=10)
"""How long a summary waits for the one before it, once its share is used up."""


def share_of(incident: Incident, route: AlertRoute) -> str:
    """The share from which an incident's message is taken: about whom, and for which role."""
    return f"{incident.party}{_of_role(route)}"


class HourlyBudget:
    """What is left of each channel's messages of this hour."""

    def __init__(self, sent: Iterable[Sent], now: datetime, rules: Rules) -> None:
        """Count those that were sent."""
        self._now = now
        self._budget = rules.budget
        self._share = max(LEAST, rules.budget // SHARES)
        self._of_share: Counter[tuple[int, str]] = Counter()
        self._of_channel: Counter[int] = Counter()
        self._last: dict[tuple[int, str], datetime] = {}
        for one in sent:
            if now - one.at < HOUR:
                self._count(one.channel, one.about, one.at)

    def takes(self, incident: Incident, route: AlertRoute) -> bool:
        """Whether an incident gets a message of its own now, which is counted then.

        The last message of a share is that of its summary.
        """
        share = share_of(incident, route)
        if self._is_loud(route.channel, share) or (
            self._of_share[route.channel, share]
            and not is_of_cluster(incident.party)
            and self._is_used_up(route.channel)
        ):
            return False
        self._count(route.channel, share, self._now)
        return True

    def summary_of(self, incident: Incident, route: AlertRoute) -> str:
        """The share of the summary that tells of an incident without a message of its own.

        One namespace that is loud has its own; where many use up a channel, they have one together.
        """
        share = share_of(incident, route)
        return share if self._is_loud(route.channel, share) else _of_role(route)

    def takes_summary(self, channel: int, share: str) -> bool:
        """Whether there is a summary now."""
        last = self._last.get((channel, share))
        left = self._share - self._of_share[channel, share]
        return last is None or left > 0 or self._now - last >= SUMMARY_EVERY

    def _is_loud(self, channel: int, share: str) -> bool:
        return self._of_share[channel, share] >= self._share - 1

    def _is_used_up(self, channel: int) -> bool:
        return self._of_channel[channel] >= self._budget - 1

    def _count(self, channel: int, share: str, at: datetime) -> None:
        self._of_share[channel, share] += 1
        self._of_channel[channel] += 1
        self._last[channel, share] = max(at, self._last.get((channel, share), at))


def _of_role(route: AlertRoute) -> str:
    return f"@{route.role}" if route.role else ""
