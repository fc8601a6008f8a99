"""Jobs in the probe's namespace, each on its node: made, waited for, read, and always removed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec

from bot.domain.temporary import NAMESPACE
from bot.errors import Absent, ClusterError, Conflict, Forbidden, Invalid
from bot.kube.client import Api
from bot.kube.paths import ApiPath, path
from bot.net.probing import manifests
from bot.net.probing.manifests import Manifest

log = logging.getLogger(__name__)

JOBS = path("/apis/batch/v1/namespaces", NAMESPACE, "jobs")
PODS = path("/api/v1/namespaces", NAMESPACE, "pods")
SERVICES = path("/api/v1/namespaces", NAMESPACE, "services")
SLICES = path("/apis/discovery.k8s.io/v1/namespaces", NAMESPACE, "endpointslices")
EVENTS = path("/api/v1/namespaces", NAMESPACE, "events")
OURS = "app.kubernetes.io/managed-by=meshmedic"
COMPONENT = "Add deploy/components/prober, which allows it in the namespace meshmedic-probe alone."

START = 25.0
"""Seconds until a pod must run: the image is on the node already where the bot has run."""

LOOK = 0.25
"""Seconds between two looks at a pod that starts."""

REQUEST = 8.0
"""Seconds for one request."""

NEVER_SEEN = "ContainerStatusUnknown"
"""What a kubelet says of a container that it has no record of. Source: its status manager."""

LOOKS_AT_END = 20
LEFT_OVER = 600.0
"""Seconds after which what is ours and still there was left by a process that is gone."""


class ContainerEnd(msgspec.Struct, frozen=True, rename="camel"):
    """How a container ended."""

    exit_code: int = 0
    reason: str | None = ""
    message: str | None = ""


class JobContainerState(msgspec.Struct, frozen=True):
    """The state of a container."""

    waiting: dict[str, Any] | None = None
    terminated: ContainerEnd | None = None


class JobContainer(msgspec.Struct, frozen=True):
    """`status.containerStatuses[]`."""

    state: JobContainerState = JobContainerState()


class JobPodStatus(msgspec.Struct, frozen=True, rename="camel"):
    """`status` of a pod."""

    phase: str = ""
    reason: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    message: str = ""
    container_statuses: tuple[JobContainer, ...] = ()

    @property
    def terminated(self) -> ContainerEnd | None:
        """How its container ended; None while it has not."""
        return next((status.state.terminated for status in self.container_statuses), None)

    @property
    def rejection(self) -> str:
        """Why the node turned the pod away, before any container of it ran; empty if it did not.

        Source: kubelet, `rejectPod`: phase Failed with a reason such as OutOfcpu and a message.
        """
        if self.phase != "Failed" or (self.terminated and self.terminated.reason != NEVER_SEEN):
            return ""
        return f"{self.reason or 'Failed'}: {self.message or 'its node turned it away'}"[:300]


class JobMeta(msgspec.Struct, frozen=True, rename="camel"):
    """`metadata` of whatever is ours."""

    name: str
    creation_timestamp: str = ""


class JobPod(msgspec.Struct, frozen=True):
    """A pod of a Job."""

    metadata: JobMeta
    status: JobPodStatus = JobPodStatus()


class _Pods(msgspec.Struct, frozen=True):
    items: tuple[JobPod, ...] = ()


class _Event(msgspec.Struct, frozen=True):
    reason: str | None = ""
    message: str | None = ""


class _Events(msgspec.Struct, frozen=True):
    items: tuple[_Event, ...] = ()


class NodeJobs:
    """Runs Jobs. `start` is how many seconds a pod may take until it runs."""

    def __init__(self, api: Api, start: float = START) -> None:
        self.api = api
        self.start = start

    @asynccontextmanager
    async def running(self, manifest: Manifest) -> AsyncIterator[JobPod]:
        """The pod of a Job, once it runs or has ended; both are removed after the block.

        Raises:
            ClusterError: It cannot be made or does not run; the message says why.
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
            # Also where nobody knows whether it was made: the answer may be what was lost.
            if not refused:
                await self.surely(self.remove(path(JOBS, name)))

    async def create(self, at: ApiPath, manifest: Manifest) -> Manifest:
        """Make an object; what the API server made of it.

        Raises:
            ClusterError: It cannot be made; the message says what is missing.
        """
        try:
            body = await self.api.send("POST", at, manifest, total=REQUEST)
        except (Forbidden, Absent) as error:
            raise type(error)(f"{error} {COMPONENT}") from error
        made: Manifest = msgspec.json.decode(body)
        return made

    async def remove(self, at: ApiPath) -> None:
        """Delete an object, and what it owns with it; it may be gone already."""
        query = [("propagationPolicy", "Background")]
        with suppress(Absent):
            await self.api.send("DELETE", at, None, query, total=REQUEST)

    async def surely(self, removal: Awaitable[None]) -> None:
        """Also where the block was cancelled; what cannot be removed ends at its deadline."""
        task = asyncio.ensure_future(removal)
        try:
            await asyncio.shield(task)
        except ClusterError as error:
            log.warning("what was made to probe is removed at its deadline: %s", error)

    @asynccontextmanager
    async def following(
        self, pod: JobPod, *, limit: int, seconds: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """What the pod says, as it comes, until it ends or has said so many bytes.

        Raises:
            ClusterError: The log cannot be read, or takes longer.
        """
        query: list[tuple[str, str | int]] = [("follow", "true"), ("limitBytes", limit)]
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=REQUEST)
        log_of = path(PODS, pod.metadata.name, "log")
        async with self.api.stream(log_of, query, limits=limits, accept="*/*") as response:
            yield response.content.iter_any()

    async def ended(self, pod: JobPod) -> ContainerEnd | None:
        """How the pod's container ended; None where nobody says so soon after its log's end."""
        for _ in range(LOOKS_AT_END):
            body = await self.api.get(path(PODS, pod.metadata.name), total=REQUEST)
            if found := msgspec.json.decode(body, type=JobPod).status.terminated:
                return found
            await asyncio.sleep(LOOK)
        return None

    async def sweep(self, *, older_than: float = LEFT_OVER) -> int:
        """Remove what a process that is gone left behind. Returns how many objects.

        Without it they end at their deadlines; `older_than` in seconds spares who is at work.
        """
        removed = 0
        for kind in (JOBS, SERVICES, SLICES):
            try:
                body = await self.api.get(kind, [("labelSelector", OURS)], total=REQUEST)
                for job_pod in msgspec.json.decode(body, type=_Pods).items:
                    if _age(job_pod.metadata.creation_timestamp) > older_than:
                        await self.remove(path(kind, job_pod.metadata.name))
                        removed += 1
            except ClusterError as error:
                log.warning("what was left in %s cannot be removed: %s", NAMESPACE, error)
                return removed
        return removed

    async def _begun(self, job: str) -> JobPod:
        """Wait until the pod of a Job runs.

        Raises:
            ClusterError: It does not, in time; the message says what keeps it.
        """
        end = time.monotonic() + self.start
        pod: JobPod | None = None
        while time.monotonic() < end:
            query = [("labelSelector", f"{manifests.JOB_NAME}={job}")]
            body = await self.api.get(PODS, query, total=REQUEST)
            pod = next(iter(msgspec.json.decode(body, type=_Pods).items), None)
            if pod and (why := pod.status.rejection or _obstacle(pod)):
                raise ClusterError(f"The probe's pod does not run: {why}")
            if pod and pod.status.phase in ("Running", "Succeeded", "Failed"):
                return pod
            await asyncio.sleep(LOOK)
        raise ClusterError(await self._why_not(job, pod))

    async def _why_not(self, job: str, pod: JobPod | None) -> str:
        name = pod.metadata.name if pod else job
        said = f"The probe's pod did not run within {self.start:.0f} s"
        with suppress(ClusterError, msgspec.MsgspecError):
            query = [("fieldSelector", f"involvedObject.name={name}")]
            body = await self.api.get(EVENTS, query, total=REQUEST)
            events = msgspec.json.decode(body, type=_Events).items
            if events:
                return f"{said}: {events[-1].reason}: {events[-1].message}"[:400]
        return f"{said}: its node may be away, or its image not to be had."


def _obstacle(pod: JobPod) -> str:
    """What a waiting container says that will not mend itself in time."""
    for status in pod.status.container_statuses:
        waiting = status.state.waiting or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            return f"{waiting['reason']}: {waiting.get('message', '')}"[:300]
    return ""


def _age(created: str) -> float:
    now = datetime.now(UTC)
    return (now - (datetime.fromisoformat(created) if created else now)).total_seconds()
