"""Pings the owner's address, whose other side raises an alarm when the pings stop.

The address is a secret: anyone who knows it can keep the alarm silent. No error and no log line
repeats any part of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
from pydantic import SecretStr

from bot.domain.heartbeat import HeartbeatFacts
from bot.runtime.network_cause import network_cause

log = logging.getLogger(__name__)

SECONDS = 10.0
"""For one ping, with its connection."""

MOST = 1024
"""Bytes of an answer that are read."""

SUCCESS = range(200, 300)
"""HTTP's statuses of success: other services than the two answer 201, 202 or 204."""

UNKNOWN_CHECK = b"(not found)"
"""healthchecks.io answers 200 for a check that does not exist. Source: its "Pinging API"."""


def nobody(_at: datetime) -> None:
    """Nobody counts the pings."""


@dataclass
class Heartbeat:
    """Pings one address. `on_ping` receives the time of each ping that was taken."""

    url: SecretStr
    on_ping: Callable[[datetime], None] = nobody
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    seconds: float = SECONDS
    _pinged: datetime | None = None
    _trouble: str = ""

    async def ping(self) -> None:
        """Send one ping. Never raises: a failure is noted, logged once, and tried again later."""
        if trouble := await self._refusal():
            self.withhold(trouble)
            return
        if self._trouble:
            log.info("the heartbeat address takes pings again")
        self._pinged, self._trouble = self.clock(), ""
        self.on_ping(self._pinged)

    def withhold(self, trouble: str) -> None:
        """Note why there is no ping, in sentences."""
        if trouble != self._trouble:
            log.warning("no heartbeat: %s", trouble)
        self._trouble = trouble

    def facts(self, *, leads: bool) -> HeartbeatFacts:
        """What the doctor examines."""
        return HeartbeatFacts(self.clock(), self._pinged, self._trouble, leads)

    async def _refusal(self) -> str:
        """Why the other side did not take a ping; empty where it did."""
        limits = aiohttp.ClientTimeout(total=self.seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=limits) as session,
                session.get(self.url.get_secret_value().strip(), allow_redirects=False) as response,
            ):
                status, body = response.status, await response.content.read(MOST)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _cause(error)
        if status not in SUCCESS:
            return f"The heartbeat address answered with status {status}."
        if UNKNOWN_CHECK in body:
            return "The heartbeat service doesn't know this check."
        return ""


def _cause(error: Exception) -> str:
    """Why there was no answer. The error's own words may hold the address."""
    if isinstance(error, aiohttp.InvalidURL):
        return "The heartbeat address isn't a valid URL."
    return f"The heartbeat address can't be reached: {network_cause(error)}."
