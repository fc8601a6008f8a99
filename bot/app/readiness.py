"""Says by the log and by an Event why the bot cannot work: nobody reads `/readyz` of a pod.

The last line of the log is the reason, also where other parts log failures of their own.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from bot.app.probes import Probes
from bot.errors import ClusterError

log = logging.getLogger(__name__)

NEXT_TRY = re.compile(r" It is tried again at \d\d:\d\d:\d\d UTC\.")
"""What changes with every attempt, and makes no other reason."""


class PodEvents(Protocol):
    """Records Events on the bot's own pod."""

    async def record(self, reason: str, message: str, *, warning: bool) -> None:
        """Record one; nothing where the process runs in no pod.

        Raises:
            ClusterError: The API server does not take it.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReadinessTiming:
    """All waits in seconds.

    settle: How long a state lasts before it is told: a start goes through several within a second.
    repeat: Between two lines that say the same, where others were logged in between.
    again: Before an Event that was not taken is sent again.
    renew: Before an Event that still holds is recorded anew: the API server keeps one for an hour.
    """

    look: float = 1.0
    settle: float = 5.0
    repeat: float = 10.0
    again: float = 30.0
    renew: float = 1800.0


@dataclass
class Readiness:
    """Watches one process's probes, and tells each change once."""

    probes: Probes
    events: PodEvents
    timing: ReadinessTiming = field(default_factory=ReadinessTiming)
    clock: Callable[[], float] = time.monotonic
    _state: str = ""
    _since: float = 0.0
    _logged: str = ""
    _logged_at: float = 0.0
    _told: str = ""
    _tell_at: float = 0.0
    _has_warned: bool = False

    async def run(self) -> None:
        """Look until cancelled."""
        with following_the_log() as following:
            while True:
                await asyncio.sleep(self.timing.look)
                if not self.probes.client.stopping:
                    await self.look(following)

    async def look(self, following: LastLogger) -> None:
        """Tell what is new, or not told yet."""
        now = self.clock()
        problems, worse = self.probes.readiness_problems(), self.probes.degradations()
        state = " ".join(("Not ready.", *problems) if problems else ("Ready.", *worse))
        if state != self._state:
            self._state, self._since = state, now
        if now - self._since < self.timing.settle:
            return
        self._log(state, following, now, level=_level(problems, worse))
        await self._record(NEXT_TRY.sub("", state), now, warning=bool(problems))

    def _log(self, state: str, following: LastLogger, now: float, *, level: int) -> None:
        """Log a new state, and one that is not well again after lines of others."""
        buried = following.last != log.name and now - self._logged_at >= self.timing.repeat
        if state != self._logged or (buried and level > logging.INFO):
            log.log(level, "%s", state)
            self._logged, self._logged_at = state, now

    async def _record(self, state: str, now: float, *, warning: bool) -> None:
        """Record why it is not ready; that it is ready, only after that."""
        if not (warning or self._has_warned) or (state == self._told and now < self._tell_at):
            return
        self._told = state
        try:
            await self.events.record("NotReady" if warning else "Ready", state, warning=warning)
        except ClusterError as error:
            log.debug("no event was recorded: %s", error)
            self._tell_at = now + self.timing.again
        else:
            self._tell_at = now + self.timing.renew
            self._has_warned = warning


def _level(problems: tuple[str, ...], worse: tuple[str, ...]) -> int:
    if problems:
        return logging.ERROR
    return logging.WARNING if worse else logging.INFO


class LastLogger(logging.Handler):
    """Remembers which logger wrote last."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a line."""
        self.last = record.name


@contextmanager
def following_the_log() -> Iterator[LastLogger]:
    """Follow what the whole process logs within this block."""
    following = LastLogger()
    logging.getLogger().addHandler(following)
    try:
        yield following
    finally:
        logging.getLogger().removeHandler(following)
