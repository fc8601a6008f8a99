"""The vantage points that matter to one route. Pure, and bounded."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bot.domain.grouping import grouped
from bot.net.diagnosis.observation import ExecutionContext, ProbeTarget, VantagePoint
from bot.net.diagnosis.subject import EndpointAt, Subject
from bot.net.probing.protocol import ListenerAddress, ProbedBackend, Vip

MOST_EDGES = 3
MOST_ENDPOINTS = 8


class Means(msgspec.Struct, frozen=True):
    """What was set up for the tests: listeners by node, and temporary Services by backend."""

    listeners: Mapping[str, ListenerAddress] = {}
    vips: Mapping[ProbedBackend, Vip] = {}


class VantagePoints(msgspec.Struct, frozen=True, kw_only=True):
    """The nodes and endpoints that take part in a diagnosis.

    `ingress_nodes` are those of Traefik, `endpoint_nodes` those of the chosen endpoints, `control`
    is a node beside them, empty where there is none.
    """

    ingress_nodes: tuple[str, ...]
    endpoints: tuple[EndpointAt, ...]
    endpoint_nodes: tuple[str, ...]
    control: str = ""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Every node that takes part, each once: Traefik's first."""
        nodes = (*self.ingress_nodes, *self.endpoint_nodes, self.control)
        return tuple(dict.fromkeys(node for node in nodes if node))


def choose_vantage_points(subject: Subject) -> VantagePoints:
    """Choose ingress nodes, endpoints and the control node of a subject."""
    ingress = subject.ingress_nodes[:MOST_EDGES]
    endpoints = _chosen(subject, ingress)
    endpoint_nodes = tuple(dict.fromkeys(endpoint.node for endpoint in endpoints if endpoint.node))
    free = [n.name for n in subject.nodes if n.ready and n.name not in {*ingress, *endpoint_nodes}]
    return VantagePoints(
        ingress_nodes=ingress,
        endpoints=endpoints,
        endpoint_nodes=endpoint_nodes,
        control=free[0] if free else "",
    )


def source(subject: Subject, node: str) -> VantagePoint:
    """The vantage point on a node of Traefik: in the same network as Traefik."""
    host = subject.in_host_network(node)
    return VantagePoint(node, ExecutionContext.HOST if host else ExecutionContext.POD)


def target(endpoint: EndpointAt) -> ProbeTarget:
    """The target that stands for an endpoint."""
    return ProbeTarget(
        endpoint.node,
        f"{endpoint.namespace}/{endpoint.pod}" if endpoint.pod else "",
        endpoint.address,
    )


def backends(
    points: VantagePoints, listeners: Mapping[str, ListenerAddress]
) -> tuple[ProbedBackend, ...]:
    """The backends of temporary Services: each endpoint, and each listener."""
    listening = (ProbedBackend(listener.address, listener.port) for listener in listeners.values())
    endpoints = (
        ProbedBackend(endpoint.address, endpoint.port)
        for endpoint in points.endpoints
        if not endpoint.foreign
    )
    return tuple(dict.fromkeys((*endpoints, *listening)))


def _chosen(subject: Subject, ingress: tuple[str, ...]) -> tuple[EndpointAt, ...]:
    """One endpoint of each node first, those local to Traefik before the others, then the rest."""
    local_first = sorted(subject.endpoints, key=lambda e: (e.node not in ingress, e))
    by_node = grouped((endpoint.node, endpoint) for endpoint in local_first)
    first = [group[0] for group in by_node.values()]
    others = [endpoint for group in by_node.values() for endpoint in group[1:]]
    return tuple([*first, *others][:MOST_ENDPOINTS])
