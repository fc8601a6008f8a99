"""What a tool may be aimed at: what belongs to the cluster, and what the settings name.

A name is looked up in the snapshot and not in DNS, so that it cannot lead elsewhere: an
ExternalName is outside. Addresses count by exact match and by the nodes' own pod ranges, never by
a range that is usual.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from itertools import chain

import msgspec

from bot.domain.refusal import Refusal
from bot.domain.resources import core
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing import addresses as address

NEEDED: tuple[type[Object], ...] = (core.Node, core.Pod, core.Service)
"""What is looked up."""

DOMAIN = ".cluster.local"
"""The domain that k3s gives the cluster's names."""

NAME = re.compile(rf"{address.LABEL}(?:\.{address.LABEL})*")
LONGEST_NAME = 253

NUMBER = re.compile(r"(?:0x[0-9a-f]*|\d+)")
"""A last label like this makes an address of the whole in some resolvers (inet_aton)."""

SERVICE = re.compile(r"([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})(?:\.svc(?:\.cluster\.local)?)?")
SLASHED = re.compile(r"([a-z0-9-]{1,63})/([a-z0-9.-]{1,253})")

SETTING = "MESHMEDIC_NET_TARGETS"


class Allowed(msgspec.Struct, frozen=True):
    """Allowed targets outside the cluster: names, `.example.org` for all subdomains, ranges."""

    names: tuple[str, ...] = ()
    ranges: tuple[address.Range, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where a tool goes: a name or a literal address, never anything else.

    `address` is one where that is known, for tools that take no name of the cluster. `ports` are a
    Service's, and `service` is the one whose slices say where a request ends.
    """

    host: str
    address: str = ""
    ports: tuple[int, ...] = ()
    service: core.Service | None = None


def allowed(entries: Iterable[str]) -> Allowed:
    """The targets of a setting.

    Raises:
        ValueError: One is neither a name, nor an address or a range; the message says which.
    """
    names: list[str] = []
    ranges: list[address.Range] = []
    for entry in entries:
        if is_name(entry.lower().removeprefix(".")):
            names.append(entry.lower())
            continue
        try:
            ranges.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            msg = f"{entry!r} is not a name, an address or a range such as 192.0.2.0/24"
            raise ValueError(msg) from None
    return Allowed(tuple(names), tuple(ranges))


def is_name(text: str) -> bool:
    """Whether it is a DNS name in lower case that no resolver takes for an address."""
    last = text.rpartition(".")[2]
    return (
        len(text) <= LONGEST_NAME
        and NAME.fullmatch(text) is not None
        and not NUMBER.fullmatch(last)
    )


def find(snapshot: Snapshot, text: str, also: Allowed) -> Place | Refusal:
    """Where `text` leads: an address, a node, a Service or pod as `namespace/name`, a name."""
    name = text.lower().removesuffix(".")
    if match := SLASHED.fullmatch(name):
        return _object(snapshot, match[1], match[2], also)
    if "%" in name or address.parse(name):
        return _address(snapshot, name, also)
    if not is_name(name):
        return Refusal("A target is an address, a node, namespace/name, or a name of DNS.")
    return _named(snapshot, name, also)


def _named(snapshot: Snapshot, name: str, also: Allowed) -> Place | Refusal:
    if node := snapshot.get(core.Node, "", name):
        return _node(node)
    if (match := SERVICE.fullmatch(name)) and (
        service := snapshot.get(core.Service, match[2], match[1])
    ):
        return _service(service, also)
    if is_covered(name, also):
        return Place(name)
    if name.endswith(DOMAIN):
        return Refusal(f"{name} is not a Service of this cluster: only dig may look it up.")
    return Refusal(_beyond(snapshot, name))


def _object(snapshot: Snapshot, namespace: str, name: str, also: Allowed) -> Place | Refusal:
    if service := snapshot.get(core.Service, namespace, name):
        return _service(service, also)
    pod = snapshot.get(core.Pod, namespace, name)
    if pod is None:
        return Refusal(_beyond(snapshot, f"{namespace}/{name}"))
    at = _literal(pod.status.pod_ip)
    return Place(at, at) if at else Refusal(f"The pod {name} has no address yet.")


def _service(service: core.Service, also: Allowed) -> Place | Refusal:
    spec = service.spec
    elsewhere = spec.type == "ExternalName"
    if elsewhere and not is_covered(spec.external_name.lower(), also):
        return Refusal(
            f"{service.namespace}/{service.name} leads out of the cluster: {SETTING} may allow it."
        )
    ports = tuple(port.port for port in spec.ports or ())
    name = f"{service.name}.{service.namespace}.svc{DOMAIN}"
    return Place(name, _literal(spec.cluster_ip), ports, None if elsewhere else service)


def _node(node: core.Node) -> Place | Refusal:
    for kind in ("InternalIP", "ExternalIP"):
        for node_address in node.status.addresses:
            if node_address.type == kind and (at := _literal(node_address.address)):
                return Place(at, at)
    return Refusal(f"The node {node.name} reports no address.")


def _address(snapshot: Snapshot, text: str, also: Allowed) -> Place | Refusal:
    at = _literal(text)
    ip = address.parse(at)
    if ip is None:
        return Refusal(f"{text} is not a target: it means something else on each machine.")
    # Also those of pods that are gone: where the nodes' pods are.
    pods = (range_ for node in snapshot.of(core.Node) for range_ in address.pod_ranges(node))
    own = snapshot.once("network.tools.own", lambda: _own(snapshot))
    if ip in own or any(ip in range_ for range_ in chain(pods, also.ranges)):
        return Place(at, at)
    return Refusal(_beyond(snapshot, at))


def _own(snapshot: Snapshot) -> frozenset[address.IP]:
    """The addresses of all nodes, pods and Services."""
    nodes = (at.address for node in snapshot.of(core.Node) for at in node.status.addresses)
    pods = (pod.status.pod_ip for pod in snapshot.of(core.Pod))
    vips = (vip for service in snapshot.of(core.Service) for vip in address.vips(service))
    return frozenset(address.parsed(chain(nodes, pods, vips)))


def _literal(text: str) -> str:
    """The address in its one writing; empty for what is none, or is one in each machine anew.

    Link-local ones are among these: in a cloud, one of them hands out the machine's credentials.
    """
    ip = None if "%" in text else address.parse(text)
    return str(ip) if ip and address.is_of_one_host(ip) else ""


def is_covered(name: str, by: Allowed) -> bool:
    """Whether a name, or a domain that it is in, is among the names of a setting."""
    return is_name(name) and any(
        name == allowed or (allowed.startswith(".") and name.endswith(allowed))
        for allowed in by.names
    )


def _beyond(snapshot: Snapshot, text: str) -> str:
    if unseen := snapshot.unseen(NEEDED):
        return f"{text} is not known, and these could not be read: {', '.join(unseen)}."
    return f"{text} is not of this cluster. {SETTING} may name what else is a target."
