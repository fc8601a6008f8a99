"""Where things are: endpoints and Traefik pods on their nodes, and the nodes' addresses."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain import conditions, containers
from bot.domain.resources import core, discovery
from bot.domain.snapshot import Snapshot
from bot.net.address_owners import declared, foreign
from bot.net.diagnosis.subject import EndpointAt, NodeAt, TraefikAt, UnreadyAt
from bot.routing import service_endpoints as serving
from bot.routing.addresses import pod_addresses
from bot.routing.running import traefik_pods

FLANNEL_IP = "flannel.alpha.coreos.com/public-ip"
FLANNEL_BACKEND = "flannel.alpha.coreos.com/backend-type"
MAX_BACKEND = 40
FLANNEL_IPV6 = "flannel.alpha.coreos.com/public-ipv6"


def endpoints(
    service: core.Service, port: core.ServicePort, snapshot: Snapshot
) -> tuple[tuple[EndpointAt, ...], tuple[UnreadyAt, ...]]:
    """The ready endpoints of a Service's port, and those that are not ready."""
    key = (service.namespace, service.name)
    ready: set[EndpointAt] = set()
    unready: set[UnreadyAt] = set()
    for slice_ in snapshot.of(discovery.EndpointSlice).by_label(serving.SERVICE_NAME).get(key, ()):
        number = _number(slice_, port)
        for endpoint in slice_.endpoints or ():
            if endpoint.conditions.ready is False:
                node = endpoint.node_name or ""
                unready.update(UnreadyAt(address, node) for address in endpoint.addresses)
            elif number:
                ready.update(_placed(slice_, endpoint, number, port, snapshot))
    return tuple(sorted(ready)), tuple(sorted(unready))


def traefik(snapshot: Snapshot) -> tuple[TraefikAt, ...]:
    """The Traefik pods that run on a node."""
    return tuple(
        sorted(
            TraefikAt(
                pod.spec.node_name,
                pod.namespace,
                pod.name,
                pod_addresses(pod),
                pod.spec.host_network,
            )
            for pod in traefik_pods(snapshot)
            if pod.spec.node_name
        )
    )


def nodes(snapshot: Snapshot) -> tuple[NodeAt, ...]:
    """Every node, by name."""
    return tuple(sorted(map(_node, snapshot.of(core.Node))))


def _node(node: core.Node) -> NodeAt:
    notes = node.metadata.annotations or {}
    every = node.status.addresses
    own = [at.address for kind in ("InternalIP", "ExternalIP") for at in every if at.type == kind]
    return NodeAt(
        node.name,
        tuple(dict.fromkeys(own)),
        notes.get(FLANNEL_IP, "") or notes.get(FLANNEL_IPV6, ""),
        is_ready(node),
        notes.get(FLANNEL_BACKEND, "")[:MAX_BACKEND],
    )


def _number(slice_: discovery.EndpointSlice, port: core.ServicePort) -> int:
    """The number of a Service's port in this slice; 0 where the slice does not have it."""
    numbers = (have.port for have in slice_.ports or () if (have.name or "") == port.name)
    return next(numbers, None) or 0


def _placed(
    slice_: discovery.EndpointSlice,
    endpoint: discovery.Endpoint,
    number: int,
    port: core.ServicePort,
    snapshot: Snapshot,
) -> Iterator[EndpointAt]:
    target = endpoint.target_ref
    name = target.name if target and target.kind == "Pod" else ""
    pod = snapshot.get(core.Pod, slice_.namespace, name) if name else None
    ports = tuple(sorted(declared(pod))) if pod else ()
    for address in endpoint.addresses:
        yield EndpointAt(
            address=address,
            port=number,
            node=endpoint.node_name or (pod.spec.node_name if pod else ""),
            namespace=slice_.namespace,
            pod=name,
            declared=ports,
            others=tuple(sorted({*ports, port.port} - {number})),
            watched=pod is not None and _watched(pod, number),
            foreign=foreign(snapshot, slice_.namespace, address, number),
        )


def _watched(pod: core.Pod, number: int) -> bool:
    """Whether the kubelet's readiness probe reaches this port, so that it is open on the pod IP.

    An exec probe says nothing of a port, and neither does one of another host.
    """
    if not containers.is_ready(pod):
        return False
    return any(number in set(_probed(container)) for container in pod.spec.containers)


def _probed(container: core.Container) -> Iterator[int]:
    probe = container.readiness_probe
    for probed_port in (probe.tcp_socket, probe.http_get) if probe else ():
        if probed_port is None or probed_port.host or probed_port.port is None:
            continue
        named = (port for port in container.ports or () if port.name == probed_port.port)
        yield (
            probed_port.port
            if isinstance(probed_port.port, int)
            else next((port.container_port for port in named), 0)
        )


def is_ready(node: core.Node) -> bool:
    """Whether a node is Ready; one that says nothing of itself is."""
    ready = conditions.condition(node.status.conditions, "Ready")
    return ready is None or ready.status == "True"
