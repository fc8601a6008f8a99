"""gateway.networking.k8s.io: HTTPRoutes, and what tells whether they are Traefik's."""

from __future__ import annotations

import msgspec

from bot.domain.resources.base import Condition, Object, Part, Selector
from bot.domain.resources.limits import Many, Text

GROUP = "gateway.networking.k8s.io"


class ParentReference(Part, frozen=True):
    """`parentRefs[]`; a missing group or kind means a Gateway."""

    group: Text = GROUP
    kind: Text = "Gateway"
    name: Text = ""
    namespace: Text = ""
    section_name: Text = ""
    port: int | None = None


class BackendReference(Part, frozen=True):
    """`rules[].backendRefs[]`; a missing group or kind means a Service, a missing weight 1."""

    group: Text = ""
    kind: Text = "Service"
    name: Text = ""
    namespace: Text = ""
    port: int | None = None
    weight: int = 1


class PathMatch(Part, frozen=True):
    """`rules[].matches[].path`."""

    type: Text = "PathPrefix"
    value: Text = "/"

    @property
    def literal(self) -> str:
        """A path that it takes; empty where it is a regular expression."""
        return "" if self.type == "RegularExpression" else self.value


class ValueMatch(Part, frozen=True):
    """`headers[]` or `queryParams[]` of `rules[].matches[]`."""

    type: Text = "Exact"
    name: Text = ""
    value: Text = ""


class HTTPRouteMatch(Part, frozen=True):
    """`rules[].matches[]`."""

    path: PathMatch = PathMatch()
    method: Text = ""
    headers: Many[ValueMatch] | None = None
    query_params: Many[ValueMatch] | None = None

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

    group: Text = ""
    kind: Text = ""
    name: Text = ""


class HTTPRouteFilter(Part, frozen=True):
    """`rules[].filters[]`."""

    type: Text = ""
    extension_ref: ExtensionReference | None = None


class HTTPRouteRule(Part, frozen=True):
    """`rules[]`."""

    matches: Many[HTTPRouteMatch] | None = None
    filters: Many[HTTPRouteFilter] | None = None
    backend_refs: Many[BackendReference] | None = None

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

    parent_refs: Many[ParentReference] | None = None
    hostnames: Many[Text] | None = None
    rules: Many[HTTPRouteRule] | None = None


class RouteParentStatus(Part, frozen=True):
    """`status.parents[]`: what one controller says of the route at one parent."""

    parent_ref: ParentReference = ParentReference()
    controller_name: Text = ""
    conditions: Many[Condition] = ()


class HTTPRouteStatus(Part, frozen=True):
    """`status` of an HTTPRoute."""

    parents: Many[RouteParentStatus] | None = None


class HTTPRoute(Object, frozen=True):
    """gateway.networking.k8s.io HTTPRoute."""

    spec: HTTPRouteSpec = HTTPRouteSpec()
    status: HTTPRouteStatus = HTTPRouteStatus()


class CertificateReference(Part, frozen=True):
    """`listeners[].tls.certificateRefs[]`; a missing kind means a Secret."""

    kind: Text = "Secret"
    name: Text = ""
    namespace: Text = ""


class ListenerTls(Part, frozen=True):
    """`listeners[].tls`."""

    certificate_refs: Many[CertificateReference] | None = None


class RouteNamespaces(Part, frozen=True):
    """`allowedRoutes.namespaces`."""

    from_: Text = msgspec.field(default="Same", name="from")
    selector: Selector | None = None


class RouteKind(Part, frozen=True):
    """`allowedRoutes.kinds[]`."""

    group: Text = GROUP
    kind: Text = ""


class AllowedRoutes(Part, frozen=True):
    """`listeners[].allowedRoutes`; without kinds it allows those of its protocol."""

    namespaces: RouteNamespaces = RouteNamespaces()
    kinds: Many[RouteKind] | None = None


class GatewayListener(Part, frozen=True):
    """`listeners[]`; without a hostname it takes all."""

    name: Text = ""
    hostname: Text = ""
    port: int = 0
    protocol: Text = "HTTP"
    tls: ListenerTls | None = None
    allowed_routes: AllowedRoutes = AllowedRoutes()


class ListenerStatus(Part, frozen=True):
    """`status.listeners[]`."""

    name: Text = ""
    conditions: Many[Condition] = ()


class GatewaySpec(Part, frozen=True):
    """`spec` of a Gateway."""

    gateway_class_name: Text = ""
    listeners: Many[GatewayListener] | None = None


class GatewayStatus(Part, frozen=True):
    """`status` of a Gateway."""

    listeners: Many[ListenerStatus] | None = None


class Gateway(Object, frozen=True):
    """gateway.networking.k8s.io Gateway."""

    spec: GatewaySpec = GatewaySpec()
    status: GatewayStatus = GatewayStatus()


class GatewayClassSpec(Part, frozen=True):
    """`spec` of a GatewayClass."""

    controller_name: Text = ""


class GatewayClass(Object, frozen=True):
    """gateway.networking.k8s.io GatewayClass."""

    spec: GatewayClassSpec = GatewayClassSpec()


class Grantee(Part, frozen=True):
    """`from[]` of a ReferenceGrant: who may refer."""

    group: Text = ""
    kind: Text = ""
    namespace: Text = ""


class Granted(Part, frozen=True):
    """`to[]` of a ReferenceGrant: to what; without a name, to all of the kind."""

    group: Text = ""
    kind: Text = ""
    name: Text = ""


class ReferenceGrantSpec(Part, frozen=True):
    """`spec` of a ReferenceGrant."""

    from_: Many[Grantee] | None = msgspec.field(default=None, name="from")
    to: Many[Granted] | None = None


class ReferenceGrant(Object, frozen=True):
    """gateway.networking.k8s.io ReferenceGrant."""

    spec: ReferenceGrantSpec = ReferenceGrantSpec()
