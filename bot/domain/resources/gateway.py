"""gateway.networking.k8s.io: HTTPRoutes, and what tells whether they are Traefik's."""

from __future__ import annotations

import msgspec

from bot.domain.resources.base import Condition, Object, Part

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


class HTTPRouteMatch(Part, frozen=True):
    """`rules[].matches[]`, as far as it tells the path."""

    path: PathMatch = PathMatch()


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
    def paths(self) -> tuple[PathMatch, ...]:
        """The paths of its matches, each once; without a match it takes all."""
        return tuple(dict.fromkeys(match.path for match in self.matches or ())) or (PathMatch(),)


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


class GatewayListener(Part, frozen=True):
    """`listeners[]`; without a hostname it takes all."""

    name: str = ""
    hostname: str = ""
    port: int = 0
    protocol: str = "HTTP"
    tls: ListenerTls | None = None


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
