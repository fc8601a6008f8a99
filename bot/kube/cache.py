"""The watch cache: every kind kept current, and a snapshot at any moment without a request."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from bot.domain import containers
from bot.domain.resources import core
from bot.domain.resources.base import Condition, Object
from bot.domain.resources.core import SecretName
from bot.domain.resources.registry import KIND_OF, KINDS, Kind
from bot.domain.snapshot import Gap, Indexed, Snapshot, Why
from bot.errors import ClusterError
from bot.kube.client import Api
from bot.kube.discovery import Served, Source, discover
from bot.kube.events_and_logs import Details
from bot.kube.listing import gap, not_served
from bot.kube.one_shot_reader import OFF
from bot.kube.reflector import Reflector, WatchState, WatchTiming
from bot.routing.references import TRAEFIK_NAME

log = logging.getLogger(__name__)

FIRST_ANSWER = 8.0
"""Seconds that a question waits for the first lists; what has not come by then is said.

Less than `bot.chat.client.DRAIN`: whoever asked just before the end is answered.
"""


WatchKey = tuple[str, str, str]
"""A kind's plural and group, and the namespace that is watched; empty: all of them."""


class WatchCache(Details):
    """The cluster as the watches show it. `start` begins, `close` ends.

    `namespaces` narrows the watches where the bot may not read the whole cluster; empty: all.
    """

    def __init__(
        self,
        api: Api,
        *,
        secret_inventory: bool = False,
        namespaces: tuple[str, ...] = (),
        timing: WatchTiming | None = None,
        kinds: tuple[Kind, ...] = KINDS,
        first_answer: float = FIRST_ANSWER,
    ) -> None:
        super().__init__(api)
        self.secret_inventory = secret_inventory
        self.namespaces = namespaces
        self._kinds = tuple(
            kind for kind in kinds if kind.type is not SecretName or secret_inventory
        )
        self._timing = timing or WatchTiming()
        self._first_answer = first_answer
        self._watches: dict[WatchKey, Reflector] = {}
        self._tasks: dict[WatchKey, asyncio.Task[None]] = {}
        self._kept: dict[type[Object], tuple[tuple[int, ...], Indexed[Object]]] = {}
        self._discovered = asyncio.Event()
        self._tried = asyncio.Event()
        self.undiscovered: ClusterError | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to discover and watch. Returns at once, whatever the cluster does."""
        self._watcher = asyncio.create_task(self._discover_until_done(), name="discovery")
        self._watcher.add_done_callback(_tell_end)

    async def close(self) -> None:
        """End every watch."""
        tasks = self._running()
        for task in tasks:
            task.cancel()
        # One that died of a bug was logged then; it must not spoil the end too.
        await asyncio.gather(*tasks, return_exceptions=True)

    async def rediscover(self) -> None:
        """Look for kinds that were installed since, and watch them. Called on a schedule.

        Raises:
            ClusterError: The server does not answer the question.
        """
        served = await discover(self.api, self._kinds)
        self.undiscovered = None
        self._watch(served)
        self._discovered.set()
        self._tried.set()

    async def snapshot(
        self, types: Iterable[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """The present state from memory. At the start it waits a little for the first lists.

        `namespace` narrows nothing here: a report is narrowed by who makes it.
        """
        del namespace
        wanted = [KIND_OF[kind] for kind in dict.fromkeys(types) if kind in KIND_OF]
        with suppress(TimeoutError):
            async with asyncio.timeout(self._first_answer):
                await self._first_lists()
        found: dict[type[Object], tuple[Object, ...]] = {}
        gaps = [] if self.secret_inventory or KIND_OF[SecretName] not in wanted else [OFF]
        for kind in wanted:
            if kind in self._kinds:
                gaps += self._gaps(kind)
                if any(watch.heard_at for watch in self._of(kind.type)):
                    found[kind.type] = self._objects(kind.type)
        return Snapshot(datetime.now(UTC), found, tuple(gaps), self.namespaces or None)

    def names(self, kind: type[Object]) -> tuple[str, ...]:
        """The names of a kind's objects, for autocomplete: from memory, sorted."""
        return tuple(sorted({resource.name for resource in self._objects(kind)}))

    def watches(self) -> tuple[Reflector, ...]:
        """Every watch, whatever its state."""
        return tuple(self._watches.values())

    def _of(self, kind: type[Object]) -> list[Reflector]:
        return [watch for watch in self._watches.values() if watch.source.kind.type is kind]

    @property
    def tried(self) -> bool:
        """Whether each kind was listed once, or could not be."""
        return self._tried.is_set() and all(watch.tried for watch in self.watches())

    def ended(self) -> tuple[str, ...]:
        """What runs no more though nobody stopped it, by an error that is ours."""
        return tuple(task.get_name() for task in self._running() if _died(task))

    def _running(self) -> list[asyncio.Task[None]]:
        return [*self._tasks.values(), *([self._watcher] if self._watcher else [])]

    async def _discover_until_done(self) -> None:
        delay = self._timing.first_delay
        while not self._discovered.is_set():
            try:
                await self.rediscover()
            except ClusterError as error:
                self.undiscovered = error
                self._tried.set()
                log.warning("discovery: %s", error)
                await asyncio.sleep(delay)
                delay = min(self._timing.longest_delay, delay * 2)

    def _watch(self, served: Served) -> None:
        for kind in self._kinds:
            for source in served.sources(kind):
                places = self.namespaces if self.namespaces and kind.namespaced else (None,)
                for place in places:
                    self._watch_one(source, place)

    def _watch_one(self, source: Source, place: str | None) -> None:
        """Begin a watch, unless one runs; one of a version that is served no more is replaced."""
        key = (source.kind.plural, source.group, place or "")
        if key in self._watches:
            if self._watches[key].source.version == source.version:
                return
            self._tasks[key].cancel()
        reflector = Reflector(self.api, source, place, timing=self._timing)
        reflector.slim = SLIM.get(source.kind.type, reflector.slim)
        self._watches[key] = reflector
        task = asyncio.create_task(reflector.run(), name=f"watch of {source.title}")
        task.add_done_callback(_tell_end)
        self._tasks[key] = task

    async def _first_lists(self) -> None:
        await self._tried.wait()
        for watch in self.watches():
            await watch.settled()

    def _gaps(self, kind: Kind) -> list[Gap]:
        """What keeps this kind from being seen as it is now."""
        if not self._discovered.is_set():
            detail = str(self.undiscovered or "the API server has not answered yet")
            return [Gap(kind.name, Why.UNREACHABLE, detail)]
        present = [watch for watch in self._of(kind.type) if watch.state is not WatchState.ABSENT]
        if not present:
            return [not_served(kind)]
        return [_gap(watch) for watch in present if watch.state is not WatchState.LIVE]

    def _objects(self, kind: type[Object]) -> Indexed[Object]:
        watches = self._of(kind)
        revisions = tuple(watch.revision for watch in watches)
        kept = self._kept.get(kind)
        if kept is None or kept[0] != revisions:
            merged = Indexed(object_ for watch in watches for object_ in watch.objects.values())
            kept = self._kept[kind] = (revisions, merged)
        return kept[1]


def _died(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None


def _tell_end(task: asyncio.Task[None]) -> None:
    """Say at once what would be said when the process ends: the task is held until then."""
    if _died(task):
        log.error("the %s has ended", task.get_name(), exc_info=task.exception())


def _gap(reflector: Reflector) -> Gap:
    name = reflector.source.kind.name
    if reflector.state is WatchState.STALE:
        detail = str(reflector.error or "the watch is silent")
        return Gap(name, Why.STALE, detail, reflector.heard_at)
    if reflector.error is None:
        return Gap(name, Why.UNREACHABLE, "its first list has not come yet")
    return gap(
        reflector.source, reflector.error, namespace=reflector.namespace, since=reflector.heard_at
    )


WELL = core.PodStatus(
    phase="Running",
    conditions=(Condition(type="Ready", status="True"),),
    container_statuses=(core.ContainerStatus(ready=True),),
)
"""What is kept of the status of a pod that runs well: that it does, said once for all of them."""


def _slim_pod(pod: Object) -> Object:
    """A pod without what ten thousand healthy ones repeat and nothing needs."""
    if not isinstance(pod, core.Pod):
        return pod
    spec = msgspec.structs.replace(pod.spec, node_name=sys.intern(pod.spec.node_name))
    # Traefik's address is needed: requests are sent there.
    is_traefik = (pod.metadata.labels or {}).get(TRAEFIK_NAME) == "traefik"
    healthy = containers.runs_well(pod) and containers.is_ready(pod) and not pod.malformed
    status = WELL if healthy and not is_traefik else pod.status
    return msgspec.structs.replace(pod, status=status, spec=spec)


SLIM: dict[type[Object], Callable[[Object], Object]] = {core.Pod: _slim_pod}
"""What is left out of a kind before it is kept, where there are many and it decides nothing."""
