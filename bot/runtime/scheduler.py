"""What runs by the clock: APScheduler jobs that call use cases."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.errors import MeshmedicError

log = logging.getLogger(__name__)

REDISCOVER = 300
"""Seconds between two looks for kinds that were installed or upgraded since."""

JITTER = 30


class Schedule:
    """The jobs of one process. Begun and ended inside the event loop."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._begun = False

    def every(
        self,
        seconds: int,
        name: str,
        call: Callable[[], Awaitable[None]],
        *,
        at_once: bool = False,
    ) -> None:
        """Call something again and again; a missed turn is not made up for."""
        first = {"next_run_time": datetime.now(UTC)} if at_once else {}
        self._scheduler.add_job(
            _quietly,
            "interval",
            args=(name, call),
            seconds=seconds,
            jitter=min(JITTER, seconds // 2) or None,
            id=name,
            coalesce=True,
            max_instances=1,
            **first,
        )

    def each_minute(self, name: str, call: Callable[[], Awaitable[None]]) -> None:
        """Call something at the beginning of each minute by the clock; one that was missed, soon.

        What is due is decided by who is called: an owner's times change while this runs.
        """
        self._scheduler.add_job(
            _quietly,
            CronTrigger(second=0, timezone="UTC"),
            args=(name, call),
            id=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    @property
    def ended(self) -> bool:
        """Whether it runs no more though nobody stopped it."""
        return self._begun and not self._scheduler.running

    def start(self) -> None:
        """Begin."""
        self._begun = True
        self._scheduler.start()

    def stop(self) -> None:
        """End, without waiting for a running job."""
        self._begun = False
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


async def _quietly(name: str, call: Callable[[], Awaitable[None]]) -> None:
    try:
        await call()
    except MeshmedicError as error:
        log.warning("%s: %s", name, error)
    except asyncio.CancelledError:
        # The process ends: the library would log that as an error of the job.
        log.debug("%s: cut short", name)
