"""Probing by short-lived pods, one Job for each vantage point, which are removed afterwards.

A job is passed in the pod's arguments, and its answers are read from the pod's log through the API
server and the kubelet: so it works while the pod network is down.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from bot.domain.temporary import NAMESPACE
from bot.errors import ClusterError, MeshmedicError
from bot.kube.client import Api
from bot.kube.jobs import JOBS, SERVICES, SLICES, NodeJobs
from bot.kube.paths import path
from bot.kube.pod_start import PULL, REQUEST, START, Patience
from bot.kube.pods import ListedPod, log_path
from bot.kube.prober_exec import WgetProber
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.probing import manifests
from bot.net.probing import output as lines
from bot.net.probing.manifests import ImageSource, Manifest
from bot.net.probing.protocol import (
    CheckedProbe,
    Heard,
    Listen,
    ListenerAddress,
    ProbeAnswer,
    ProbedBackend,
    ProbeJob,
    ProberLine,
    Progress,
    Vip,
)
from bot.routing.running import NAMESPACES

log = logging.getLogger(__name__)

LONGEST = 60.0
"""Seconds for all probes from one vantage point."""

AT_ONCE = 10
"""Vantage points that probe at the same time: each is a pod to schedule."""

MOST_LOG = 4 * 1024 * 1024
BEGINS = 10.0
"""Seconds from the start of a pod until it must listen: Python starts slowly on a small board."""

LISTEN = 120.0
ANCHOR = 180
"""Seconds after which temporary Services are removed by Kubernetes itself."""

ON_DEMAND = "pods on demand"
HOST = (
    "The node's own network: set MESHMEDIC_PROBE_HOST_NETWORK=true, and the namespace "
    "meshmedic-probe to Pod Security privileged."
)


class ProbeJobs:
    """A `Prober` by pods on demand, and by `wget` where Traefik itself runs.

    `image` finds the image that holds `bot.probe`, which is the bot's own. `traefik` are the
    namespaces in which Traefik runs. `pull`: the seconds that an image may take to be pulled.
    `source`: whose word the image is.
    """

    def __init__(
        self,
        api: Api,
        image: Callable[[], Awaitable[str]],
        *,
        traefik: tuple[str, ...] = NAMESPACES,
        host_network: bool = False,
        pull: float = PULL,
        source: ImageSource = ImageSource.OWN,
    ) -> None:
        self._api = api
        self._image = image
        self._source = source
        self._host_network = host_network
        self.jobs = NodeJobs(api, Patience(pull=pull))
        self._inside = WgetProber(api, traefik)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._pods: dict[str, str] = {}
        """The names of the pods that listen, by address."""

    @property
    def name(self) -> str:
        """How it probes elsewhere than in Traefik's own pod, for people."""
        return ON_DEMAND

    @property
    def blind(self) -> tuple[str, ...]:
        """What pods without the host network cannot see."""
        return () if self._host_network else (HOST,)

    @property
    def patience(self) -> float:
        """Seconds besides that it may take where a node has to pull the image first."""
        return self.jobs.patience.pull

    async def probe(
        self, source: VantagePoint, probes: Sequence[CheckedProbe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """Probe by a Job on the node, or by several where the probes do not fit its argument.

        Raises:
            ClusterError: A Job cannot be made or does not run; the message says why.
        """
        if source.context is ExecutionContext.TRAEFIK:
            return await self._inside.probe(source.node, probes, progress)
        if source.context is ExecutionContext.HOST and not self._host_network:
            raise ClusterError(HOST)

        async def by_job(portion: Sequence[CheckedProbe]) -> Iterable[ProberLine]:
            async with self._room:
                progress(f"Starting a pod on {source.node}.")
                expires = time.time() + LONGEST + self.jobs.patience.longest
                job = ProbeJob(id=_name("probe"), expires=expires, probes=tuple(portion))
                host = source.context is ExecutionContext.HOST
                manifest = await self._manifest(job, source.node, host_network=host)
                async with self.jobs.running(manifest, progress) as pod:
                    received = await self._lines_until(pod, job.id, lambda line: line.done)
                    if not any(line.done for line in received):
                        await self.jobs.check_kept(pod)
                    return received

        return await in_portions(probes, by_job)

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        """Listeners on these nodes while the block runs; nodes that cannot have one are absent."""
        progress(f"Starting listeners on {', '.join(nodes)}.")
        # A measurement begins here: what it finds is not to be told by an earlier one.
        self.jobs.hope(nodes)
        async with AsyncExitStack() as stack:
            begun = await asyncio.gather(
                *(self._listener(stack, node, progress) for node in nodes), return_exceptions=True
            )
            listeners: dict[str, ListenerAddress] = {}
            for node, listener in zip(nodes, begun, strict=True):
                if isinstance(listener, ListenerAddress):
                    listeners[node] = listener
                elif isinstance(listener, MeshmedicError):
                    log.warning("no listener on %s: %s", node, listener)
                    progress(f"No listener on {node}: {listener}")
                else:
                    raise listener
            yield listeners

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        """What a listener heard, by its log; None where that cannot be read."""
        name = self._pods.get(listener.address)
        if name is None:
            return None

        async def log() -> bytes:
            at = log_path(NAMESPACE, name)
            return await self._api.get(at, accept="*/*", total=REQUEST)

        return await heard_in(log, name.rpartition("-")[0])

    @asynccontextmanager
    async def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AsyncIterator[Mapping[ProbedBackend, Vip]]:
        """Temporary Services, each with one endpoint only, while the block runs.

        A Job without a pod owns them, and Kubernetes removes it at its deadline, and them with it.
        """
        progress("Making temporary Services.")
        vips: dict[ProbedBackend, Vip] = {}
        async with AsyncExitStack() as stack:
            try:
                anchor = await self._anchor(stack) if backends else {}
                for backend in dict.fromkeys(backends):
                    vips[backend] = await self._sole(stack, backend, anchor)
            except ClusterError as error:
                log.warning("no temporary Service: %s", error)
                progress(f"No temporary Service: {error}")
            yield vips

    async def _listener(
        self, stack: AsyncExitStack, node: str, progress: Progress
    ) -> ListenerAddress:
        # Others may have to pull their image first.
        seconds = LISTEN + self.jobs.patience.pull
        listen = Listen(name=node, seconds=seconds)
        job = ProbeJob(id=_name("listen"), expires=time.time() + seconds + START, listen=listen)
        manifest = await self._manifest(job, node)
        pod = await stack.enter_async_context(self.jobs.running(manifest, progress))
        await self._listens(pod, job.id)
        address = pod.status.pod_ip
        self._pods[address] = pod.metadata.name
        stack.callback(self._pods.pop, address, None)
        return ListenerAddress(node, address, listen.port)

    async def _listens(self, pod: ListedPod, job: str) -> None:
        """Wait for the line by which a listener says that its port is open.

        Raises:
            ClusterError: It does not come in time; the message says what is known.
        """
        try:
            async with asyncio.timeout(BEGINS):
                received = await self._lines_until(pod, job, lambda line: bool(line.listening))
        except TimeoutError as error:
            msg = f"The listener did not say within {BEGINS:.0f} s that it listens."
            raise ClusterError(msg) from error
        if not pod.status.pod_ip or not any(line.listening for line in received):
            await self.jobs.check_kept(pod)
            raise ClusterError("The listener ended before it listened.")

    async def _manifest(self, job: ProbeJob, node: str, *, host_network: bool = False) -> Manifest:
        seconds = int(max(0.0, job.expires - time.time())) + 5
        image = await self._image()
        return manifests.probe_job(
            job,
            node=node,
            image=image,
            seconds=seconds,
            host_network=host_network,
            source=self._source,
        )

    async def _lines_until(
        self, pod: ListedPod, job: str, wanted: Callable[[ProberLine], bool]
    ) -> tuple[ProberLine, ...]:
        """The job's lines in the log, up to the first that is wanted, or to the log's end.

        Raises:
            ClusterError: The log cannot be read, or the prober refused its job.
        """
        body = bytearray()
        async with self.jobs.following(pod, limit=MOST_LOG, seconds=LONGEST + START) as parts:
            async for part in parts:
                body += part
                if any(wanted(line) or line.refused for line in lines.lines_of(_tail(body), job)):
                    break
        received = tuple(lines.lines_of(bytes(body), job))
        for line in received:
            if line.refused:
                raise ClusterError(f"The prober refused its job: {line.refused}")
        return received

    async def _anchor(self, stack: AsyncExitStack) -> Manifest:
        manifest = manifests.anchor_job(_name("anchor"), await self._image(), ANCHOR, self._source)
        at = path(JOBS, manifest["metadata"]["name"])
        stack.push_async_callback(self.jobs.remove_surely, at)
        return await self.jobs.create(JOBS, manifest)

    async def _sole(self, stack: AsyncExitStack, backend: ProbedBackend, owner: Manifest) -> Vip:
        name = _name("sole")
        stack.push_async_callback(self.jobs.remove_surely, path(SERVICES, name))
        service = manifests.sole_service(name, backend.port, owner)
        created = await self.jobs.create(SERVICES, service)
        stack.push_async_callback(self.jobs.remove_surely, path(SLICES, name))
        await self.jobs.create(SLICES, manifests.sole_slice(name, backend, owner))
        return Vip(str(created["spec"]["clusterIP"]), backend.port)


async def in_portions(
    probes: Sequence[CheckedProbe],
    ask: Callable[[Sequence[CheckedProbe]], Awaitable[Iterable[ProberLine]]],
) -> tuple[ProbeAnswer, ...]:
    """The answers in the order of the probes, which are sent in portions that fit one job."""
    by_probe: dict[str, list[ProbeAnswer]] = {probe.id: [] for probe in probes}
    for portion in manifests.portions(probes):
        for answer in lines.answers(iter(await ask(portion))):
            by_probe.get(answer.id, []).append(answer)
    return tuple(answer for probe in probes for answer in by_probe[probe.id])


async def heard_in(read_log: Callable[[], Awaitable[bytes]], job: str) -> tuple[Heard, ...] | None:
    """What a listener heard, by its log; None where the log cannot be read."""
    # A listener writes twice a second.
    await asyncio.sleep(1.0)
    try:
        return lines.heard(lines.lines_of(await read_log(), job))
    except ClusterError:
        return None


def _name(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(5)}"


def _tail(body: bytearray) -> bytes:
    """The last lines, where a job's end stands."""
    return bytes(body[body.rfind(b"\n", 0, max(0, len(body) - 1000)) + 1 :])
