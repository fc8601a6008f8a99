"""gateway.networking.k8s.io: HTTPRoutes, and what tells whether they are Traefik's."""

from __future__ import annotations

import msgspec

from bot.domain.resources.base import Condition, Object, Part, Selector

GROUP = "gateway.networking.k8s.io"


class ParentReference(Part, frozen=True):
    """`parentRefs[]`; a missing group or kind means a Gateway."""

    group: str = GROUP
    kind: str = "Gateway"
    name: str = ""
    namespace: str = ""
    section_name: str = ""
    port: int | None = None


class BackendReference(Part, frozen=True):
    """`rules[].backendRefs[]`; a missing group or kind means a Service, a missing weight 1."""

    group: str = ""
    kind: str = "Service"
    name: str = ""
    namespace: str = ""
    port: int | None = None
    weight: int = 1


class PathMatch(Part, frozen=True):
    """`rules[].matches[].path`."""

    type: str = "PathPrefix"
    value: str = "/"

    @property
    def literal(self) -> str:
        """A path that it takes; empty where it is a regular expression."""
        return "" if self.type == "RegularExpression" else self.value


class ValueMatch(Part, frozen=True):
    """`headers[]` or `queryParams[]` of `rules[].matches[]`."""

    type: str = "Exact"
    name: str = ""
    value: str = ""


class HTTPRouteMatch(Part, frozen=True):
    """`rules[].matches[]`."""

    path: PathMatch = PathMatch()
    method: str = ""
    headers: tuple[ValueMatch, ...] | None = None
    query_params: tuple[ValueMatch, ...] | None = None

    @property
    def conditions(self) -> tuple[str, ...]:
        """What a request must have beside its path."""
        every = {
            "method": self.method,
            "headers": self.headers,
            "query parameters": self.query_params,
        }
        return tuple(name for name, set_ in every.items() if set_)


class ExtensionReference(Part, frozen=True):
    """`rules[].filters[].extensionRef`."""

    group: str = ""
    kind: str = ""
    name: str = ""


class HTTPRouteFilter(Part, frozen=True):
    """`rules[].filters[]`."""

    type: str = ""
    extension_ref: ExtensionReference | None = None


class HTTPRouteRule(Part, frozen=True):
    """`rules[]`."""

    matches: tuple[HTTPRouteMatch, ...] | None = None
    filters: tuple[HTTPRouteFilter, ...] | None = None
    backend_refs: tuple[BackendReference, ...] | None = None

    @property
    def every_match(self) -> tuple[HTTPRouteMatch, ...]:
        """Its matches; without one it takes all requests."""
        return self.matches or (HTTPRouteMatch(),)

    @property
    def paths(self) -> tuple[PathMatch, ...]:
        """The paths of its matches, each once."""
        return tuple(dict.fromkeys(match.path for match in self.every_match))


class HTTPRouteSpec(Part, frozen=True):
    """`spec` of an HTTPRoute."""

    parent_refs: tuple[ParentReference, ...] | None = None
    hostnames: tuple[str, ...] | None = None
    rules: tuple[HTTPRouteRule, ...] | None = None


class RouteParentStatus(Part, frozen=True):
    """`status.parents[]`: what one controller says of the route at one parent."""

    parent_ref: ParentReference = ParentReference()
    controller_name: str = ""
    conditions: tuple[Condition, ...] = ()


class HTTPRouteStatus(Part, frozen=True):
    """`status` of an HTTPRoute."""

    parents: tuple[RouteParentStatus, ...] | None = None


class HTTPRoute(Object, frozen=True):
    """gateway.networking.k8s.io HTTPRoute."""

    spec: HTTPRouteSpec = HTTPRouteSpec()
    status: HTTPRouteStatus = HTTPRouteStatus()


class CertificateReference(Part, frozen=True):
    """`listeners[].tls.certificateRefs[]`; a missing kind means a Secret."""

    kind: str = "Secret"
    name: str = ""
    namespace: str = ""


class ListenerTls(Part, frozen=True):
    """`listeners[].tls`."""

    certificate_refs: tuple[CertificateReference, ...] | None = None


class RouteNamespaces(Part, frozen=True):
    """`allowedRoutes.namespaces`."""

    from_: str = msgspec.field(default="Same", name="from")
    selector: Selector | None = None


class RouteKind(Part, frozen=True):
    """`allowedRoutes.kinds[]`."""

    group: str = GROUP
    kind: str = ""


class AllowedRoutes(Part, frozen=True):
    """`listeners[].allowedRoutes`; without kinds it allows those of its protocol."""

    namespaces: RouteNamespaces = RouteNamespaces()
    kinds: tuple[RouteKind, ...] | None = None


class GatewayListener(Part, frozen=True):
    """`listeners[]`; without a hostname it takes all."""

    name: str = ""
    hostname: str = ""
    port: int = 0
    protocol: str = "HTTP"
    tls: ListenerTls | None = None
    allowed_routes: AllowedRoutes = AllowedRoutes()


class ListenerStatus(Part, frozen=True):
    """`status.listeners[]`."""

    name: str = ""
    conditions: tuple[Condition, ...] = ()


class GatewaySpec(Part, frozen=True):
    """`spec` of a Gateway."""

    gateway_class_name: str = ""
    listeners: tuple[GatewayListener, ...] | None = None


class GatewayStatus(Part, frozen=True):
    """`status` of a Gateway."""

    listeners: tuple[ListenerStatus, ...] | None = None


class Gateway(Object, frozen=True):
    """gateway.networking.k8s.io Gateway."""

    spec: GatewaySpec = GatewaySpec()
    status: GatewayStatus = GatewayStatus()


class GatewayClassSpec(Part, frozen=True):
    """`spec` of a GatewayClass."""

    controller_name: str = ""


class GatewayClass(Object, frozen=True):
    """gateway.networking.k8s.io GatewayClass."""

    spec: GatewayClassSpec = GatewayClassSpec()


class Grantee(Part, frozen=True):
    """`from[]` of a ReferenceGrant: who may refer."""

    group: str = ""
    kind: str = ""
    namespace: str = ""


class Granted(Part, frozen=True):
    """`to[]` of a ReferenceGrant: to what; without a name, to all of the kind."""

    group: str = ""
    kind: str = ""
    name: str = ""


class ReferenceGrantSpec(Part, frozen=True):
    """`spec` of a ReferenceGrant."""

    from_: tuple[Grantee, ...] | None = msgspec.field(default=None, name="from")
    to: tuple[Granted, ...] | None = None


class ReferenceGrant(Object, frozen=True):
    """gateway.networking.k8s.io ReferenceGrant."""

    spec: ReferenceGrantSpec = ReferenceGrantSpec()
