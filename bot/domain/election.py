"""Which of several processes acts: the rules of leader election by a Lease, without clock or I/O.

The rules are those of client-go's leaderelection, with two more guarantees. Leadership ends by the
process's own clock before another process may take the lease, whatever a request in flight does.
And a deleted lease still belongs to its last known holder until it would have expired.

The clocks of two machines are never compared: another holder's time runs from the moment that a
change of its lease was seen. All times are seconds of one process's monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec

FOREVER = float("inf")


class Standing(StrEnum):
    """What a process is in the election."""

    LEADING = "leading"
    STANDBY = "standby"
    CUT_OFF = "cut off"
    """It led and cannot renew: another process may lead by now."""


class Leadership(Protocol):
    """Asked right before each act whether this process may act.

    The answer holds for the few seconds of one bounded request. A write carries the version that
    it was made from, so one that arrives too late fails.
    """

    def may_act(self) -> bool:
        """Whether this process may act now, and no other may."""
        ...

    def hesitation(self) -> float:
        """Seconds to leave to a healthy leader before an interaction is acknowledged."""
        ...

    def head_start(self) -> float:
        """Seconds after an interaction's arrival in which no other process acknowledges it."""
        ...

    def led_by_another(self) -> bool:
        """Whether another process holds the lease, as far as this one knows."""
        ...


class Alone:
    """The leadership of a process that runs alone."""

    def may_act(self) -> bool:
        """Always."""
        return True

    def hesitation(self) -> float:
        """None."""
        return 0.0

    def head_start(self) -> float:
        """For ever."""
        return FOREVER

    def led_by_another(self) -> bool:
        """Never."""
        return False


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. `duration` is written into the lease, which takes whole ones.

    duration: How long others respect a lease that is not renewed.
    renew: How long a leader acts after its last renewal began; less than `duration`.
    retry: The pause between two attempts.
    request: The longest that one request may take.
    hesitation: How long a standby waits for a healthy leader before it acknowledges an interaction:
        longer than the second after which discord.py sends a lost acknowledgement again.
    deference: How much longer a leader that is cut off waits for a standby, which knows more.
    """

    duration: int = 30
    renew: float = 20.0
    retry: float = 5.0
    request: float = 5.0
    hesitation: float = 1.5
    deference: float = 0.5


class LeaseSpec(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The `spec` of a Lease. Source: coordination.k8s.io/v1."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


@dataclass(slots=True)
class Election:
    """What one candidate knows. `leads_until` is when its leadership ends without a renewal."""

    me: str
    timing: Timing = field(default_factory=Timing)
    record: LeaseSpec = field(default_factory=LeaseSpec)
    leads_until: float = -FOREVER
    _seen_at: float = -FOREVER
    _looked_at: float = -FOREVER
    _led: bool = False

    @property
    def holder(self) -> str:
        """Who held the lease when it was last read; empty where it was free."""
        return self.record.holder_identity or ""

    def see(self, record: LeaseSpec | None, now: float) -> None:
        """Take note of the lease as it was read; None where it does not exist."""
        self._looked_at = now
        if record is None:
            return
        if record != self.record:
            self.record, self._seen_at = record, now
        if self.holder not in ("", self.me):
            self._led, self.leads_until = False, -FOREVER

    def free_at(self) -> float:
        """The time from which this process may try to take the lease."""
        if self.holder in ("", self.me):
            return -FOREVER
        return self._seen_at + (self.record.lease_duration_seconds or self.timing.duration)

    def claim(self, stamp: str) -> LeaseSpec:
        """What to write to take the lease or to keep it; `stamp` is the time, for people."""
        ours = self.holder == self.me
        transitions = self.record.lease_transitions or 0
        return LeaseSpec(
            holder_identity=self.me,
            lease_duration_seconds=self.timing.duration,
            acquire_time=(self.record.acquire_time if ours else None) or stamp,
            renew_time=stamp,
            lease_transitions=transitions if ours else transitions + 1,
        )

    def won(self, record: LeaseSpec, asked_at: float) -> None:
        """Take note that the claim was written, by a request that began at `asked_at`."""
        self.record, self._seen_at = record, asked_at
        self._looked_at = asked_at
        self._led, self.leads_until = True, asked_at + self.timing.renew

    def resign(self) -> None:
        """Stop acting, whatever the lease says."""
        self._led, self.leads_until = False, -FOREVER

    def released(self, stamp: str) -> LeaseSpec:
        """What to write so that others need not wait. Source: client-go's `release`."""
        return msgspec.structs.replace(
            self.record, holder_identity="", lease_duration_seconds=1, renew_time=stamp
        )

    def standing(self, now: float) -> Standing:
        """What this process is at this moment."""
        if now < self.leads_until:
            return Standing.LEADING
        return Standing.CUT_OFF if self._led else Standing.STANDBY

    def hesitation(self, now: float) -> float:
        """Seconds to leave to others before an interaction is acknowledged; Discord waits three."""
        if now < self.leads_until:
            return 0.0
        return self.timing.hesitation + (self.timing.deference if self._led else 0.0)

    def head_start(self, now: float) -> float:
        """Seconds after an interaction's arrival in which no other process acknowledges it."""
        return self.timing.hesitation if self.standing(now) is Standing.LEADING else 0.0

    def led_by_another(self, now: float) -> bool:
        """Whether another process holds a lease that has not expired, as far as this one knows."""
        return self.holder not in ("", self.me) and now < self.free_at()

    def tells_outage_after(self) -> float | None:
        """Seconds that this process leaves to others before it tells an outage; None: it may not.

        To say that the API server is gone is the one thing that is done without the lease, which
        nobody can renew by then. It is left to the process that led last, as far as it knows. Any
        other may only where it saw that nobody led when it last read the lease: the lease was free,
        or had not been renewed for its whole duration. That one waits for a lease's duration more,
        in which who led last would speak. A process that saw another leader is silent, and so is
        one that never read the lease.
        """
        if self._led:
            return 0.0
        nobody = self.holder != self.me and -FOREVER < self._looked_at >= self.free_at()
        return float(self.timing.duration) if nobody else None

    def pause(self, now: float, longest: float) -> float:
        """Seconds until the next thing to do: an attempt, or the end of leadership."""
        events = [moment - now for moment in (self.free_at(), self.leads_until) if moment > now]
        return min([longest, *events])
