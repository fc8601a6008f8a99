"""The simulated homelab's network: the outcome of a probe from a node.

It knows pods, Services and slices from the cluster's objects; a scenario says what is broken. It
answers as the real prober does, with round trips like those between homes.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeKind, WebFacts
from bot.sandbox.proxy import Plain, ProxyRule, proxy_rules

LISTENER = 8473
KUBELET = 10250
NOTHING: list[Plain] = []
ENTRANCES = (8000, 8443)
"""The ports of Traefik's entrypoints web and websecure, by its chart."""

BY_HTTP = (ProbeKind.HTTP, ProbeKind.ROUTE_HEAD, ProbeKind.ROUTE_GET)
NOT_FOUND, BAD_GATEWAY, UNAVAILABLE, TIMED_OUT = 404, 502, 503, 504
OWN_LENGTH = {NOT_FOUND: 19, BAD_GATEWAY: 11, UNAVAILABLE: 19, TIMED_OUT: 15}
"""The lengths of Traefik's own answers."""
ITSELF = "Traefik itself"
CLUSTER_DOMAIN = ".svc.cluster.local"
SAME_NODE = 0.08
REFUSED_HERE = 0.04
"""Milliseconds within one node."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The faults of the network.

    redirects: (node, port) pairs: the node refuses its pods' packets to that port of other pods.
    overlay_down: Nodes whose pods neither reach another node nor are reached from one.
    """

    redirects: frozenset[tuple[str, int]] = frozenset()
    overlay_down: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NetworkPlace:
    """The node of an address, its open ports, and the name that answers there."""

    node: str
    ports: frozenset[int]
    name: str
    listens: bool = False
    proxies: bool = False
    """Whether it is Traefik, which forwards requests."""


@dataclass(slots=True)
class Network:
    """The objects by address, and what is broken."""

    broken: Broken = Broken()
    places: dict[str, NetworkPlace] = field(default_factory=dict)
    vips: dict[tuple[str, int], list[tuple[str, int]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    ports: dict[tuple[tuple[str, str], int | str], tuple[str, int]] = field(default_factory=dict)
    """The VIP of a Service's port, by the port's number and name."""
    fresh: Mapping[str, float] = field(default_factory=dict)
    """VIPs that kube-proxy does not know yet, with the seconds until it does."""
    proxy_rules: tuple[ProxyRule, ...] = ()
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def learn(
        self,
        nodes: list[Plain],
        pods: list[Plain],
        services: list[Plain],
        slices: list[Plain],
        *,
        ingresses: list[Plain] = NOTHING,
        routes: list[Plain] = NOTHING,
    ) -> None:
        """Read the present objects."""
        self.places = {address: place for node in nodes for address, place in _node(node)}
        self.places |= {pod["status"]["podIP"]: _pod(pod) for pod in pods if _has_address(pod)}
        self.proxy_rules = proxy_rules(ingresses, routes, services)
        self.vips, self.ports = {}, {}
        self.names = {"kubernetes.default" + CLUSTER_DOMAIN: "10.43.0.1"}
        behind = {_service_of(endpoint_slice): endpoint_slice for endpoint_slice in slices}
        for service in services:
            self._add_service(service, behind.get(_key(service), {}))

    def resolve(self, name: str) -> str:
        """The address of a name in the cluster's DNS; empty where there is none."""
        for candidate in (name, name + CLUSTER_DOMAIN, f"{name}.cluster.local"):
            if address := self.names.get(candidate):
                return address
        return ""

    def answers(self, node: str, probe: Probe, *, host: bool) -> tuple[ProbeAnswer, ...]:
        """The outcome of each try of a probe from a node; `host`: from the node's own network."""
        return tuple(self._answer(node, probe, host=host) for _ in range(probe.tries))

    def _add_service(self, service: Plain, endpoint_slice: Plain) -> None:
        spec, vip = service["spec"], service["spec"].get("clusterIP", "")
        namespace, name = _key(service)
        if vip and vip != "None":
            self.names[f"{name}.{namespace}{CLUSTER_DOMAIN}"] = vip
        for port in spec.get("ports") or ():
            self.vips[vip, port["port"]] = [
                (address, target["port"])
                for endpoint in endpoint_slice.get("endpoints") or ()
                for address in endpoint["addresses"]
                for target in endpoint_slice.get("ports") or ()
                if target.get("name") == port.get("name")
            ]
            for number_or_name in (port["port"], port.get("name")):
                self.ports[(namespace, name), number_or_name] = (vip, port["port"])

    def _answer(self, node: str, probe: Probe, *, host: bool) -> ProbeAnswer:
        if probe.kind is ProbeKind.DNS:
            if address := self.resolve(probe.name.rstrip(".")):
                addresses = (address,)
                return ProbeAnswer(id=probe.id, outcome=Outcome.OK, took=14.0, addresses=addresses)
            return ProbeAnswer(
                id=probe.id, outcome=Outcome.NAME, took=14.0, errno=3, detail="no such name"
            )
        address, port, by_vip = probe.address, probe.port, False
        if (address, port) in self.vips:
            endpoints = self.vips[address, port]
            fresh = address in self.fresh
            if fresh or not endpoints:
                late = bool(probe.settle) and fresh
                return msgspec.structs.replace(_refused(probe, REFUSED_HERE), unsettled=late)
            by_vip = True
            address, port = endpoints[next(self._turn) % len(endpoints)]
        place = self.places.get(address)
        redirected = (node, port) in self.broken.redirects and not by_vip and not host
        if redirected and place and not place.listens:
            return _refused(probe, REFUSED_HERE)
        if place is None or self._cut(node, place, address):
            return ProbeAnswer(
                id=probe.id, outcome=Outcome.TIMEOUT, took=3000.0, retried=probe.again > 0
            )
        trip = round_trip(node, place.node)
        if place.proxies and port in ENTRANCES and probe.kind in BY_HTTP:
            return self._proxied(probe, place, trip)
        if port not in place.ports:
            return _refused(probe, trip)
        return _accepted(probe, place, trip)

    def _proxied(self, probe: Probe, traefik: NetworkPlace, trip: float) -> ProbeAnswer:
        """Traefik's answer: the backend's, its own 404, or 502 and 504 by how it did not get there.

        Source: Traefik, `pkg/proxy/httputil`: refused is 502, a timeout is 504.
        """
        rules = self.proxy_rules
        rule = next((rule for rule in rules if rule.matches(probe.name, probe.path)), None)
        vip = self.ports.get((rule.service, rule.port)) if rule else None
        if rule is None or vip is None:
            return _answered(probe, NOT_FOUND, ITSELF, trip)
        endpoints = [vip] if rule.native else self.vips.get(vip, [])
        if not endpoints:
            return _answered(probe, UNAVAILABLE, ITSELF, trip)
        address, port = endpoints[next(self._turn) % len(endpoints)]
        inner = Probe(id=probe.id, kind=ProbeKind.HTTP, address=address, port=port)
        answer = self._answer(traefik.node, inner, host=False)
        if answer.outcome is Outcome.OK:
            return _answered(probe, answer.status, answer.backend, trip + answer.took)
        status = TIMED_OUT if answer.outcome is Outcome.TIMEOUT else BAD_GATEWAY
        return _answered(probe, status, ITSELF, trip + answer.took)

    def _cut(self, node: str, place: NetworkPlace, address: str) -> bool:
        """Whether an overlay that is down lies between; the nodes' own addresses need none."""
        down = {node, place.node} & self.broken.overlay_down
        return bool(down) and node != place.node and address.startswith("10.42.")


def round_trip(begin: str, end: str) -> float:
    """Milliseconds between two nodes: constant, and different for each pair."""
    if begin == end:
        return SAME_NODE
    pair = "-".join(sorted((begin, end)))
    return 8.0 + zlib.crc32(pair.encode()) % 300 / 10


def _accepted(probe: Probe, place: NetworkPlace, trip: float) -> ProbeAnswer:
    http = probe.kind is ProbeKind.HTTP
    echoed = probe.size if probe.kind in (ProbeKind.ECHO, ProbeKind.UDP) else 0
    return ProbeAnswer(
        id=probe.id,
        outcome=Outcome.OK,
        took=2 * trip,
        connected=trip,
        size=512 if http else echoed,
        status=200 if http else 0,
        backend="" if probe.kind is ProbeKind.TCP else place.name,
    )


def _answered(probe: Probe, status: int, backend: str, took: float) -> ProbeAnswer:
    facts = None
    if probe.kind is not ProbeKind.HTTP:
        own = backend == ITSELF
        length = OWN_LENGTH[status] if own else 512
        facts = WebFacts(server="" if own else "nginx", length=length, latency=took)
    return ProbeAnswer(
        id=probe.id,
        outcome=Outcome.OK,
        took=took,
        size=512,
        status=status,
        backend=backend,
        web=facts,
    )


def _refused(probe: Probe, took: float) -> ProbeAnswer:
    return ProbeAnswer(id=probe.id, outcome=Outcome.REFUSED, took=took, connected=took, errno=111)


def _node(node: Plain) -> Iterator[tuple[str, NetworkPlace]]:
    """The addresses of a node, each with its place."""
    name = node["metadata"]["name"]
    for address in node["status"].get("addresses") or ():
        if address["type"] == "InternalIP":
            yield address["address"], NetworkPlace(name, frozenset({KUBELET}), name)


def _pod(pod: Plain) -> NetworkPlace:
    containers = pod["spec"]["containers"]
    ports = {
        port["containerPort"] for container in containers for port in container.get("ports") or ()
    }
    node = pod["spec"].get("nodeName", "")
    if pod["metadata"].get("annotations", {}).get("meshmedic.dev/listens") == "true":
        return NetworkPlace(node, frozenset({LISTENER}), node, listens=True)
    labels = pod["metadata"].get("labels") or {}
    proxies = labels.get("app.kubernetes.io/name") == "traefik"
    return NetworkPlace(node, frozenset(ports), pod["metadata"]["name"], proxies=proxies)


def _has_address(pod: Plain) -> bool:
    return bool(pod.get("status", {}).get("podIP")) and pod["status"].get("phase") == "Running"


def _key(manifest: Plain) -> tuple[str, str]:
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def _service_of(endpoint_slice: Plain) -> tuple[str, str]:
    metadata = endpoint_slice["metadata"]
    name = (metadata.get("labels") or {}).get("kubernetes.io/service-name", "")
    return metadata.get("namespace", ""), name
