"""The simulated kubelets and Job controller: they turn the Jobs that probe into pods and logs."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import msgspec

from bot.domain.temporary import LABELS, NAMESPACE
from bot.net.probing import manifests
from bot.net.probing.protocol import (
    Heard,
    Outcome,
    Probe,
    ProbeAnswer,
    ProbeJob,
    ProbeKind,
    ProberLine,
)
from bot.sandbox import tools
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.kubernetes_api.history import ObjectChange
from bot.sandbox.network import LISTENER, Network
from bot.sandbox.proxy import Plain
from bot.sandbox.scenarios.pods import NODES

STARTING = 0.4
"""Seconds that a pod takes to start."""

PROXY_LAG = 1.2
"""Seconds until kube-proxy knows the endpoint of a new Service: 1.03 to 1.24 s were measured."""

TICK = 0.02
"""Seconds of tolerance between two clocks."""

OUT_OF_CPU = {
    "phase": "Failed",
    "reason": "OutOfcpu",
    "message": "Pod was rejected: Node didn't have enough resource: cpu, requested: 10, used: 990",
}
"""The status of a pod that its node refused. Source: kubelet, lifecycle/predicate.go."""

EVICTED = {
    "phase": "Failed",
    "reason": "Evicted",
    "message": "The node was low on resource: ephemeral-storage.",
    "containerStatuses": [
        {"name": "probe", "state": {"terminated": {"reason": "Error", "exitCode": 137}}}
    ],
}
"""The status of a pod that ran when its node became short of disk. Source: kubelet, eviction."""

NOT_TO_BE_HAD = (
    'failed to pull and unpack image "registry.example/meshmedic:test": failed to resolve '
    "reference: registry.example/meshmedic:test: not found"
)
"""What containerd says of an image that the registry does not have."""

JOBS, SLICES = "jobs.batch", "endpointslices.discovery.k8s.io"


class Kubelet:
    """Runs the Jobs of the probe's namespace on a simulated network."""

    def __init__(self, cluster: SimulatedCluster, network: Network) -> None:
        self._cluster = cluster
        self.network = network
        self._numbers = itertools.count(200)
        self._heard: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        """By the address of a listener: how often it heard from (source, protocol)."""
        self._listeners: dict[str, tuple[str, str]] = {}
        """Job and pod of each listener, by address."""
        self.begins = 0.0
        """Seconds from a listener's pod running to its open port."""
        self.full: frozenset[str] = frozenset()
        """Nodes that refuse every pod."""
        self.dead: frozenset[str] = frozenset()
        """Nodes whose kubelet takes note of nothing."""
        self.pulls: dict[str, float] = {}
        """Seconds for which a node pulls the image of a pod."""
        self.unpullable: frozenset[str] = frozenset()
        """Nodes that cannot pull the image."""
        self.evicting: frozenset[str] = frozenset()
        """Nodes that put an end to every pod that probes."""
        self._known_from: dict[str, float] = {}
        """When kube-proxy learns of a temporary Service, by its VIP; on the monotonic clock."""

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch("services", self._note_service))
            group.create_task(
                self._watch(JOBS, lambda change: group.create_task(self._follow_job(change)))
            )

    async def _watch(self, kind: str, on_change: Callable[[ObjectChange], object]) -> None:
        """Call `on_change` for every change of a kind in the probe's namespace."""
        woken = asyncio.Event()
        with self._cluster.watching(kind, None, woken.set) as watch:
            while True:
                await woken.wait()
                woken.clear()
                while watch.pending:
                    change = watch.pending.popleft()
                    if isinstance(change, ObjectChange) and change.after.namespace == NAMESPACE:
                        on_change(change)

    def _note_service(self, change: ObjectChange) -> None:
        """Let kube-proxy learn of a Service after a while, or forget it."""
        vip = change.after.plain()["spec"].get("clusterIP", "")
        if change.deleted:
            self._known_from.pop(vip, None)
        elif change.before is None:
            self._known_from[vip] = time.monotonic() + PROXY_LAG

    def open_shells(self, app: str) -> None:
        """Give the pods of an app a busybox shell for commands."""
        for pod in self._all("pods"):
            if (pod["metadata"].get("labels") or {}).get("app.kubernetes.io/name") == app:
                shell = tools.busybox(self.network, pod["spec"]["nodeName"], self.learn)
                for container in pod["spec"]["containers"]:
                    key = (pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"])
                    self._cluster.shells.setdefault(key, shell)

    async def _follow_job(self, change: ObjectChange) -> None:
        name = change.after.name
        if change.deleted:
            self._remove(name)
        elif change.before is None:
            await asyncio.sleep(STARTING)
            job = self._cluster.get("Job", NAMESPACE, name)
            if job and job["spec"].get("parallelism") != 0:
                await self._start(job)

    async def _start(self, job: Plain) -> None:
        pod = self._pod(job)
        node = pod["spec"]["nodeName"]
        if status := self._not_running(node):
            self._cluster.put(pod | {"status": status})
            return
        if node in self.pulls:
            await self._pull(pod, self.pulls[node])
        self._cluster.put(pod)
        self.learn()
        (container,) = pod["spec"]["containers"]
        if "args" in container:
            await self._probe(pod, container["args"][0])
        else:
            argv = [word.replace("$$(", "$(") for word in container["command"]]
            output, code = tools.run(self.network, pod["spec"]["nodeName"], argv)
            self._log(pod["metadata"]["name"], output)
            self._end(pod, code)

    def _not_running(self, node: str) -> Plain:
        """The status of a pod that this node does not run; empty where it does."""
        if node in self.full:
            return OUT_OF_CPU
        if node in self.unpullable:
            return _waiting("ErrImagePull", NOT_TO_BE_HAD)
        return {"phase": "Pending"} if node in self.dead else {}

    async def _pull(self, pod: Plain, seconds: float) -> None:
        """Let a pod wait as a kubelet does that pulls its image, with the Events of that."""
        self._cluster.put(pod | {"status": _waiting("ContainerCreating", "")})
        self._event(pod, "Pulling", 'Pulling image "registry.example/meshmedic:test"')
        await asyncio.sleep(seconds)
        self._event(pod, "Pulled", "Successfully pulled image in 3.2s (3.2s including waiting)")

    def _event(self, pod: Plain, reason: str, message: str) -> None:
        name = pod["metadata"]["name"]
        self._cluster.put(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{name}.{reason.lower()}", "namespace": NAMESPACE},
                "involvedObject": {"kind": "Pod", "namespace": NAMESPACE, "name": name},
                "type": "Normal",
                "reason": reason,
                "message": message,
            }
        )

    def _pod(self, job: Plain) -> Plain:
        template, name = job["spec"]["template"]["spec"], job["metadata"]["name"]
        node = template["nodeName"]
        number = next(self._numbers) % 250
        index = NODES.index(node) if node in NODES else len(NODES)
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-{number:x}",
                "namespace": NAMESPACE,
                "labels": {**LABELS, manifests.JOB_NAME: name},
            },
            "spec": template,
            "status": {"phase": "Running", "podIP": f"10.42.{index}.{number}"},
        }

    async def _probe(self, pod: Plain, argument: str) -> None:
        job = msgspec.json.decode(argument.replace("$$(", "$("), type=ProbeJob)
        name = pod["metadata"]["name"]
        listens = str(job.listen is not None).lower()
        pod["metadata"]["annotations"] = {"meshmedic.dev/listens": listens}
        if job.listen:
            await asyncio.sleep(self.begins)
            self._log_lines(name, [ProberLine(job=job.id, listening=str(job.listen.port))])
            self._listeners[pod["status"]["podIP"]] = job.id, name
            self._cluster.put(pod)
            return
        if pod["spec"]["nodeName"] in self.evicting:
            self._log_lines(name, [])
            self._cluster.put(pod | {"status": EVICTED})
            return
        at_once = [probe for probe in job.probes if not probe.settle]
        settling = [probe for probe in job.probes if probe.settle]
        answers = [*self._answers(at_once, pod)]
        await self._settle(settling)
        answers += self._answers(settling, pod)
        lines = [ProberLine(job=job.id, answer=answer) for answer in answers]
        self._log_lines(name, [*lines, ProberLine(job=job.id, done=True)])
        self._end(pod, 0)

    def _end(self, pod: Plain, code: int) -> None:
        (container,) = pod["spec"]["containers"]
        state = {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}
        pod["status"] |= {
            "phase": "Failed" if code else "Succeeded",
            "containerStatuses": [{"name": container["name"], "ready": False, "state": state}],
        }
        self._cluster.put(pod)

    async def _settle(self, probes: list[Probe]) -> None:
        """Wait as the prober does: until kube-proxy knows the VIPs, or their time is over."""
        fresh = self.network.fresh
        waits = [min(probe.settle, fresh.get(probe.address, 0.0)) for probe in probes]
        await asyncio.sleep(max(waits, default=0.0) + TICK)
        self.learn()

    def _answers(self, probes: list[Probe], pod: Plain) -> Iterator[ProbeAnswer]:
        """The outcomes of probes from a pod; listeners count those that reach them."""
        host = bool(pod["spec"].get("hostNetwork"))
        for probe in probes:
            for answer in self.network.answers(pod["spec"]["nodeName"], probe, host=host):
                if answer.outcome is Outcome.OK and probe.port == LISTENER:
                    self._hear(probe, pod["status"]["podIP"])
                yield answer

    def _hear(self, probe: Probe, source: str) -> None:
        """Let a listener count a probe that reached it, directly or by a temporary Service."""
        target = probe.address, probe.port
        for reached, _ in self.network.vips.get(target, [target]):
            if reached in self._listeners:
                protocol = "udp" if probe.kind is ProbeKind.UDP else "tcp"
                self._heard[reached][source, protocol] += 1
                self._write_heard(reached)

    def _write_heard(self, address: str) -> None:
        job, pod = self._listeners[address]
        counts = self._heard[address]
        lines = [ProberLine(job=job, listening=str(LISTENER))]
        for source in sorted({source for source, _ in counts}):
            heard = Heard(source=source, tcp=counts[source, "tcp"], udp=counts[source, "udp"])
            lines.append(ProberLine(job=job, heard=heard))
        self._log_lines(pod, lines)

    def _log_lines(self, pod: str, lines: list[ProberLine]) -> None:
        self._log(pod, "".join(msgspec.json.encode(line).decode() + "\n" for line in lines))

    def _log(self, pod: str, text: str) -> None:
        self._cluster.logs[NAMESPACE, pod, manifests.CONTAINER, False] = text

    def learn(self) -> None:
        """Let the network know the present objects."""
        self.network.learn(
            *map(self._all, ("nodes", "pods", "services", SLICES)),
            ingresses=self._all("ingresses.networking.k8s.io"),
            routes=self._all("ingressroutes.traefik.io"),
        )
        now = time.monotonic()
        self.network.fresh = {vip: at - now for vip, at in self._known_from.items() if at > now}

    def _all(self, kind: str) -> list[Plain]:
        return [stored.plain() for stored in self._cluster.in_order(kind)]

    def _remove(self, job: str) -> None:
        """Collect the garbage of a Job: its pods, and its Services with their slices."""
        for pod in self._all("pods"):
            if (pod["metadata"].get("labels") or {}).get(manifests.JOB_NAME) == job:
                self._cluster.delete("Pod", NAMESPACE, pod["metadata"]["name"])
                self._listeners.pop(pod["status"].get("podIP", ""), None)
        for plural, kind in (("services", "Service"), (SLICES, "EndpointSlice")):
            for metadata in [manifest["metadata"] for manifest in self._all(plural)]:
                owners = [owner["name"] for owner in metadata.get("ownerReferences") or ()]
                if metadata["namespace"] == NAMESPACE and job in owners:
                    self._cluster.delete(kind, NAMESPACE, metadata["name"])


def _waiting(reason: str, message: str) -> Plain:
    """The status of a pod whose container waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {
        "phase": "Pending",
        "startTime": "2026-11-01T00:00:00Z",
        "containerStatuses": [{"name": manifests.CONTAINER, "ready": False, "state": state}],
    }
