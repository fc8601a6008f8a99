"""Jobs in the probe's namespace: created on a node, waited for, read, and always removed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import aiohttp
import msgspec

from bot.domain.finding import Ref
from bot.domain.resources.base import Object
from bot.domain.resources.core import ContainerState, Terminated
from bot.domain.resources.decode import decode_object, decode_page
from bot.domain.temporary import NAMESPACE
from bot.errors import Absent, ClusterError, Conflict, Forbidden, Invalid
from bot.kube.client import Api
from bot.kube.events_and_logs import Details
from bot.kube.paths import ApiPath, path
from bot.kube.pods import ListedPod, collection, list_pods, log_path
from bot.net.probing import manifests
from bot.net.probing.manifests import Manifest

log = logging.getLogger(__name__)

JOBS = path("/apis/batch/v1/namespaces", NAMESPACE, "jobs")
PODS = collection(NAMESPACE)
SERVICES = path("/api/v1/namespaces", NAMESPACE, "services")
SLICES = path("/apis/discovery.k8s.io/v1/namespaces", NAMESPACE, "endpointslices")
OURS = "app.kubernetes.io/managed-by=meshmedic"
COMPONENT = "Add deploy/components/prober, which allows it in the namespace meshmedic-probe alone."

START = 25.0
"""Seconds within which a pod must run: nodes on which the bot has run have the image."""

LOOK = 0.25
"""Seconds between two reads of a pod that starts or ends."""

REQUEST = 8.0
"""Seconds for one request."""

NEVER_SEEN = "ContainerStatusUnknown"
"""The reason for a container that a kubelet has no record of. Source: its status manager."""

LOOKS_AT_END = 20
LEFT_OVER = 600.0
"""The age in seconds from which an object of ours was left behind by an earlier process."""


class NodeJobs:
    """Runs Jobs. `start`: the seconds within which a pod must run."""

    def __init__(self, api: Api, start: float = START) -> None:
        self.api = api
        self.start = start

    @asynccontextmanager
    async def running(self, manifest: Manifest) -> AsyncIterator[ListedPod]:
        """The pod of a Job, once it runs or has ended; both are removed after the block.

        Raises:
            ClusterError: It cannot be created or does not run; the message says why.
        """
        name = manifest["metadata"]["name"]
        refused = False
        try:
            try:
                await self.create(JOBS, manifest)
            except (Forbidden, Absent, Conflict, Invalid):
                refused = True
                raise
            yield await self._begun(name)
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
            raise type(error)(f"{error} {COMPONENT}") from error
        created: Manifest = msgspec.json.decode(body)
        return created

    async def remove(self, at: ApiPath) -> None:
        """Delete an object, with all that it owns; it may be gone already."""
        query = [("propagationPolicy", "Background")]
        with suppress(Absent):
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
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=REQUEST)
        at = log_path(NAMESPACE, pod.name)
        async with self.api.stream(at, query, limits=limits, accept="*/*") as response:
            yield response.content.iter_any()

    async def ended(self, pod: ListedPod) -> Terminated | None:
        """How the pod's container ended; None where that is not known soon after its log's end."""
        for _ in range(LOOKS_AT_END):
            body = await self.api.get(path(PODS, pod.name), total=REQUEST)
            if terminated := _state(decode_object(body, ListedPod)).terminated:
                return terminated
            await asyncio.sleep(LOOK)
        return None

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

    async def _begun(self, job: str) -> ListedPod:
        """The pod of a Job, once it runs or has ended.

        Raises:
            ClusterError: It does not run in time; the message says why.
        """
        end = time.monotonic() + self.start
        pod: ListedPod | None = None
        while time.monotonic() < end:
            label = f"{manifests.JOB_NAME}={job}"
            pods = await list_pods(self.api, label, namespace=NAMESPACE, total=REQUEST)
            pod = next(iter(pods), None)
            if pod and (why := _rejection(pod) or _obstacle(pod)):
                raise ClusterError(f"The probe's pod does not run: {why}")
            if pod and pod.status.phase in ("Running", "Succeeded", "Failed"):
                return pod
            await asyncio.sleep(LOOK)
        raise ClusterError(await self._why_not(job, pod))

    async def _why_not(self, job: str, pod: ListedPod | None) -> str:
        delay = f"The probe's pod did not run within {self.start:.0f} s"
        about = Ref("Pod" if pod else "Job", NAMESPACE, pod.name if pod else job)
        with suppress(ClusterError):
            for event in await Details(self.api).events(about):
                return f"{delay}: {event.reason}: {event.message}"[:400]
        return f"{delay}: its node may be away, or its image not to be had."


def _state(pod: ListedPod) -> ContainerState:
    """The state of the pod's one container."""
    return next((status.state for status in pod.status.container_statuses), ContainerState())


def _rejection(pod: ListedPod) -> str:
    """Why the node turned the pod away before any container ran; empty where it did not.

    Source: kubelet, `rejectPod`: phase Failed with a reason such as OutOfcpu and a message.
    """
    status, terminated = pod.status, _state(pod).terminated
    if status.phase != "Failed" or (terminated and terminated.reason != NEVER_SEEN):
        return ""
    return f"{status.reason or 'Failed'}: {status.message or 'its node turned it away'}"[:300]


def _obstacle(pod: ListedPod) -> str:
    """What keeps a container waiting and will not go away in time; empty where nothing does."""
    waiting = _state(pod).waiting
    if waiting is None or waiting.reason in ("", "ContainerCreating", "PodInitializing"):
        return ""
    return f"{waiting.reason}: {waiting.message}"[:300]


def _age(resource: Object) -> float:
    """Seconds since an object was made; 0 where it does not say."""
    now = datetime.now(UTC)
    return (now - (resource.metadata.creation_timestamp or now)).total_seconds()
