"""Whose an address is, by what the owners say of themselves and never by a slice that names it.

Anyone who may write an EndpointSlice can put any address into it. Source: Pod `status.podIPs`,
Service `clusterIPs`, Node `status.addresses`, and the Service `default/kubernetes`, which leads to
the API server.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import msgspec

from bot.domain import containers
from bot.domain.grouping import grouped
from bot.domain.resources import core
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


class Owners(msgspec.Struct, frozen=True):
    """The addresses of a cluster. Pods that have ended have none; a node's are those it says."""

    pods: Mapping[IP, list[core.Pod]]
    vips: frozenset[IP]
    nodes: frozenset[IP]
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
        vips=frozenset(parsed(chain.from_iterable(map(vips, snapshot.of(core.Service))))),
        nodes=frozenset(
            parsed(at.address for node in snapshot.of(core.Node) for at in node.status.addresses)
        ),
        api_server=frozenset(parsed(chain(vips(api) if api else (), endpoints))),
        ranges=tuple(range_ for node in snapshot.of(core.Node) for range_ in pod_ranges(node)),
    )
