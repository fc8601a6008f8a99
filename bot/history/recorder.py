"""Records health history: takes a report every five minutes and stores what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.domain.resources.core import Pod
from bot.domain.snapshot import Snapshot
from bot.health.service import Health
from bot.history.domain.record import HISTORY, noted
from bot.net.mesh import history as mesh_history
from bot.net.mesh.history import LINKS
from bot.net.mesh.rounds import Links

EVERY = 300
"""Seconds between two reports."""


@dataclass
class HistoryRecorder:
    """Stores reports and restarts of containers while this process is the leader.

    links: The latest state of the network between nodes; None where it is not probed.
    """

    health: Health
    store: Store
    leadership: Leadership
    links: Callable[[], Links | None] = field(default=lambda: None)
    _restarts: dict[tuple[str, str], int] = field(default_factory=dict)

    async def record(self) -> None:
        """Add the present state to the history.

        Raises:
            MeshmedicError: The cluster or the store does not answer.
        """
        if not self.leadership.may_act():
            return
        report = await self.health.check()
        restarts = self._new_restarts(await self.health.cluster.snapshot((Pod,)))
        await self.store.change(HISTORY, lambda before: noted(before, report, restarts))
        if links := self.links():
            await self.store.change(LINKS, lambda before: mesh_history.noted(before, links))

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
