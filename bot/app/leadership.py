"""A place in the cluster: the Lease that decides who acts, and what the bot keeps beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bot.health.report_store import Memory
from bot.kube.change_counts import Changes
from bot.kube.client import Api
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.lease import Elector, taking_part


@dataclass(frozen=True, slots=True)
class Membership:
    """The part of a process in the election, and what runs beside its connection."""

    elector: Elector
    state: ConfigMapStore
    changes: Changes
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def ended(self) -> tuple[str, ...]:
        """What has ended though nobody stopped it: an error of the bot."""
        return tuple(task.get_name() for task in self._tasks if task.done())

    @asynccontextmanager
    async def held(self, memory: Memory) -> AsyncIterator[None]:
        """Take part in the election, watch and remember; at the end the next one may begin."""
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
    """The membership of a process whose Lease is in that namespace."""
    elector = Elector(api, namespace=namespace)
    return Membership(elector, ConfigMapStore(api, namespace, elector), Changes(api, namespace))
