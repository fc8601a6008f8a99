"""The bot's place in the cluster: the Lease that decides which process acts, and its state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bot.health.report_store import ReportStore
from bot.kube.change_counts import ChangeCounts
from bot.kube.client import Api
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.lease import Elector, taking_part


@dataclass(frozen=True, slots=True)
class Membership:
    """This process's part in the election, and the tasks that come with it."""

    elector: Elector
    state: ConfigMapStore
    changes: ChangeCounts
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def ended(self) -> tuple[str, ...]:
        """The tasks that ended without being stopped, which is a fault of the bot."""
        return tuple(task.get_name() for task in self._tasks if task.done())

    @asynccontextmanager
    async def held(self, memory: ReportStore) -> AsyncIterator[None]:
        """Take part in the election, watch Changes and store reports; then give the Lease back."""
        async with taking_part(self.elector) as election:
            beside = (
                asyncio.create_task(self.changes.run(), name="watch of changes"),
                asyncio.create_task(memory.run(), name="memory"),
            )
            self._tasks.extend((election, *beside))
            try:
                yield
            finally:
                self._tasks.clear()
                for task in beside:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                await memory.flush()


def membership(api: Api, namespace: str) -> Membership:
    """A membership with its Lease and its state in one namespace."""
    elector = Elector(api, namespace=namespace)
    return Membership(
        elector, ConfigMapStore(api, namespace, elector), ChangeCounts(api, namespace)
    )
