"""The history's eyes: look at everything from time to time, and keep what is new of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.domain.resources.core import Pod
from bot.domain.snapshot import Snapshot
from bot.health.service import Health
from bot.history.domain.record import HISTORY, noted
from bot.net.mesh import history as links
from bot.net.mesh.history import LINKS
from bot.net.mesh.rounds import Links

EVERY = 300
"""Seconds between two looks."""


@dataclass
class Chronicle:
    """Only who leads looks; restarts are those that this process saw happen.

    `links` is what is known of the network between nodes; None where nobody looks at it.
    """

    health: Health
    store: Store
    leadership: Leadership
    links: Callable[[], Links | None] = field(default=lambda: None)
    _restarts: dict[tuple[str, str], int] = field(default_factory=dict)

    async def look(self) -> None:
        """Note what is there now.

        Raises:
            MeshmedicError: It cannot be read or kept.
        """
        if not self.leadership.may_act():
            return
        report = await self.health.check()
        seen = await self.health.cluster.snapshot((Pod,))
        restarts = self._since(seen)
        await self.store.change(HISTORY, lambda kept: noted(kept, report, restarts))
        if known := self.links():
            await self.store.change(LINKS, lambda kept: links.noted(kept, known))

    def _since(self, seen: Snapshot) -> int:
        """Restarts since the last look, of pods that were there already."""
        now = {
            (pod.namespace, pod.name): sum(
                status.restart_count for status in pod.status.container_statuses
            )
            for pod in seen.of(Pod)
        }
        before, self._restarts = self._restarts, now
        return sum(max(0, count - before[pod]) for pod, count in now.items() if pod in before)
