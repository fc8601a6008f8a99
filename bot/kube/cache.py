"""The watch cache: keeps every kind current, so that a snapshot needs no request."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from typing import cast

import msgspec

from bot.domain import conditions, containers
from bot.domain.resources import apps, core
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
from bot.kube.shares import Load, Shares
from bot.routing.running import NAMESPACES, TraefikNamespaces, looks_like_traefik
from bot.runtime.tasks import has_failed, log_failure

log = logging.getLogger(__name__)

FIRST_ANSWER = 8.0
"""Seconds that a snapshot waits for the first lists; kinds that have not come by then are gaps.

Less than `bot.chat.client.DRAIN`, so that a question just before the end is still answered.
"""

WatchKey = tuple[str, str, str]
"""A kind's plural and group, and the namespace that is watched; empty: all of them."""


class WatchCache(Details):
    """The cluster as its watches show it. `start` begins them, `close` ends them.

    `namespaces` narrows the watches where the bot may not read the whole cluster; empty: all.
    `traefik` are the namespaces in which Traefik runs.
    """

    def __init__(
        self,
        api: Api,
        *,
        secret_inventory: bool = False,
        namespaces: tuple[str, ...] = (),
        traefik: tuple[str, ...] = NAMESPACES,
        timing: WatchTiming | None = None,
        kinds: tuple[Kind, ...] = KINDS,
        first_answer: float = FIRST_ANSWER,
    ) -> None:
        super().__init__(api)
        self.secret_inventory = secret_inventory
        self.namespaces = namespaces
        self.traefik = traefik
        self._kinds = tuple(
            kind for kind in kinds if kind.type is not SecretName or secret_inventory
        )
        self._timing = timing or WatchTiming()
        self._first_answer = first_answer
        self._shares = Shares()
        self._watches: dict[WatchKey, Reflector] = {}
        self._tasks: dict[WatchKey, asyncio.Task[None]] = {}
        self._merged: dict[type[Object], tuple[tuple[int, ...], Indexed[Object]]] = {}
        """The objects of all watches of a kind, with the revisions that they were merged at."""
        self._discovered = asyncio.Event()
        self._tried = asyncio.Event()
        self.undiscovered: ClusterError | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin discovery and watches, unless they were begun. Returns at once."""
        if self._watcher:
            return
        self._watcher = asyncio.create_task(self._discover_until_done(), name="discovery")
        self._watcher.add_done_callback(log_failure)

    async def close(self) -> None:
        """End every watch."""
        tasks = self._running()
        for task in tasks:
            task.cancel()
        # A task that failed by a bug was logged then, and must not break the shutdown.
        await asyncio.gather(*tasks, return_exceptions=True)

    async def rediscover(self) -> None:
        """Find kinds that were installed since, and watch them. Called on a schedule.

        Raises:
            ClusterError: The server does not answer.
        """
        served = await discover(self.api, self._kinds)
        self.undiscovered = None
        self._watch(served)
        self._discovered.set()
        self._tried.set()

    async def snapshot(
        self, types: Iterable[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """The present state from memory; after the start, once the first lists have come.

        `namespace` is ignored: a report is narrowed where it is made.
        """
        del namespace
        wanted = [KIND_OF[kind] for kind in dict.fromkeys(types) if kind in KIND_OF]
        with suppress(TimeoutError):
            async with asyncio.timeout(self._first_answer):
                await self._first_lists()
        objects: dict[type[Object], tuple[Object, ...]] = {}
        gaps = [] if self.secret_inventory or KIND_OF[SecretName] not in wanted else [OFF]
        for kind in wanted:
            if kind in self._kinds:
                gaps += self._gaps(kind)
                if any(watch.heard_at for watch in self._watches_of(kind.type)):
                    objects[kind.type] = self._objects(kind.type)
        return Snapshot(
            datetime.now(UTC),
            objects,
            tuple(gaps),
            self.namespaces or None,
            supplements={TraefikNamespaces: TraefikNamespaces(self.traefik)},
        )

    def names(self, kind: type[Object]) -> tuple[str, ...]:
        """The names of a kind's objects, for autocomplete: from memory, sorted."""
        return tuple(sorted({resource.name for resource in self._objects(kind)}))

    def watches(self) -> tuple[Reflector, ...]:
        """Every watch, whatever its state."""
        return tuple(self._watches.values())

    def _watches_of(self, kind: type[Object]) -> list[Reflector]:
        return [watch for watch in self._watches.values() if watch.source.kind.type is kind]

    @property
    def tried(self) -> bool:
        """Whether each kind was listed once, or could not be."""
        return self._tried.is_set() and all(watch.tried for watch in self.watches())

    def ended(self) -> tuple[str, ...]:
        """The names of tasks that failed by a bug of this program."""
        return tuple(task.get_name() for task in self._running() if has_failed(task))

    def _running(self) -> list[asyncio.Task[None]]:
        return [*self._tasks.values(), *([self._watcher] if self._watcher else [])]

    async def _discover_until_done(self) -> None:
        delay = self._timing.first_delay
        while not self._discovered.is_set():
            try:
                await self.rediscover()
            except ClusterError as error:
                if str(error) != str(self.undiscovered):
                    log.warning("discovery: %s", error)
                self.undiscovered = error
                self._tried.set()
                await asyncio.sleep(delay)
                delay = min(self._timing.longest_delay, delay * 2)

    def _watch(self, served: Served) -> None:
        for kind in self._kinds:
            for source in served.sources(kind):
                places = self.namespaces if self.namespaces and kind.namespaced else (None,)
                for place in places:
                    self._watch_one(source, place)

    def _watch_one(self, source: Source, place: str | None) -> None:
        """Begin a watch, unless it runs; one of a version that is no longer served is replaced."""
        key = (source.kind.plural, source.group, place or "")
        if key in self._watches:
            if self._watches[key].source.version == source.version:
                return
            self._tasks[key].cancel()
            self._watches[key].load.abandon()
        load = Load(self._shares)
        reflector = Reflector(self.api, source, place, timing=self._timing, load=load)
        reflector.slim = SLIM.get(source.kind.type, reflector.slim)
        self._watches[key] = reflector
        task = asyncio.create_task(reflector.run(), name=f"watch of {source.title}")
        task.add_done_callback(log_failure)
        self._tasks[key] = task

    async def _first_lists(self) -> None:
        await self._tried.wait()
        for watch in self.watches():
            await watch.settled()

    def _gaps(self, kind: Kind) -> list[Gap]:
        """Why this kind cannot be seen as it is now."""
        if not self._discovered.is_set():
            detail = str(self.undiscovered or "the API server has not answered yet")
            return [Gap(kind.name, Why.UNREACHABLE, detail)]
        present = [
            watch for watch in self._watches_of(kind.type) if watch.state is not WatchState.ABSENT
        ]
        if not present:
            return [not_served(kind)]
        gaps = [_gap(watch) for watch in present if watch.state is not WatchState.LIVE]
        return [*gaps, *chain.from_iterable(watch.load.gaps(kind.name) for watch in present)]

    def pods(self) -> Indexed[core.Pod]:
        """All pods that are watched, as they were seen last."""
        return cast("Indexed[core.Pod]", self._objects(core.Pod))

    def _objects(self, kind: type[Object]) -> Indexed[Object]:
        watches = self._watches_of(kind)
        revisions = tuple(watch.revision for watch in watches)
        merged = self._merged.get(kind)
        if merged is None or merged[0] != revisions:
            objects = Indexed(object_ for watch in watches for object_ in watch.objects.values())
            if merged is not None:
                objects = objects.following(merged[1])
            merged = self._merged[kind] = (revisions, objects)
        return merged[1]


def _gap(reflector: Reflector) -> Gap:
    name = reflector.source.kind.name
    if reflector.state is WatchState.STALE:
        detail = str(reflector.error or "the watch is silent")
        return Gap(name, Why.STALE, detail, reflector.heard_at)
    if reflector.error is None:
        return Gap(name, Why.NOT_YET, "its first list has not come yet")
    return gap(
        reflector.source, reflector.error, namespace=reflector.namespace, since=reflector.heard_at
    )


def _slim_pod(pod: Object) -> Object:
    """A pod without what ten thousand healthy ones repeat and nothing needs."""
    if not isinstance(pod, core.Pod):
        return pod
    spec = msgspec.structs.replace(pod.spec, node_name=sys.intern(pod.spec.node_name))
    # Traefik's address is needed: requests are sent there.
    ready = conditions.is_true(pod.status.conditions, "Ready")
    healthy = ready and containers.runs_well(pod) and not pod.malformed
    if ready and healthy and not looks_like_traefik(pod):
        spec = msgspec.structs.replace(
            spec,
            containers=tuple(map(_slim_container, spec.containers)),
            init_containers=tuple(map(_slim_container, spec.init_containers)),
            volumes=(),
            restart_policy="",
        )
        status = _addressed(containers.well(ready.last_transition_time), pod.status)
        return msgspec.structs.replace(pod, status=status, spec=spec)
    return msgspec.structs.replace(pod, spec=spec)


def _addressed(status: core.PodStatus, own: core.PodStatus) -> core.PodStatus:
    """A status with a pod's own addresses: route checks ask its port, and believe no slice alone.

    Nearly all pods have one address, and it is kept once.
    """
    others = own.pod_ips if own.pod_ips and len(own.pod_ips) > 1 else None
    if not own.pod_ip and others is None:
        return status
    return msgspec.structs.replace(status, pod_ip=own.pod_ip, pod_ips=others)


def _slim_container(container: core.Container) -> core.Container:
    """A container of a pod that is well: what is run is read of Traefik's pods alone."""
    return msgspec.structs.replace(container, image="", command=None, args=None, resources=None)


ROLLED_OUT = (
    Condition(type="Available", status="True"),
    Condition(type="Progressing", status="True", reason="NewReplicaSetAvailable"),
)
"""The conditions that stand for those of all Deployments that are rolled out and available."""


def _slim_workload(workload: Object) -> Object:
    """A workload without what is only read where something is wrong with it."""
    if not isinstance(workload, apps.WorkloadObject | apps.DaemonSet):
        return workload
    if workload.malformed or not _has_its_pods(workload):
        return workload
    meta = msgspec.structs.replace(workload.metadata, managed_fields=None)
    spec = msgspec.structs.replace(workload.spec, template=apps.PodTemplate())
    workload = msgspec.structs.replace(workload, metadata=meta, spec=spec)
    if isinstance(workload, apps.Deployment) and _rolled_out(workload.status):
        status = msgspec.structs.replace(workload.status, conditions=ROLLED_OUT)
        workload = msgspec.structs.replace(workload, status=status)
    return workload


def _has_its_pods(workload: apps.WorkloadObject | apps.DaemonSet) -> bool:
    """Whether its controller has seen its present form, and has all of its pods ready."""
    status, generation = workload.status, workload.metadata.generation
    if status.observed_generation is None or status.observed_generation < generation:
        return False
    if isinstance(status, apps.DaemonSetStatus):
        wanted = status.desired_number_scheduled or 0
        return wanted > 0 and status.number_ready >= wanted <= status.updated_number_scheduled
    wanted = workload.spec.replicas
    ready = {status.replicas, status.ready_replicas, status.available_replicas}
    return wanted > 0 and ready == {wanted} == {status.updated_replicas}


def _rolled_out(status: apps.WorkloadStatus) -> bool:
    said = {entry.type: (entry.status, entry.reason) for entry in status.conditions}
    wanted = ("True", "NewReplicaSetAvailable")
    return (
        len(said) == len(ROLLED_OUT)
        and said.get("Progressing") == wanted
        and (said.get("Available", ("", ""))[0] == "True")
    )


SLIM: dict[type[Object], Callable[[Object], Object]] = {
    core.Pod: _slim_pod,
    apps.Deployment: _slim_workload,
    apps.StatefulSet: _slim_workload,
    apps.DaemonSet: _slim_workload,
}
"""How objects of a kind are made smaller before they are kept, where there are many."""
