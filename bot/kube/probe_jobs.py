"""Probing by short-lived pods on demand, one Job a place: what it made, it removes.

The job goes in by the pod's arguments and the answers come out by its log, which takes the way from
the API server to the kubelet: it works while the pod network is down.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec

from bot.core.network import lines, manifests
from bot.core.network.manifests import NAMESPACE, Manifest
from bot.core.network.observation import Source, Stance
from bot.core.network.probing import (
    Answer,
    Backend,
    Heard,
    Job,
    Listen,
    Listener,
    Probe,
    Progress,
    Vip,
)
from bot.errors import ClusterError, MeshmedicError
from bot.kube.api import Absent, Api, Conflict, Forbidden

log = logging.getLogger(__name__)

JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
SERVICES = f"/api/v1/namespaces/{NAMESPACE}/services"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
OURS = "app.kubernetes.io/managed-by=meshmedic"
COMPONENT = "Add deploy/components/prober, which allows it in the namespace meshmedic-probe alone."

START = 25.0
"""Seconds until a pod must run: the image is on the node already where the bot has run."""

LOOK = 0.25
"""Seconds between two looks at a pod that starts."""

LONGEST = 60.0
"""Seconds that one place may probe."""

REQUEST = 8.0
MOST_LOG = 4 * 1024 * 1024
LISTEN = 120.0
LEFT_OVER = 600.0
"""Seconds after which what is ours and still there was left by a process that is gone."""


class _State(msgspec.Struct, frozen=True):
    waiting: dict[str, Any] | None = None


class _Container(msgspec.Struct, frozen=True):
    state: _State = _State()


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    message: str = ""
    container_statuses: tuple[_Container, ...] = ()


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    creation_timestamp: str = ""


class _Pod(msgspec.Struct, frozen=True):
    metadata: _Meta
    status: _Status = _Status()


class _Pods(msgspec.Struct, frozen=True):
    items: tuple[_Pod, ...] = ()


class _Event(msgspec.Struct, frozen=True):
    reason: str | None = ""
    message: str | None = ""


class _Events(msgspec.Struct, frozen=True):
    items: tuple[_Event, ...] = ()


class ProbeJobs:
    """A `Prober` of pods on demand. `image` tells which image holds `bot.probe`: the bot's own."""

    name = "pods on demand"

    def __init__(
        self, api: Api, image: Callable[[], Awaitable[str]], *, host_network: bool = False
    ) -> None:
        self._api = api
        self._image = image
        self._host_network = host_network
        self.start = START
        """Seconds until a pod must run."""
        self._owner: Manifest | None = None
        self._pods: dict[str, str] = {}

    @property
    def blind(self) -> tuple[str, ...]:
        """What pods in their own namespace do not see."""
        policies = (
            "NetworkPolicies that select Traefik's pods: the probes run beside Traefik, not in it. "
            "deploy/components/exec allows to ask from its pod."
        )
        host = (
            "The node's own network: set MESHMEDIC_PROBE_HOST_NETWORK=true, and the namespace "
            "meshmedic-probe to Pod Security privileged."
        )
        return (policies,) if self._host_network else (policies, host)

    async def probe(
        self, source: Source, probes: Sequence[Probe], progress: Progress
    ) -> tuple[Answer, ...]:
        """One Job on that node; several, one after the other, where its argument grows too long.

        Raises:
            ClusterError: It cannot be made or does not run; the message says why.
        """
        if source.stance is Stance.TRAEFIK:
            msg = "Probing from Traefik's own pod needs deploy/components/exec in its namespace."
            raise ClusterError(msg)
        if source.stance is Stance.HOST and not self._host_network:
            raise ClusterError(self.blind[1])
        found: dict[str, list[Answer]] = {each.id: [] for each in probes}
        for few in manifests.portions(probes):
            progress(f"Starting a pod on {source.node}.")
            for answer in await self._probed(source, few):
                found.get(answer.id, []).append(answer)
        return tuple(answer for each in probes for answer in found[each.id])

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, Listener]]:
        """Listeners on these nodes while the block runs; nodes that cannot have one are absent."""
        progress(f"Starting listeners on {', '.join(nodes)}.")
        async with AsyncExitStack() as stack:
            begun = await asyncio.gather(
                *(self._listener(stack, node) for node in nodes), return_exceptions=True
            )
            for node, each in zip(nodes, begun, strict=True):
                if isinstance(each, MeshmedicError):
                    log.warning("no listener on %s: %s", node, each)
                    progress(f"No listener on {node}: {each}")
                elif isinstance(each, BaseException):
                    raise each
            yield {each.node: each for each in begun if isinstance(each, Listener)}

    async def heard(self, listener: Listener) -> tuple[Heard, ...] | None:
        """By its log; None where that cannot be read."""
        name = self._pods.get(listener.node)
        if name is None:
            return None
        # It tells news twice a second.
        await asyncio.sleep(1.0)
        try:
            body = await self._api.get(f"{PODS}/{name}/log", accept="*/*", total=REQUEST)
        except ClusterError:
            return None
        job = name.rpartition("-")[0]
        return lines.heard(lines.of_job(body, job))

    @asynccontextmanager
    async def sole_vips(
        self, backends: Sequence[Backend], progress: Progress
    ) -> AsyncIterator[Mapping[Backend, Vip]]:
        """Temporary Services, each with one endpoint only, while the block runs."""
        progress("Making temporary Services.")
        made: dict[Backend, Vip] = {}
        async with AsyncExitStack() as stack:
            for backend in dict.fromkeys(backends):
                try:
                    made[backend] = await self._sole(stack, backend)
                except (Forbidden, Conflict, ClusterError) as error:
                    log.warning("no temporary Service for %s: %s", backend.address, error)
                    progress(f"No temporary Service: {error}")
                    break
            yield made

    async def sweep(self, *, older_than: float = LEFT_OVER) -> int:
        """Remove what a process that is gone left behind. Returns how many objects.

        Without it they end at their deadlines; `older_than` in seconds spares who is at work.
        """
        removed = 0
        for path in (JOBS, SERVICES, SLICES):
            try:
                body = await self._api.get(path, [("labelSelector", OURS)], total=REQUEST)
            except ClusterError as error:
                log.warning("what was left in %s cannot be looked for: %s", NAMESPACE, error)
                return removed
            for each in msgspec.json.decode(body, type=_Pods).items:
                if _age(each.metadata.creation_timestamp) > older_than:
                    await self._remove(f"{path}/{each.metadata.name}")
                    removed += 1
        return removed

    async def _probed(self, source: Source, probes: Sequence[Probe]) -> tuple[Answer, ...]:
        job = Job(id=_name("probe"), expires=time.time() + LONGEST + START, probes=tuple(probes))
        host = source.stance is Stance.HOST
        async with self._running(job, source.node, host_network=host) as pod:
            return lines.answers(lines.of_job(await self._log_until_done(pod, job.id), job.id))

    async def _listener(self, stack: AsyncExitStack, node: str) -> Listener:
        listen = Listen(name=node, seconds=LISTEN)
        job = Job(id=_name("listen"), expires=time.time() + LISTEN + START, listen=listen)
        pod = await stack.enter_async_context(self._running(job, node))
        self._pods[node] = pod.metadata.name
        stack.callback(self._pods.pop, node, None)
        return Listener(node, pod.status.pod_ip, listen.port)

    @asynccontextmanager
    async def _running(
        self, job: Job, node: str, *, host_network: bool = False
    ) -> AsyncIterator[_Pod]:
        """The pod of a Job, once it runs or has ended; removed after the block."""
        seconds = int(max(0.0, job.expires - time.time())) + 5
        image = await self._image()
        manifest = manifests.probe_job(
            job, node=node, image=image, seconds=seconds, host_network=host_network
        )
        made = await self._create(JOBS, manifest)
        if job.listen:
            self._owner = made
        try:
            yield await self._begun(job.id)
        finally:
            if self._owner is made:
                self._owner = None
            await self._surely(self._remove(f"{JOBS}/{job.id}"))

    async def _begun(self, job: str) -> _Pod:
        """Wait until the pod of a Job runs.

        Raises:
            ClusterError: It does not, in time; the message says what keeps it.
        """
        end = time.monotonic() + self.start
        pod: _Pod | None = None
        while time.monotonic() < end:
            query = [("labelSelector", f"{manifests.JOB_NAME}={job}")]
            body = await self._api.get(PODS, query, total=REQUEST)
            pod = next(iter(msgspec.json.decode(body, type=_Pods).items), None)
            if pod and pod.status.phase in ("Running", "Succeeded", "Failed"):
                return pod
            if pod and (why := _obstacle(pod)):
                raise ClusterError(f"The probe's pod does not run: {why}")
            await asyncio.sleep(LOOK)
        raise ClusterError(await self._why_not(job, pod))

    async def _why_not(self, job: str, pod: _Pod | None) -> str:
        name = pod.metadata.name if pod else job
        said = f"The probe's pod did not run within {self.start:.0f} s"
        with suppress(ClusterError, msgspec.MsgspecError):
            query = [("fieldSelector", f"involvedObject.name={name}")]
            body = await self._api.get(EVENTS, query, total=REQUEST)
            events = msgspec.json.decode(body, type=_Events).items
            if events:
                return f"{said}: {events[-1].reason}: {events[-1].message}"[:400]
        return f"{said}: its node may be away, or its image not to be had."

    async def _log_until_done(self, pod: _Pod, job: str) -> bytes:
        """Follow the log until the job's last line, or its end."""
        path = f"{PODS}/{pod.metadata.name}/log"
        query: list[tuple[str, str | int]] = [("follow", "true"), ("limitBytes", MOST_LOG)]
        limits = aiohttp.ClientTimeout(total=LONGEST + START, sock_connect=REQUEST)
        body = bytearray()
        async with self._api.stream(path, query, limits=limits, accept="*/*") as response:
            async for part in response.content.iter_any():
                body += part
                if any(line.done or line.refused for line in lines.of_job(_tail(body), job)):
                    break
        refused = [line.refused for line in lines.of_job(bytes(body), job) if line.refused]
        if refused:
            raise ClusterError(f"The prober refused its job: {refused[0]}")
        return bytes(body)

    async def _sole(self, stack: AsyncExitStack, backend: Backend) -> Vip:
        name = _name("sole")
        service = manifests.sole_service(name, backend.port, self._owner)
        made = await self._create(SERVICES, service)
        stack.push_async_callback(self._surely, self._remove(f"{SERVICES}/{name}"))
        piece = manifests.sole_slice(name, backend, self._owner)
        await self._create(SLICES, piece)
        stack.push_async_callback(self._surely, self._remove(f"{SLICES}/{name}"))
        return Vip(str(made["spec"]["clusterIP"]), backend.port)

    async def _create(self, path: str, manifest: Manifest) -> Manifest:
        try:
            body = await self._api.send("POST", path, manifest, total=REQUEST)
        except (Forbidden, Absent) as error:
            msg = f"{error} {COMPONENT}"
            raise ClusterError(msg) from error
        made: Manifest = msgspec.json.decode(body)
        return made

    async def _remove(self, path: str) -> None:
        query = [("propagationPolicy", "Background")]
        with suppress(Absent):
            await self._api.send("DELETE", path, None, query, total=REQUEST)

    async def _surely(self, removal: Awaitable[None]) -> None:
        """Also where the block was cancelled; what cannot be removed ends at its deadline."""
        task = asyncio.ensure_future(removal)
        try:
            await asyncio.shield(task)
        except ClusterError as error:
            log.warning("what was made to probe is removed at its deadline: %s", error)


def _name(what: str) -> str:
    return f"{what}-{secrets.token_hex(5)}"


def _tail(body: bytearray) -> bytes:
    """The last lines, where a job's end stands."""
    return bytes(body[body.rfind(b"\n", 0, max(0, len(body) - 1000)) + 1 :])


def _obstacle(pod: _Pod) -> str:
    """What a waiting container says that will not mend itself in time."""
    for each in pod.status.container_statuses:
        waiting = each.state.waiting or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            return f"{waiting['reason']}: {waiting.get('message', '')}"[:300]
    return ""


def _age(created: str) -> float:
    now = datetime.now(UTC)
    return (now - (datetime.fromisoformat(created) if created else now)).total_seconds()
