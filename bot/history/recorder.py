"""Records health history: takes a report every five minutes and stores what changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.domain.resources.core import Pod
from bot.domain.snapshot import Snapshot
from bot.errors import MeshmedicError
from bot.health.service import Health
from bot.history.domain.record import HISTORY, History, failing_since, noted
from bot.history.requests import RequestRecorder
from bot.net.mesh import history as mesh_history
from bot.net.mesh.history import LINKS
from bot.net.mesh.rounds import Links

log = logging.getLogger(__name__)

EVERY = 300
"""Seconds between two reports."""


@dataclass
class HistoryRecorder:
    """Stores reports and restarts of containers while this process is the leader.

    links: The latest state of the network between nodes; None where it is not probed.
    requests: Stores the uptime of sites; None where nothing counts requests.
    failing: When what fails now was first seen failing, by the key of its finding.
    """

    health: Health
    store: Store
    leadership: Leadership
    links: Callable[[], Links | None] = field(default=lambda: None)
    requests: RequestRecorder | None = None
    failing: Mapping[str, datetime] = field(default_factory=dict)
    _restarts: dict[tuple[str, str], int] = field(default_factory=dict)

    async def restore(self) -> None:
        """Recall what was failing when the process ended that acted last. Never raises."""
        try:
            self.failing = failing_since(await self.store.read(HISTORY) or History())
        except MeshmedicError as error:
            log.warning("since when anything fails is not known: %s", error)

    async def record(self) -> None:
        """Add the present state to the history.

        Raises:
            MeshmedicError: The cluster or the store does not answer.
        """
        if not self.leadership.may_act():
            return
        report = await self.health.check()
        restarts = self._new_restarts(await self.health.cluster.snapshot((Pod,)))
        _, history = await self.store.change(
            HISTORY, lambda before: noted(before, report, restarts)
        )
        self.failing = failing_since(history)
        if links := self.links():
            await self.store.change(LINKS, lambda before: mesh_history.noted(before, links))
        if self.requests:
            await self.requests.record()

    def _new_restarts(self, snapshot: Snapshot) -> int:
        """Restarts since the last report, of pods that existed then."""
        now = {
            (pod.namespace, pod.name): sum(
                status.restart_count for status in pod.status.container_statuses
            )
            for pod in snapshot.of(Pod)
        }
        before, self._restarts = self._restarts, now
        return sum(max(0, count - before[pod]) for pod, count in now.items() if pod in before)
