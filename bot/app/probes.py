"""Liveness and readiness: what `/healthz` and `/readyz` say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.chat.client import Client
from bot.kube.cache import WatchCache
from bot.kube.outage import outage
from bot.runtime.scheduler import Schedule


@dataclass(frozen=True, slots=True)
class Probes:
    """Reads the state of the parts when asked; every reason is a sentence without cluster names.

    A standby connects and watches as the leader does, so the same conditions make it ready.

    others: Names further tasks that have ended by themselves.
    """

    client: Client
    cache: WatchCache
    schedule: Schedule
    others: Callable[[], Iterable[str]] = tuple

    def liveness_problems(self) -> tuple[str, ...]:
        """What has ended for good, so that only a restart helps; an outage does not count."""
        ended = [f"The {part} has ended." for part in (*self.cache.ended(), *self.others())]
        if self.schedule.ended:
            ended.append("The schedule has ended.")
        if not self.client.beats:
            ended.append("The gateway's heartbeat has ended.")
        return tuple(ended)

    def readiness_problems(self) -> tuple[str, ...]:
        """Why a person who asks now would get no useful answer."""
        reasons = list(self.liveness_problems())
        if self.client.stopping:
            reasons.append("The process is being stopped.")
        if not self.client.connected:
            reasons.append("There is no Discord session.")
        if reason := outage(self.cache):
            reasons.append(reason)
        return tuple(reasons)
