"""What a diagnosis is about: a route with its Service, endpoints, VIPs, and where Traefik runs."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bot.domain.finding import Ref
from bot.domain.refusal import Refusal
from bot.routing.addresses import authority


class Native(StrEnum):
    """Whether nativeLB is on for a route's Service."""

    OFF = "off"
    ON = "on"
    IMPOSSIBLE = "impossible"


class EndpointAt(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A ready endpoint of a slice; `port` is the pod's port.

    `others` are further ports by which to tell the pod from its port: those that its containers
    declare, and the Service's own. `watched` says that the kubelet of its node reaches that very
    port time and again, by a readiness probe of a ready pod. `foreign` says why the slice does not
    speak for the address, so that it is not asked.
    """

    address: str
    port: int
    node: str = ""
    namespace: str = ""
    pod: str = ""
    declared: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    watched: bool = False
    foreign: str = ""

    def __str__(self) -> str:
        """`address:port`, as people write it for either family."""
        return authority(self.address, self.port)


class UnreadyAt(msgspec.Struct, frozen=True, order=True):
    """An endpoint that is not ready, and its node where the slice names it."""

    address: str
    node: str = ""


class TraefikAt(msgspec.Struct, frozen=True, order=True):
    """A running Traefik pod."""

    node: str
    namespace: str
    pod: str
    addresses: tuple[str, ...] = ()
    host_network: bool = False


class NodeAt(msgspec.Struct, frozen=True, order=True):
    """A node: its own addresses, and the one that flannel announces to the others."""

    name: str
    addresses: tuple[str, ...] = ()
    announced: str = ""
    ready: bool = True
    backend: str = ""
    """The type of flannel's backend, as its annotation says it."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a diagnosis is about, as the cluster's objects describe it.

    `name` is how to ask for it again. `route` is None where a Service was asked for. `vips` are
    the Service's cluster addresses, empty where it has none. `endpoints_seen` is False where the
    slices were not read. `policies` are the NetworkPolicies that select its pods, None where
    they were not read.
    """

    name: str
    service: Ref
    port: int
    route: Ref | None = None
    match: str = ""
    host: str = ""
    path: str = "/"
    tls: bool = False
    external: str = ""
    headless: bool = False
    vips: tuple[str, ...] = ()
    endpoints: tuple[EndpointAt, ...] = ()
    unready: tuple[UnreadyAt, ...] = ()
    endpoints_seen: bool = True
    local_only: bool = False
    """`internalTrafficPolicy: Local`: the VIP leads to endpoints of the same node alone."""
    native: Native = Native.OFF
    native_because: str = ""
    traefik: tuple[TraefikAt, ...] = ()
    no_traefik: str = ""
    """Why there is none, where there is none."""
    nodes: tuple[NodeAt, ...] = ()
    policies: tuple[str, ...] | None = None

    @property
    def ingress_nodes(self) -> tuple[str, ...]:
        """The nodes that Traefik runs on."""
        return tuple(dict.fromkeys(pod.node for pod in self.traefik))

    def node(self, name: str) -> NodeAt:
        """A node by its name; one that was not read has a name only."""
        return next((node for node in self.nodes if node.name == name), NodeAt(name))

    def in_host_network(self, node: str) -> bool:
        """Whether Traefik runs in that node's host network."""
        pods = [pod for pod in self.traefik if pod.node == node]
        return bool(pods) and all(pod.host_network for pod in pods)


class Unresolved(Refusal, frozen=True):
    """What was typed leads to no Service, or to several; the detail offers names instead."""
