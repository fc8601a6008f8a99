"""Pings the owner's address while the bot works, so that its own end is noticed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.digest.domain.records import DigestFacts
from bot.doctor.domain import digests
from bot.doctor.domain.diagnostic import PROBLEMS
from bot.domain.election import Leadership
from bot.domain.heartbeat import HeartbeatFacts
from bot.runtime.heartbeat import Heartbeat

FRESH = timedelta(minutes=2)
"""How long a healthy turn counts: a turn takes seconds, and follows every fifteen."""

NOT_EXAMINED = (
    "The last turn of the alerts didn't end well: the cluster can't be read, or Discord doesn't "
    "take what is due. The log says which."
)


@dataclass(frozen=True, slots=True)
class DeadMansSwitch:
    """Pings once a minute, but only after a healthy turn of the process that acts.

    healthy_at: When a turn last examined the cluster and Discord took all that was due.
    no_session: Why there is no Discord session, in sentences; empty where there is one.
    digests: What is known of the digests: the bot isn't healthy while one doesn't go out.
    """

    heartbeat: Heartbeat
    leadership: Leadership
    healthy_at: Callable[[], datetime | None]
    no_session: Callable[[], str]
    digests: Callable[[], Awaitable[DigestFacts]]
    fresh: timedelta = FRESH

    async def turn(self) -> None:
        """Ping, or note why not."""
        if not self.leadership.may_act():
            return
        if trouble := await self._trouble():
            self.heartbeat.withhold(trouble)
        else:
            await self.heartbeat.ping()

    def facts(self) -> HeartbeatFacts:
        """What the doctor examines."""
        return self.heartbeat.facts(leads=self.leadership.may_act())

    async def _trouble(self) -> str:
        healthy_at = self.healthy_at()
        if healthy_at is None or self.heartbeat.clock() - healthy_at > self.fresh:
            return NOT_EXAMINED
        if why := self.no_session():
            return why
        last_digest = digests.examine(await self.digests())
        return last_digest.observation if last_digest.outcome in PROBLEMS else ""
