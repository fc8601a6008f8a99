"""Liveness and readiness: what `/healthz` and `/readyz` say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.chat.client import Client
from bot.domain.outage import OutageReason
from bot.kube.cache import WatchCache
from bot.kube.lease import Elector
from bot.kube.outage import later_outage, outage
from bot.runtime.scheduler import Schedule


@dataclass(frozen=True, slots=True)
class Probes:
    """Reads the state of the parts when asked; every reason is in sentences without cluster names.

    A standby connects, watches and reads the Lease as the leader does, so the same conditions make
    it ready: it could lead.

    others: Names further tasks that have ended by themselves.
    elector: None where the process is alone.
    refusal: Says why Discord takes no commands of this process.
    """

    client: Client
    cache: WatchCache
    schedule: Schedule
    others: Callable[[], Iterable[str]] = tuple
    elector: Elector | None = None
    refusal: Callable[[], str] = str

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
        reasons += filter(None, (self.client.no_session, self.refusal()))
        if reason := outage(self.cache):
            reasons.append(reason)
        elif self.elector and (why := self.elector.never_kept()):
            reasons.append(NO_LEASE if why is OutageReason.NOT_ALLOWED else LEASE_NEVER_KEPT)
        return tuple(reasons)

    def degradations(self) -> tuple[str, ...]:
        """What is worse than usual, of a process that can work: the API server is away."""
        if reason := later_outage(self.cache):
            return (reason,)
        if self.elector and self.elector.outage() and not self.elector.may_act():
            return (LEASE_LOST,)
        return ()


NO_LEASE = (
    "The bot may not keep its Lease, so it could never act. "
    "Apply deploy/base again: it grants this to the service account meshmedic."
)
LEASE_NEVER_KEPT = (
    "The bot's Lease could never be read or written, so it cannot act yet. The API server does not "
    "answer in time, or answers with errors. "
    "Check that the namespace of the bot's state exists, and that no admission webhook is in the "
    "way."
)
LEASE_LOST = (
    "The API server does not keep the bot's Lease. Nothing is changed and no alert is sent by this "
    "process until it does."
)
