"""Whose an address is, by what the owners say of themselves and never by a slice that names it.

Anyone who may write an EndpointSlice can put any address into it. Source: Pod `status.podIPs`,
Service `clusterIPs`, Node `status.addresses`, and the Service `default/kubernetes`, which leads to
the API server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

import msgspec

from bot.domain import containers
from bot.domain.grouping import grouped
from bot.domain.resources import core, discovery
from bot.domain.resources.kept_metadata import NODE_ADDRESSES
from bot.domain.snapshot import Snapshot
from bot.routing import service_endpoints as serving
from bot.routing.addresses import (
    IP,
    Range,
    is_of_one_host,
    parse,
    parsed,
    pod_addresses,
    pod_ranges,
    vips,
)

API_SERVER = ("default", "kubernetes")
"""The Service of the API server."""

OF_NODE = 2
"""Addresses at the start of a node's pod range that are the node's: of flannel's interface and of
the bridge. Source: flannel's VXLAN backend; CNI's plugin host-local, `gateway`."""


class Owners(msgspec.Struct, frozen=True):
    """The addresses of a cluster. Pods that have ended have none; a node's are those it says."""

    pods: Mapping[IP, list[core.Pod]]
    vips: Mapping[IP, list[core.Service]]
    nodes: frozenset[IP]
    """Also those by which a node is in the network of its pods."""
    api_server: frozenset[IP]
    """Its VIP and its endpoints."""
    ranges: tuple[Range, ...]
    """Of the nodes' pods."""

    def in_pod_range(self, ip: IP) -> bool:
        """Whether a node gives such addresses to its pods."""
        return any(ip in range_ for range_ in self.ranges)


def owners(snapshot: Snapshot) -> Owners:
    """The addresses in a snapshot, which are looked up once."""
    return snapshot.once("network.owners", lambda: _owners(snapshot))


def declared(pod: core.Pod) -> frozenset[int]:
    """The ports that the containers of a pod declare."""
    ports = (port for container in pod.spec.containers for port in container.ports or ())
    return frozenset(port.container_port for port in ports if port.container_port)


def foreign(snapshot: Snapshot, namespace: str, address: str, port: int) -> str:
    """Why a slice of a namespace does not speak for an address; empty where it may.

    A slice speaks for the pods of its own namespace. For a pod in the host network, whose address
    is its node's, it speaks of the ports that the pod declares.
    """
    ip = parse(address)
    if ip is None:
        return ""
    known = owners(snapshot)
    pods = known.pods.get(ip, [])
    own = [pod for pod in pods if pod.namespace == namespace]
    if any(not pod.spec.host_network or port in declared(pod) for pod in own):
        return ""
    if not is_of_one_host(ip):
        return f"{address} means another machine on each node"
    if ip in known.api_server:
        return f"{address} is the API server's"
    if ip in known.nodes or any(pod.spec.host_network for pod in pods):
        why = f"no pod of {namespace} in the host network declares port {port}"
        return f"{address} is a node's address, and {why}"
    if pods:
        return f"{address} is that of a pod of another namespace"
    return f"{address} is the VIP of a Service" if ip in known.vips else ""


def slices_of(service: core.Service, snapshot: Snapshot) -> Sequence[discovery.EndpointSlice]:
    """All slices that are labelled with the name of a Service."""
    slices = snapshot.of(discovery.EndpointSlice).by_label(serving.SERVICE_NAME)
    return slices.get((service.namespace, service.name), ())


def leads_to(service: core.Service, snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    """The addresses and ports to which a request to a Service's VIP, or to its name, may go.

    Every slice with the label of the Service's name counts, by any author, and every one of its
    endpoints: kube-proxy takes those that are ready, and else those that are about to end. The
    cluster's DNS tells the addresses of a headless Service also where a slice has no port, which is
    port 0 here. Source: CoreDNS, plugin kubernetes, `EndpointSliceToEndpoints`.
    """
    for slice_ in slices_of(service, snapshot):
        ports = [port.port or 0 for port in slice_.ports or ()] or [0]
        for endpoint in slice_.endpoints or ():
            state = endpoint.conditions
            if state.ready is False and not state.serving:
                continue
            for address in endpoint.addresses:
                yield from ((address, port) for port in ports)


def _owners(snapshot: Snapshot) -> Owners:
    api = snapshot.get(core.Service, *API_SERVER)
    endpoints = (
        address
        for endpoint in (serving.ready_endpoints(api.ref, snapshot) if api else ())
        for address in endpoint.addresses
    )
    return Owners(
        pods=grouped(
            (ip, pod)
            for pod in snapshot.of(core.Pod)
            if not containers.has_ended(pod)
            for ip in parsed(pod_addresses(pod))
        ),
        vips=grouped(
            (ip, service) for service in snapshot.of(core.Service) for ip in parsed(vips(service))
        ),
        nodes=frozenset(chain.from_iterable(map(_of_node, snapshot.of(core.Node)))),
        api_server=frozenset(parsed(chain(vips(api) if api else (), endpoints))),
        ranges=tuple(range_ for node in snapshot.of(core.Node) for range_ in pod_ranges(node)),
    )


def _of_node(node: core.Node) -> Iterator[IP]:
    annotations = node.metadata.annotations or {}
    reported = (at.address for at in node.status.addresses)
    yield from parsed(chain(reported, (annotations.get(key, "") for key in NODE_ADDRESSES)))
    for range_ in pod_ranges(node):
        yield from islice(range_, OF_NODE)
