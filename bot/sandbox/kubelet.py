"""The simulated kubelets and Job controller, for the Jobs that probe: they become pods and logs."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

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
from bot.sandbox.scenarios.pods import NODES
from bot.sandbox.wget import busybox

Plain = dict[str, Any]
STARTING = 0.4
"""Seconds that a pod takes to run."""

PROXY_LAG = 1.2
"""Seconds until kube-proxy knows the endpoint of a new Service: 1.03 to 1.24 s were measured."""

TICK = 0.02
"""Seconds by which a clock may be behind."""

OUT_OF_CPU = {
    "phase": "Failed",
    "reason": "OutOfcpu",
    "message": "Pod was rejected: Node didn't have enough resource: cpu, requested: 10, used: 990",
}
"""The status of a pod that its node turned away. Source: kubelet, lifecycle/predicate.go."""

JOBS = "jobs.batch"


class Kubelet:
    """Runs what is created in the probe's namespace, by a network that is made up."""

    def __init__(self, cluster: SimulatedCluster, network: Network) -> None:
        self._cluster = cluster
        self._network = network
        self._numbers = itertools.count(200)
        self._heard: dict[str, Counter[tuple[str, str]]] = {}
        """By the address of a listener: how often (source, protocol) came."""
        self._listeners: dict[str, tuple[str, str]] = {}
        """By address: the job and the pod."""
        self.begins = 0.0
        """Seconds until a listener's port is open, after its pod runs."""
        self.full: frozenset[str] = frozenset()
        """Nodes that turn every pod away."""
        self._known: dict[str, float] = {}
        """By the VIP of a temporary Service: when kube-proxy knows it, by the monotonic clock."""

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch("services", self._note))
            group.create_task(self._watch(JOBS, lambda news: group.create_task(self._treat(news))))

    async def _watch(self, kind: str, treat: Callable[[ObjectChange], object]) -> None:
        """Treat every change of a kind in the probe's namespace."""
        woken = asyncio.Event()
        with self._cluster.watching(kind, None, woken.set) as watch:
            while True:
                await woken.wait()
                woken.clear()
                while watch.pending:
                    news = watch.pending.popleft()
                    if isinstance(news, ObjectChange) and news.after.namespace == NAMESPACE:
                        treat(news)

    def _note(self, news: ObjectChange) -> None:
        """kube-proxy learns of a Service, or forgets it."""
        vip = news.after.plain()["spec"].get("clusterIP", "")
        if news.deleted:
            self._known.pop(vip, None)
        elif news.before is None:
            self._known[vip] = time.monotonic() + PROXY_LAG

    def open_shells(self, app: str) -> None:
        """Let commands be run in the pods of an app, which have busybox."""
        for pod in (stored.plain() for stored in self._cluster.in_order("pods")):
            if (pod["metadata"].get("labels") or {}).get("app.kubernetes.io/name") == app:
                shell = busybox(self._network, pod["spec"]["nodeName"], self._learn)
                for container in pod["spec"]["containers"]:
                    key = (pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"])
                    self._cluster.shells.setdefault(key, shell)

    async def _treat(self, news: ObjectChange) -> None:
        name = news.after.name
        if news.deleted:
            self._remove(name)
        elif news.before is None:
            await asyncio.sleep(STARTING)
            made = self._cluster.get("Job", NAMESPACE, name)
            if made and made["spec"].get("parallelism") != 0:
                await self._start(made)

    async def _start(self, made: Plain) -> None:
        pod = self._pod(made)
        if pod["spec"]["nodeName"] in self.full:
            self._cluster.put(pod | {"status": OUT_OF_CPU})
            return
        self._cluster.put(pod)
        self._learn()
        (container,) = pod["spec"]["containers"]
        if "args" in container:
            await self._probe(pod, container["args"][0])
        else:
            argv = [word.replace("$$(", "$(") for word in container["command"]]
            said, code = tools.run(self._network, pod["spec"]["nodeName"], argv)
            self._log(pod["metadata"]["name"], said)
            self._end(pod, code)

    def _pod(self, made: Plain) -> Plain:
        template = made["spec"]["template"]["spec"]
        node = template["nodeName"]
        number = next(self._numbers) % 250
        index = NODES.index(node) if node in NODES else len(NODES)
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{made['metadata']['name']}-{number:x}",
                "namespace": NAMESPACE,
                "labels": {**LABELS, manifests.JOB_NAME: made["metadata"]["name"]},
            },
            "spec": template,
            "status": {"phase": "Running", "podIP": f"10.42.{index}.{number}"},
        }

    async def _probe(self, pod: Plain, argument: str) -> None:
        job = msgspec.json.decode(argument.replace("$$(", "$("), type=ProbeJob)
        address, name = pod["status"]["podIP"], pod["metadata"]["name"]
        host = bool(pod["spec"].get("hostNetwork"))
        listens = str(job.listen is not None).lower()
        pod["metadata"]["annotations"] = {"meshmedic.dev/listens": listens}
        if job.listen:
            await asyncio.sleep(self.begins)
            self._log(name, _text([ProberLine(job=job.id, listening=str(job.listen.port))]))
            self._listeners[address] = job.id, name
            self._cluster.put(pod)
            return
        at_once = [probe for probe in job.probes if not probe.settle]
        settling = [probe for probe in job.probes if probe.settle]
        answers = [*self._answers(at_once, pod["spec"]["nodeName"], address, host=host)]
        await self._settled(settling)
        answers += self._answers(settling, pod["spec"]["nodeName"], address, host=host)
        lines = [ProberLine(job=job.id, answer=answer) for answer in answers]
        self._log(name, _text([*lines, ProberLine(job=job.id, done=True)]))
        self._end(pod, 0)

    def _end(self, pod: Plain, code: int) -> None:
        (container,) = pod["spec"]["containers"]
        state = {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}
        pod["status"] |= {
            "phase": "Failed" if code else "Succeeded",
            "containerStatuses": [{"name": container["name"], "ready": False, "state": state}],
        }
        self._cluster.put(pod)

    async def _settled(self, probes: list[Probe]) -> None:
        """Wait as the prober does: until kube-proxy knows the VIPs, or as long as each may take."""
        fresh = self._network.fresh
        waits = [min(probe.settle, fresh.get(probe.address, 0.0)) for probe in probes]
        await asyncio.sleep(max(waits, default=0.0) + TICK)
        self._learn()

    def _answers(
        self, probes: list[Probe], node: str, address: str, *, host: bool
    ) -> Iterator[ProbeAnswer]:
        for probe in probes:
            for answer in self._network.answers(node, probe, host=host):
                self._hear(answer, probe.address, probe.port, probe.kind, address)
                yield answer

    def _hear(
        self, answer: ProbeAnswer, address: str, port: int, kind: ProbeKind, source: str
    ) -> None:
        """A listener notes who came, directly or by a temporary Service."""
        for reached, _ in self._network.vips.get((address, port), [(address, port)]):
            if reached in self._listeners and port == LISTENER and answer.outcome is Outcome.OK:
                protocol = "udp" if kind is ProbeKind.UDP else "tcp"
                self._heard.setdefault(reached, Counter())[source, protocol] += 1
                self._tell(reached)

    def _tell(self, address: str) -> None:
        job, pod = self._listeners[address]
        counts = self._heard[address]
        lines = [ProberLine(job=job, listening=str(LISTENER))]
        for source in sorted({source for source, _ in counts}):
            heard = Heard(source=source, tcp=counts[source, "tcp"], udp=counts[source, "udp"])
            lines.append(ProberLine(job=job, heard=heard))
        self._log(pod, _text(lines))

    def _log(self, pod: str, text: str) -> None:
        self._cluster.logs[NAMESPACE, pod, manifests.CONTAINER, False] = text

    def _learn(self) -> None:
        kinds = ("nodes", "pods", "services", "endpointslices.discovery.k8s.io")
        self._network.learn(
            *map(self._all, kinds),
            ingresses=self._all("ingresses.networking.k8s.io"),
            routes=self._all("ingressroutes.traefik.io"),
        )
        now = time.monotonic()
        self._network.fresh = {vip: at - now for vip, at in self._known.items() if at > now}

    def _all(self, kind: str) -> list[Plain]:
        return [stored.plain() for stored in self._cluster.in_order(kind)]

    def _remove(self, job: str) -> None:
        """The garbage collector: pods, and Services with their slices, go with their Job."""
        for pod in [stored.plain() for stored in self._cluster.in_order("pods")]:
            if (pod["metadata"].get("labels") or {}).get(manifests.JOB_NAME) == job:
                self._cluster.delete("Pod", NAMESPACE, pod["metadata"]["name"])
                self._listeners.pop(pod["status"].get("podIP", ""), None)
        for plural, kind in (
            ("services", "Service"),
            ("endpointslices.discovery.k8s.io", "EndpointSlice"),
        ):
            for made in [stored.plain()["metadata"] for stored in self._cluster.in_order(plural)]:
                owners = [owner["name"] for owner in made.get("ownerReferences") or ()]
                if made["namespace"] == NAMESPACE and job in owners:
                    self._cluster.delete(kind, NAMESPACE, made["name"])


def _text(lines: list[ProberLine]) -> str:
    return "".join(msgspec.json.encode(line).decode() + "\n" for line in lines)
