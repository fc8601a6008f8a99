"""The runbook's broken path with real parts: packets, kube-proxy's rules, Traefik, the API server.

Nodes and pods are network namespaces of the lab (`tests.lab`). The real Traefik runs in its pod's
namespace and reads the real API server, which shows the same nodes, pods and endpoints.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.builders import kept
from tests.cluster import traefik
from tests.cluster.kubelet import kubelet
from tests.cluster.scene import named, within
from tests.cluster.traefik import At, Traefik
from tests.clusters.real import RealCluster
from tests.lab.namespaces import a_socket, ip, run
from tests.lab.topology import Node, Pod
from tests.lab.world import METRICS, PORT, VIP, World, world
from tests.programs import catalogue

HOME = "apps"
TRAEFIK_POD = "traefik-edge"
WEB, SECURE, API = 8000, 8443, 8080
OUTSIDE, INSIDE = "169.254.97.1", "169.254.97.2"
SERVICE = "shop"
HOST = "shop.example.org"
READY = [{"type": "Ready", "status": "True", "reason": "Tested", "message": "so"}]
CAME = "2026-01-31T12:00:00Z"


@dataclass(frozen=True)
class BrokenPath:
    """Everything that runs."""

    real: RealCluster
    world: World
    traefik: Traefik

    async def status(self, host: str = HOST) -> int:
        """What one request through Traefik's web entrypoint is answered with."""
        return (await asyncio.to_thread(self.traefik.get, host))[0]

    async def until(self, status: int, host: str = HOST) -> None:
        """Wait until requests are answered so."""
        seen = 0
        async with asyncio.timeout(20):
            while seen != status:
                seen = await self.status(host)


@asynccontextmanager
async def broken_path(real: RealCluster, folder: Path, *more: str) -> AsyncIterator[BrokenPath]:
    """A healthy one, with two web servers behind one Service on two nodes beside Traefik's.

    `more` are further arguments of Traefik.

    Raises:
        CannotMakeLab: A right or a tool is missing.
    """
    assert real.plane is not None
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(_alone, stack)
        lab = await stack.enter_async_context(
            world(("attic", "cellar"), nodes=3, delay=0.004, host_network=False, dns_on="cellar")
        )
        pod = lab.traefik
        stack.enter_context(_linked(pod))
        await stack.enter_async_context(_leading_to(real.plane.port, pod))
        at = At(pod.namespace, pod.address, WEB, API, SECURE)
        kube = await stack.enter_async_context(kubelet())
        stack.enter_context(_shown(real, lab, kube.port))
        running = await asyncio.to_thread(_entered, stack, real, folder, at, *more)
        yield BrokenPath(real, lab, running)


def _alone(stack: AsyncExitStack) -> None:
    """Wait until no other process has such a path: link and routes are this machine's own."""
    lock = stack.enter_context((Path(tempfile.gettempdir()) / "meshmedic-broken-path").open("w"))
    fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed


def _entered(stack: AsyncExitStack, real: RealCluster, folder: Path, at: At, *more: str) -> Traefik:
    """Beside the event loop, which carries what Traefik asks of the API server."""
    return stack.enter_context(traefik.running(real, folder, *more, at=at))


@contextmanager
def _linked(pod: Pod) -> Iterator[None]:
    """The API server's way to Traefik's pod, for its proxy; it goes with the namespace."""
    ip("", f"link add mmfix type veth peer name api0 netns {pod.namespace}")
    ip(pod.namespace, f"addr add {INSIDE}/30 dev api0", "link set api0 up")
    ip(
        "",
        f"addr add {OUTSIDE}/30 dev mmfix",
        "link set mmfix up",
        f"route replace {pod.address}/32 via {INSIDE}",
    )
    try:
        yield
    finally:
        run(("ip", "link", "del", "mmfix"))


@asynccontextmanager
async def _leading_to(port: int, pod: Pod) -> AsyncIterator[None]:
    """The same port of the pod's own loopback leads to that of this machine."""
    listening = a_socket(pod.namespace)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    busy: set[asyncio.Task[None]] = set()

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        busy.add(task)
        task.add_done_callback(busy.discard)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(joined, sock=listening)
    try:
        yield
    finally:
        # Traefik has ended before, so nobody holds a connection any more.
        server.close()
        await asyncio.gather(*busy, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    except OSError:
        return
    finally:
        writer.close()


@contextmanager
def _shown(real: RealCluster, lab: World, kubelet_port: int) -> Iterator[None]:
    """The lab as objects; nobody else's nodes and Traefik beside them."""
    # Of other tests: nothing runs there, and a diagnosis would ask.
    real.kubectl("delete", "nodes", "--all")
    pods = list(_pods(lab))
    for whole in (*(_node(each, kubelet_port) for each in lab.lab.nodes), *pods):
        apply_whole(real, whole)
    real.apply(*_service(lab))
    try:
        yield
    finally:
        for kind in ("service", "endpointslice"):
            real.kubectl("delete", kind, SERVICE, "-n", HOME, "--ignore-not-found")
        for each in pods:
            metadata = each["metadata"]
            at = ("-n", metadata["namespace"], "--force", "--grace-period=0")
            real.kubectl("delete", "pod", metadata["name"], *at)
        real.kubectl("delete", "nodes", *(each.name for each in lab.lab.nodes))


def apply_whole(real: RealCluster, whole: dict[str, Any]) -> None:
    """An object with its status, which is written by itself."""
    real.apply({key: each for key, each in whole.items() if key != "status"})
    meta = {key: each for key, each in whole["metadata"].items() if key in ("name", "namespace")}
    status = {key: each for key, each in whole.items() if key != "spec"} | {"metadata": meta}
    how = ("--server-side", "--force-conflicts", "--subresource=status")
    real.kubectl("apply", *how, "-f", "-", given=json.dumps(status))


def _node(node: Node, kubelet_port: int) -> dict[str, Any]:
    # The API server asks a kubelet by the node's Hostname first.
    addresses = [
        {"type": "Hostname", "address": "127.0.0.1"},
        {"type": "InternalIP", "address": node.address},
    ]
    made = named("v1", "Node", node.name, spec={"podCIDR": node.cidr, "podCIDRs": [node.cidr]})
    notes = {"flannel.alpha.coreos.com/public-ip": node.address}
    made["metadata"]["annotations"] = notes
    endpoints = {"kubeletEndpoint": {"Port": kubelet_port}}
    conditions = [{**READY[0], "lastHeartbeatTime": CAME, "lastTransitionTime": CAME}]
    status = {"addresses": addresses, "conditions": conditions, "daemonEndpoints": endpoints}
    return made | {"status": status}


def _pods(lab: World) -> Iterator[dict[str, Any]]:
    for each in lab.web:
        yield _pod(each, HOME, each.name, {"app": SERVICE}, (PORT, METRICS))
    yield _pod(lab.dns, "kube-system", "coredns-lab", {"k8s-app": "kube-dns"}, (53,))
    arguments = (
        *(f"--entryPoints.web.address=:{WEB}/tcp", f"--entryPoints.traefik.address=:{API}/tcp"),
        f"--entryPoints.websecure.address=:{SECURE}/tcp",
        *("--entryPoints.websecure.http.tls=true", "--api.insecure", "--log.level=DEBUG"),
    )
    whole = _pod(
        lab.traefik,
        "kube-system",
        TRAEFIK_POD,
        {"app.kubernetes.io/name": "traefik"},
        (WEB, SECURE, API),
        image=f"traefik:v{catalogue.TRAEFIK_VERSION}",
    )
    whole["spec"]["containers"][0]["args"] = list(arguments)
    yield kept(whole)


def _pod(
    pod: Pod,
    namespace: str,
    name: str,
    labels: dict[str, str],
    ports: tuple[int, ...],
    *,
    image: str = "web:1",
) -> dict[str, Any]:
    container = {"name": "main", "image": image, "ports": [{"containerPort": e} for e in ports]}
    made = within(namespace, named("v1", "Pod", name))
    made["metadata"]["labels"] = labels
    running = {"running": {"startedAt": CAME}}
    state = {"name": "main", "image": image, "imageID": image, "ready": True, "state": running}
    return made | {
        "spec": {"nodeName": pod.node.name, "containers": [container]},
        "status": {
            "phase": "Running",
            "podIP": pod.address,
            "podIPs": [{"ip": pod.address}],
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": CAME}],
            "containerStatuses": [{**state, "restartCount": 0}],
        },
    }


def _service(lab: World) -> tuple[dict[str, Any], ...]:
    port = {"name": "http", "port": PORT, "targetPort": PORT}
    service = within(
        HOME, named("v1", "Service", SERVICE, spec={"clusterIP": VIP, "ports": [port]})
    )
    endpoints = [
        {
            "addresses": [each.address],
            "conditions": {"ready": True},
            "nodeName": each.node.name,
            "targetRef": {"kind": "Pod", "namespace": HOME, "name": each.name},
        }
        for each in lab.web
    ]
    sliced = within(HOME, named("discovery.k8s.io/v1", "EndpointSlice", SERVICE))
    sliced["metadata"]["labels"] = {"kubernetes.io/service-name": SERVICE}
    ports = [{"name": "http", "port": PORT, "protocol": "TCP"}]
    return service, sliced | {"addressType": "IPv4", "ports": ports, "endpoints": endpoints}
