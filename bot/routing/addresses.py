"""What an address stands for: an endpoint, a VIP, a node, a node's pod range, or none of these.

By exact match against what the cluster says, never by a range that is usual: k3s's 10.42 and 10.43
are only defaults. Source: discovery.k8s.io/v1, Service `clusterIPs`, Node `podCIDRs`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import msgspec

from bot.domain.containers import has_ended
from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import core, discovery
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing import service_endpoints as serving

IP: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Range: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST = 512
"""The most characters of an address that are read; a DNS name has at most 253."""

LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
"""The pattern of a name's part between two dots, in small letters."""

AUTHORITY = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?([^/?#\s]*)", re.IGNORECASE)
BRACKETED = re.compile(r"\[([^\]]{0,300})\](?::(\d{1,5}))?")
PORTED = re.compile(r"([^:]{0,300}):(\d{1,5})")
IN_CLUSTER = re.compile(
    r"([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc(?:\.cluster\.local)?\.?", re.IGNORECASE
)
"""How a Service is called in the cluster's DNS, with the domain that k3s gives it."""

NEEDED: tuple[type[Object], ...] = (discovery.EndpointSlice, core.Service, core.Node)
"""Kinds that must have been read before an address counts as belonging to nothing."""


class AddressKind(StrEnum):
    """What an address stands for."""

    POD = "pod"
    """An endpoint: some EndpointSlice has this address."""
    VIP = "vip"
    """A Service's cluster IP."""
    NODE = "node"
    """An address of a node."""
    POD_NETWORK = "pod-network"
    """In the pod range of a node, and in no EndpointSlice: perhaps of a pod that is gone."""
    NAME = "name"
    """A name that has to be resolved, and no address."""
    ELSEWHERE = "elsewhere"
    """None of these, where all of these were seen."""
    UNKNOWN = "unknown"
    """Not classified: what would tell was not seen, or it is no address."""


class Address(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address and what is known of it.

    `ip` is the address in its shortest writing, or the name. `service` is the Service that serves
    exactly this port where there is one, else the first of `services`: all that have the address.
    `pod` and `node` are known for an endpoint that names them; `ready` is False for an endpoint
    that is not. `port_served` tells whether a Service or slice has that port, and is None where
    no port is said or that is not the question. `unseen` names the kinds that were not seen.
    """

    text: str
    kind: AddressKind
    ip: str = ""
    port: int | None = None
    service: Ref | None = None
    services: tuple[Ref, ...] = ()
    pod: Ref | None = None
    node: str = ""
    ready: bool | None = None
    port_served: bool | None = None
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """One endpoint, Service or node: what it says of its addresses."""

    kind: AddressKind
    service: Ref | None = None
    ports: frozenset[int] = frozenset()
    pod: Ref | None = None
    node: str = ""
    ready: bool | None = None
    claimed: bool = False
    """An endpoint that only its slice tells of, which whoever may write slices may say."""


@dataclass(frozen=True, slots=True)
class _Index:
    places: Mapping[IP, list[_Place]]
    ranges: tuple[tuple[Range, str], ...]


def classify(snapshot: Snapshot, text: str) -> Address:
    """What `text` stands for: `10.42.1.7:80`, `[fd00::7]:80`, a URL, an address alone, or a name.

    Takes any text. In this order: endpoint with a pod of its own namespace at that address, VIP,
    any other endpoint, node, pod range. So a slice takes no address of another namespace's pod.
    """
    host, port = split(text)
    ip = parse(host)
    if ip is None:
        return _named(snapshot, text, host, port)
    index = snapshot.once("network.addresses", lambda: _index(snapshot))
    places = index.places.get(ip)
    if not places:
        return _in_no_slice(snapshot, text, ip, port, index)
    first = places[0]
    alike = [
        place for place in places if (place.kind, place.claimed) == (first.kind, first.claimed)
    ]
    serving_it = [place for place in alike if port in place.ports]
    best = (serving_it or alike)[0]
    return Address(
        text=text,
        kind=best.kind,
        ip=str(ip),
        port=port,
        service=best.service,
        services=tuple(dict.fromkeys(place.service for place in alike if place.service)),
        pod=best.pod,
        node=best.node,
        ready=best.ready,
        port_served=bool(serving_it) if best.service and port is not None else None,
    )


def split(text: str) -> tuple[str, int | None]:
    """The host and the port of a URL or an address; the port is None where there is none."""
    authority = AUTHORITY.match(text[:LONGEST].strip())
    host_and_port = authority[1].rpartition("@")[2] if authority else ""
    if match := BRACKETED.fullmatch(host_and_port) or PORTED.fullmatch(host_and_port):
        port = int(match[2]) if match[2] else None
        return match[1], port if port is None or port < 1 << 16 else None
    return host_and_port, None


def parse(host: str) -> IP | None:
    """The IP address, an IPv4 address in IPv6 as what it is; None for a name."""
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def parsed(addresses: Iterable[str]) -> Iterator[IP]:
    """The IP addresses among these, each once; a cluster IP may be `None` or empty."""
    yield from dict.fromkeys(ip for address in addresses if (ip := parse(address)) is not None)


THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
"""Source: RFC 1122, 3.2.1.3; Linux takes 0.0.0.0 for the machine itself."""


def is_of_one_host(ip: IP) -> bool:
    """Whether it means the same host everywhere; a cloud has credentials at a link-local one.

    Forms of IPv6 that hold an IPv4 address (6to4, Teredo, NAT64, IPv4-compatible) may lead to that.
    """
    if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip not in THIS_NETWORK
    return not (ip.is_site_local or ip.sixtofour or ip.teredo)


def vips(service: core.Service) -> tuple[str, ...]:
    """A Service's cluster IPs, the first of them twice; `None` or empty where it has none."""
    return service.spec.cluster_ip, *(service.spec.cluster_ips or ())


def pod_ranges(node: core.Node) -> Iterator[Range]:
    """The ranges of the addresses of a node's pods."""
    for text in dict.fromkeys((node.spec.pod_cidr, *(node.spec.pod_cidrs or ()))):
        try:
            yield ipaddress.ip_network(text, strict=False)
        except ValueError:
            continue


def authority(host: str, port: int) -> str:
    """`host:port` as it is written in a URL, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def named_service(host: str) -> Ref | None:
    """The Service that a name of the cluster's DNS means, whether it exists or not."""
    match = IN_CLUSTER.fullmatch(host)
    return Ref("Service", match[2].lower(), match[1].lower()) if match else None


def _named(snapshot: Snapshot, text: str, host: str, port: int | None) -> Address:
    ref = named_service(host)
    service = snapshot.get(core.Service, ref.namespace, ref.name) if ref else None
    kind = AddressKind.NAME if host else AddressKind.UNKNOWN
    named = ref if service else None
    return Address(
        text=text,
        kind=kind,
        ip=host,
        port=port,
        service=named,
        services=(named,) if named else (),
        unseen=snapshot.unseen(NEEDED) if ref and not service else (),
    )


def _in_no_slice(snapshot: Snapshot, text: str, ip: IP, port: int | None, index: _Index) -> Address:
    unseen = snapshot.unseen(NEEDED)
    node = next((name for network, name in index.ranges if ip in network), None)
    if node is not None:
        kind = AddressKind.POD_NETWORK
    else:
        kind = AddressKind.UNKNOWN if unseen else AddressKind.ELSEWHERE
    return Address(text=text, kind=kind, ip=str(ip), port=port, node=node or "", unseen=unseen)


def _index(snapshot: Snapshot) -> _Index:
    places = grouped((ip, place) for place, texts in _places(snapshot) for ip in parsed(texts))
    nodes = snapshot.of(core.Node)
    return _Index(
        places, tuple((network, node.name) for node in nodes for network in pod_ranges(node))
    )


def _places(snapshot: Snapshot) -> Iterator[tuple[_Place, Iterable[str]]]:
    """Each with its addresses, in order of precedence where several have the same address."""
    endpoints = list(_endpoints(snapshot))
    yield from (pair for pair in endpoints if not pair[0].claimed)
    for owner in snapshot.of(core.Service):
        ports = frozenset(port.port for port in owner.spec.ports or ())
        yield (
            _Place(AddressKind.VIP, owner.ref, ports),
            vips(owner),
        )
    yield from (pair for pair in endpoints if pair[0].claimed)
    for node in snapshot.of(core.Node):
        yield _Place(AddressKind.NODE, node=node.name), (at.address for at in node.status.addresses)


def _endpoints(snapshot: Snapshot) -> Iterator[tuple[_Place, Iterable[str]]]:
    """The endpoints of all slices, each with its addresses."""
    own = snapshot.of(core.Pod).once("addresses by namespace", _of_pods)
    for slice_ in snapshot.of(discovery.EndpointSlice):
        name = (slice_.metadata.labels or {}).get(serving.SERVICE_NAME, "")
        service = Ref("Service", slice_.namespace, name)
        ports = frozenset(port.port for port in slice_.ports or () if port.port)
        for endpoint in slice_.endpoints or ():
            target = endpoint.target_ref
            pod = None
            if target and target.kind == "Pod":
                pod = Ref("Pod", target.namespace or slice_.namespace, target.name)
            ready = endpoint.conditions.ready is not False
            place = _Place(
                AddressKind.POD, service, ports, pod, endpoint.node_name or "", ready=ready
            )
            of_pod = own.get(slice_.namespace, frozenset()).issuperset(endpoint.addresses)
            yield (place if of_pod else replace(place, claimed=True)), endpoint.addresses


def pod_addresses(pod: core.Pod) -> tuple[str, ...]:
    """A pod's addresses as its kubelet tells them, the primary first."""
    every = (pod.status.pod_ip, *(pod_ip.ip for pod_ip in pod.status.pod_ips or ()))
    return tuple(dict.fromkeys(item for item in every if item))


def _of_pods(pods: Iterable[core.Pod]) -> Mapping[str, frozenset[str]]:
    """The addresses of the pods of each namespace, as their kubelets tell."""
    known = grouped(
        (pod.namespace, address)
        for pod in pods
        if not has_ended(pod)
        for address in pod_addresses(pod)
    )
    return {namespace: frozenset(addresses) for namespace, addresses in known.items()}
