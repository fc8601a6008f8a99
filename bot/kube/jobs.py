"""Jobs in the probe's namespace: created on a node, waited for, read, and always removed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import msgspec

from bot.domain.principal import ITSELF, acting_as
from bot.domain.resources.base import Object
from bot.domain.resources.core import Terminated
from bot.domain.resources.decode import decode_object, decode_page
from bot.domain.sentences import sentences
from bot.domain.temporary import LONGEST, NAMESPACE
from bot.errors import Absent, ClusterError, Conflict, Forbidden, Invalid, Refused
from bot.kube.client import Api
from bot.kube.paths import ApiPath, path
from bot.kube.pod_start import LOOK, REQUEST, NotInTime, Patience, PodStart, rejection, state
from bot.kube.pods import ListedPod, collection, log_path
from bot.kube.transport import TimeLimits
from bot.net.probing.manifests import Manifest
from bot.net.probing.protocol import Progress

log = logging.getLogger(__name__)

JOBS = path("/apis/batch/v1/namespaces", NAMESPACE, "jobs")
PODS = collection(NAMESPACE)
SERVICES = path("/api/v1/namespaces", NAMESPACE, "services")
SLICES = path("/apis/discovery.k8s.io/v1/namespaces", NAMESPACE, "endpointslices")
OURS = "app.kubernetes.io/managed-by=meshmedic"
COMPONENT = "Add deploy/components/prober, which allows it in the namespace meshmedic-probe alone."

IN_VAIN = 30.0
"""Seconds for which a node is asked for no other pod where one did not run in time."""

LOOKS_AT_END = 20
LEFT_OVER = LONGEST.total_seconds()
"""The age in seconds from which an object of ours was left behind by an earlier process."""


class NodeJobs:
    """Runs Jobs on nodes, each with `patience` until its pod runs."""

    def __init__(self, api: Api, patience: Patience) -> None:
        self.api = api
        self.patience = patience
        self._in_vain: dict[str, tuple[float, str]] = {}
        """Until when a node is asked for no other pod, by the monotonic clock, and why."""

    def hope(self, nodes: Iterable[str]) -> None:
        """Ask these nodes for pods again, also where one did not run lately."""
        for node in nodes:
            self._in_vain.pop(node, None)

    @asynccontextmanager
    async def running(self, manifest: Manifest, progress: Progress) -> AsyncIterator[ListedPod]:
        """The pod of a Job, once it runs or has ended; both are removed after the block.

        Raises:
            ClusterError: It cannot be created or does not run; the message says why.
        """
        name, node = manifest["metadata"]["name"], manifest["spec"]["template"]["spec"]["nodeName"]
        until, why = self._in_vain.get(node, (0.0, ""))
        if time.monotonic() < until:
            raise NotInTime(why)
        refused = False
        try:
            try:
                await self.create(JOBS, manifest)
            except (Forbidden, Absent, Conflict, Invalid, Refused):
                refused = True
                raise
            yield await self._begun(PodStart(self.api, name, node, self.patience, progress))
        finally:
            # Also where the outcome is unknown: only the answer may have been lost.
            if not refused:
                await self.remove_surely(path(JOBS, name))

    async def create(self, at: ApiPath, manifest: Manifest) -> Manifest:
        """Create an object, and return it as the API server stored it.

        Raises:
            ClusterError: It cannot be created; the message says what is missing.
        """
        try:
            body = await self.api.send("POST", at, manifest, total=REQUEST)
        except (Forbidden, Absent) as error:
            raise type(error)(sentences(str(error), COMPONENT)) from error
        created: Manifest = msgspec.json.decode(body)
        return created

    async def remove(self, at: ApiPath) -> None:
        """Delete an object, with all that it owns; it may be gone already.

        The bot takes away what it made, whatever became of the person that it was made for.
        """
        query = [("propagationPolicy", "Background")]
        with suppress(Absent), acting_as(ITSELF):
            await self.api.send("DELETE", at, None, query, total=REQUEST)

    async def remove_surely(self, at: ApiPath) -> None:
        """Delete an object, cancelled or not. What cannot be removed ends at its deadline."""
        try:
            await asyncio.shield(asyncio.create_task(self.remove(at)))
        except ClusterError as error:
            log.warning("what was made to probe is removed at its deadline: %s", error)

    @asynccontextmanager
    async def following(
        self, pod: ListedPod, *, limit: int, seconds: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pod's log as it is written, until the pod ends or `limit` bytes have come.

        Raises:
            ClusterError: The log cannot be read, or takes longer than `seconds`.
        """
        query: list[tuple[str, str | int]] = [("follow", "true"), ("limitBytes", limit)]
        limits = TimeLimits(total=seconds, connect=REQUEST)
        at = log_path(NAMESPACE, pod.name)
        async with self.api.stream(at, query, limits=limits, accept="*/*") as response:
            yield response.content.iter_any()

    async def ended(self, pod: ListedPod) -> Terminated | None:
        """How the pod's container ended; None where that is not known soon after its log's end."""
        for _ in range(LOOKS_AT_END):
            body = await self.api.get(path(PODS, pod.name), total=REQUEST)
            if terminated := state(decode_object(body, ListedPod)).terminated:
                return terminated
            await asyncio.sleep(LOOK)
        return None

    async def check_kept(self, pod: ListedPod) -> None:
        """Check a pod whose log ended too soon.

        Raises:
            ClusterError: Its node put an end to it, such as by an eviction; the message says why.
        """
        try:
            body = await self.api.get(path(PODS, pod.name), total=REQUEST)
        except ClusterError:
            return
        if why := rejection(decode_object(body, ListedPod)):
            raise ClusterError(f"The probe's pod was ended: {why}")

    async def _begun(self, start: PodStart) -> ListedPod:
        try:
            return await start.begun()
        except NotInTime as error:
            self._in_vain[start.node] = time.monotonic() + IN_VAIN, str(error)
            raise

    async def sweep(self, *, older_than: float = LEFT_OVER) -> int:
        """Remove what an earlier process left behind. Returns the number of objects.

        Without that they end at their deadlines. `older_than`, in seconds, spares those in use.
        """
        removed = 0
        for kind in (JOBS, SERVICES, SLICES):
            try:
                body = await self.api.get(kind, [("labelSelector", OURS)], total=REQUEST)
                for resource in decode_page(body, Object).items:
                    if _age(resource) > older_than:
                        await self.remove(path(kind, resource.name))
                        removed += 1
            except ClusterError as error:
                log.warning("what was left in %s cannot be removed: %s", NAMESPACE, error)
                return removed
        return removed


def _age(resource: Object) -> float:
    """Seconds since an object was made; 0 where it does not say."""
    now = datetime.now(UTC)
    return (now - (resource.metadata.creation_timestamp or now)).total_seconds()
