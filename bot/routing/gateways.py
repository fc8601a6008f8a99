"""What an HTTPRoute refers to: Gateways, of which some are Traefik's, and backends.

Source: the Gateway API's specification, and Traefik's provider kubernetesgateway, v3.1 to v3.6. It
writes a status for every parent of a route that has one of its own, also for those of others, so a
status alone does not tell whose a Gateway is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from msgspec import structs

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.label_selector import selects
from bot.domain.resources import core
from bot.domain.resources.gateway import (
    GROUP,
    BackendReference,
    Gateway,
    GatewayClass,
    GatewayListener,
    HTTPRoute,
    HTTPRouteRule,
    ParentReference,
    PathMatch,
    ReferenceGrant,
    RouteParentStatus,
)
from bot.domain.resources.registry import TRAEFIK
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing.references import Defect

CONTROLLER = "traefik.io/gateway-controller"
CORE = "core"
"""How Traefik writes the core group in a reference, beside the empty name."""

NATIVE = "traefik.io/service.nativelb"
"""On a Service, it turns nativeLB on for the HTTPRoutes that lead to it, from 3.2 on."""

SCHEMES = {
    "http": "http",
    "https": "https",
    "kubernetes.io/h2c": "h2c",
    "kubernetes.io/ws": "http",
    "kubernetes.io/wss": "https",
}

PROTOCOLS = frozenset({"HTTP", "HTTPS"})
"""Those of listeners that take an HTTPRoute."""

PARENTS, LISTENERS, HOSTNAMES = 32, 64, 16
"""How many the API server allows of each; a saved file may hold any number."""

MOST_RULES = 64
"""The most pairs of host and path that one HTTPRoute gives."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A Gateway that is Traefik's; where `defect` says so, it is nobody's, or nobody knows whose.

    gateway: None where it was not read.
    status: What Traefik says of the route there.
    """

    reference: ParentReference
    gateway: Gateway | None = None
    defect: Defect | None = None
    status: RouteParentStatus | None = None

    @property
    def listeners(self) -> tuple[GatewayListener, ...]:
        """The listeners that the reference means and that may take an HTTPRoute."""
        section, port = self.reference.section_name, self.reference.port
        return tuple(
            listener
            for listener in listeners_of(self.gateway)
            if section in ("", listener.name)
            and port in (None, listener.port)
            and listener.protocol in PROTOCOLS
        )


def listeners_of(gateway: Gateway | None) -> tuple[GatewayListener, ...]:
    """The listeners of a Gateway; none where it was not read."""
    return ((gateway.spec.listeners if gateway else None) or ())[:LISTENERS]


def named_hosts(route: HTTPRoute) -> tuple[str, ...]:
    """The hostnames of a route; an empty one where it names none."""
    return (route.spec.hostnames or ())[:HOSTNAMES] or ("",)


def parents(route: HTTPRoute, snapshot: Snapshot) -> tuple[Parent, ...]:
    """The parents of a route, without those of other controllers."""
    every = (
        _parent(reference, route, snapshot)
        for reference in dict.fromkeys((route.spec.parent_refs or ())[:PARENTS])
        if (reference.group, reference.kind) == (GROUP, "Gateway")
    )
    return tuple(filter(None, every))


def _parent(reference: ParentReference, route: HTTPRoute, snapshot: Snapshot) -> Parent | None:
    here = reference.namespace or route.namespace
    statuses = {
        status.controller_name: status
        for status in (route.status.parents or ())[:PARENTS]
        if _key(status.parent_ref, route) == _key(reference, route)
    }
    status = statuses.get(CONTROLLER)
    gateway = snapshot.get(Gateway, here, reference.name)
    name = gateway.spec.gateway_class_name if gateway else ""
    if class_ := snapshot.get(GatewayClass, "", name) if gateway else None:
        is_its = class_.spec.controller_name == CONTROLLER
        return Parent(reference, gateway, status=status) if is_its else None
    if statuses.keys() - {CONTROLLER}:
        return None
    if gateway:
        seen = snapshot.sees(GatewayClass)
        missing = Defect(
            "GatewayClassNotFound", f"{gateway.ref} names GatewayClass {name}, which is not there."
        )
    else:
        seen = snapshot.sees(Gateway, here)
        missing = Defect("GatewayNotFound", f"Gateway {here}/{reference.name} does not exist.")
    if seen:
        return Parent(reference, gateway, missing) if _may_be_its(snapshot) else None
    unseen = f"Whose Gateway {here}/{reference.name} is was not seen."
    defect = None if status else Defect("ReferenceNotSeen", unseen, Verdict.UNKNOWN)
    return Parent(reference, gateway, defect, status)


def _may_be_its(snapshot: Snapshot) -> bool:
    """Whether what leads nowhere may be meant for Traefik: not where only others have classes."""
    classes = snapshot.of(GatewayClass)
    return not classes or any(class_.spec.controller_name == CONTROLLER for class_ in classes)


def _key(reference: ParentReference, route: HTTPRoute) -> ParentReference:
    return structs.replace(reference, namespace=reference.namespace or route.namespace)


class ServedHost(NamedTuple):
    """A listener that takes a route, and a host by which it does; an empty one is every host."""

    gateway: Gateway
    listener: GatewayListener
    host: str

    @property
    def certificate(self) -> Ref | None:
        """The Secret of the listener's certificate. Traefik takes the first and no other."""
        references = (self.listener.tls.certificate_refs if self.listener.tls else None) or ()
        for reference in references[:1]:
            if reference.kind == "Secret":
                here = reference.namespace or self.gateway.namespace
                return Ref("Secret", here, reference.name)
        return None


def served_hosts(route: HTTPRoute, known: tuple[Parent, ...]) -> Iterator[ServedHost]:
    """Each listener of its parents that fits a hostname of it, with the narrower of the two."""
    for parent in known:
        for listener in parent.listeners if parent.gateway else ():
            for name in named_hosts(route):
                host = intersection(listener.hostname, name)
                if parent.gateway and host is not None:
                    yield ServedHost(parent.gateway, listener, host)


def is_allowed(one: ServedHost, route: HTTPRoute, snapshot: Snapshot) -> bool | None:
    """Whether a listener lets a route in; None where that depends on a namespace not seen."""
    allowed = one.listener.allowed_routes
    kinds = [(kind.group, kind.kind) for kind in allowed.kinds or ()]
    if kinds and (GROUP, "HTTPRoute") not in kinds:
        return False
    match allowed.namespaces.from_:
        case "All":
            return True
        case "Same":
            return route.namespace == one.gateway.namespace
        case "Selector":
            selector = allowed.namespaces.selector
            namespace = snapshot.get(core.Namespace, "", route.namespace)
            if selector is None or namespace is None:
                return None if selector else False
            return selects(selector, namespace.metadata.labels or {})
        case _:
            return False


def hostnames(route: HTTPRoute, known: tuple[Parent, ...]) -> tuple[str, ...]:
    """The hosts that Traefik serves it by: its own where a listener takes them, or a listener's.

    An empty one stands for every host.
    """
    return tuple(dict.fromkeys(one.host for one in served_hosts(route, known))) or named_hosts(
        route
    )


class NamedRule(NamedTuple):
    """A rule of an HTTPRoute for one host and one path; `number` is its place in the route."""

    number: int
    rule: HTTPRouteRule
    host: str
    path: PathMatch

    @property
    def match(self) -> str:
        """What it is called everywhere."""
        return f"{self.host}{self.path.value}"


def named_rules(route: HTTPRoute, known: tuple[Parent, ...]) -> Iterator[NamedRule]:
    """The rules of a route, each by every path and host: where there are many, no host is lost."""
    hosts = hostnames(route, known)
    every = (
        NamedRule(number, rule, host, path)
        for number, rule in enumerate(route.spec.rules or ())
        for path in rule.paths
        for host in hosts
    )
    return islice(every, MOST_RULES)


def intersection(one: str, other: str) -> str | None:
    """The narrower of two hostnames that fit each other; None where they do not.

    An empty one fits all, and `*.` any labels before the rest.
    """
    for wide, narrow in ((one.casefold(), other.casefold()), (other.casefold(), one.casefold())):
        if not wide or wide == narrow or (wide.startswith("*.") and narrow.endswith(wide[1:])):
            return narrow
    return None


def is_service(reference: BackendReference) -> bool:
    """Whether a backend is a Service, and no extension."""
    return (plain_group(reference.group), reference.kind) == ("", "Service")


def is_traefiks(reference: BackendReference) -> bool:
    """Whether a backend is a TraefikService."""
    return (reference.group, reference.kind) == (TRAEFIK[0], "TraefikService")


def target(reference: BackendReference, route: HTTPRoute) -> Ref:
    """The object that a backend names."""
    return Ref(reference.kind, reference.namespace or route.namespace, reference.name)


def scheme(port: core.ServicePort) -> str:
    """By what Traefik speaks to a port, where its appProtocol says so; else empty."""
    return SCHEMES.get(port.app_protocol.casefold(), "")


def native(service: core.Service) -> bool | None:
    """What a Service's annotation says of nativeLB, None where it has none."""
    value = (service.metadata.annotations or {}).get(NATIVE)
    return None if value is None else value.strip().lower() == "true"


def not_granted(of: Ref, group: str, to: Ref, snapshot: Snapshot) -> Defect | None:
    """A reference to another namespace that no ReferenceGrant there allows; `group` is of `to`."""
    if of.namespace == to.namespace:
        return None
    for grant in _grants(snapshot).get(to.namespace, ()):
        allows = any(
            (source.group, source.kind, source.namespace) == (GROUP, of.kind, of.namespace)
            for source in grant.spec.from_ or ()
        )
        if allows and any(
            (plain_group(target.group), target.kind) == (plain_group(group), to.kind)
            and target.name in ("", to.name)
            for target in grant.spec.to or ()
        ):
            return None
    if not snapshot.sees(ReferenceGrant, to.namespace):
        if not snapshot.live:
            return None
        return Defect("ReferenceNotSeen", f"{to}: ReferenceGrants were not seen.", Verdict.UNKNOWN)
    message = (
        f"{to} is in another namespace, and no ReferenceGrant in {to.namespace} allows "
        f"{of.kind}s of {of.namespace} to refer to it."
    )
    return Defect("RefNotPermitted", message)


def plain_group(group: str) -> str:
    """A group, the core group always by its empty name."""
    return "" if group == CORE else group


def _grants(snapshot: Snapshot) -> dict[str, list[ReferenceGrant]]:
    return snapshot.once(
        "routing.grants",
        lambda: grouped((grant.namespace, grant) for grant in snapshot.of(ReferenceGrant)),
    )
