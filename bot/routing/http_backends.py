"""What a rule of an HTTPRoute does with its requests: filters, and backends by their weights.

Source: Traefik's provider kubernetesgateway, v3.1 to v3.6. A backend that cannot be resolved
answers 500 for its share of the requests, and so does a rule with a filter that is not supported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.resources import core, traefik
from bot.domain.resources.base import Reference
from bot.domain.resources.gateway import BackendReference, HTTPRoute, HTTPRouteFilter, HTTPRouteRule
from bot.domain.resources.registry import TRAEFIK
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import backends, gateway_attachment, gateways, middlewares
from bot.routing import references as routing
from bot.routing.instance import GATEWAY, NATIVE_GATEWAYS_SINCE
from bot.routing.references import ANY_PROVIDER, Defect, Provider

NEWEST = (3, 6)
"""The newest version whose filters are known here."""

REDIRECT, EXTENSION = "RequestRedirect", "ExtensionRef"
SUPPORTED = frozenset(
    {REDIRECT, EXTENSION, "RequestHeaderModifier", "ResponseHeaderModifier", "URLRewrite"}
)


@dataclass(frozen=True, slots=True)
class GatewayProvider(Provider):
    """Traefik's provider of the Gateway API: it takes ready endpoints only, or the VIP."""

    @property
    def name(self) -> str:
        """Its name in Traefik's arguments."""
        return GATEWAY

    def forbids_other_namespaces(self) -> bool:
        """A ReferenceGrant allows them, and no argument."""
        return False

    def drops_empty(self) -> bool:
        """A Service without an endpoint answers 503."""
        return False

    def leaves_out(self, namespace: str) -> bool:
        """Whether no Traefik that reads an HTTPRoute reads the Services of a namespace."""
        scopes = [config.static.gateways for config in self.configs]
        return self.known and all(scope.leaves_out(namespace) for scope in scopes)

    def uses_terminating(self) -> bool:
        """Endpoints that terminate are left out."""
        return False

    def is_native(self, *, native: bool | None) -> bool:
        """Whether every Traefik that reads it uses the VIP; `native` is what the Service says."""
        can = all(config.since(NATIVE_GATEWAYS_SINCE) for config in self.configs)
        if native is not None:
            return native and can
        by_default = all(config.static.native_gateways for config in self.configs)
        return bool(self.configs) and can and by_default


def of_rule(
    rule: HTTPRouteRule, route: HTTPRoute, provider: Provider, snapshot: Snapshot
) -> tuple[Defect, ...]:
    """What is wrong with a rule."""
    filters = rule.filters or ()
    own = tuple(filter(None, (_of_filter(one, route, provider, snapshot) for one in filters)))
    if any(one.type == REDIRECT for one in filters):
        return own
    references = rule.backend_refs or ()
    weighed = [reference for reference in references if reference.weight]
    if weighed:
        parts = [tuple(_of_backend(one, route, provider, snapshot)) for one in weighed]
        return (*own, *gateway_attachment.shared(parts))
    if any(one.type == EXTENSION for one in filters):
        return own
    if references:
        message = "All of its backends have weight 0: nothing answers its requests."
        return (*own, Defect("NoBackends", message, Verdict.SUSPENDED))
    message = "It has no backend and no redirect: nothing answers its requests."
    return (*own, Defect("NoBackends", message))


def idle(
    route: HTTPRoute, provider: Provider, snapshot: Snapshot
) -> Iterator[tuple[BackendReference, Defect]]:
    """Backends of weight 0 that are broken: no request goes there, and Traefik minds them."""
    for rule in route.spec.rules or ():
        for reference in rule.backend_refs or ():
            if not reference.weight:
                for defect in _of_backend(reference, route, provider, snapshot):
                    yield reference, defect


def why_refused(reference: BackendReference, route: HTTPRoute, snapshot: Snapshot) -> str:
    """Why Traefik makes no server of a backend by its kind or place; empty if it may."""
    to = gateways.target(reference, route)
    if refused := gateways.not_granted(route.ref, reference.group, to, snapshot):
        return refused.message
    service = (
        snapshot.get(core.Service, to.namespace, to.name)
        if gateways.is_service(reference)
        else None
    )
    if service and service.spec.type == "ExternalName":
        return f"{to} is an ExternalName, which Traefik does not accept in an HTTPRoute."
    if not (gateways.is_service(reference) or gateways.is_traefiks(reference)):
        return (
            f"{to} ({reference.group or 'core'}): Traefik does not support backends of this kind."
        )
    return ""


def _of_backend(
    reference: BackendReference, route: HTTPRoute, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    to = gateways.target(reference, route)
    if refused := gateways.not_granted(route.ref, reference.group, to, snapshot):
        yield refused
    elif gateways.is_service(reference):
        service = snapshot.get(core.Service, to.namespace, to.name)
        if service and service.spec.type == "ExternalName":
            yield Defect("ExternalNameNotSupported", why_refused(reference, route, snapshot))
            return
        own = gateways.native(service) if service else None
        if defect := routing.service(
            snapshot, to.namespace, to.name, reference.port, provider, native=own
        ):
            yield defect
    elif gateways.is_traefiks(reference):
        service_ = traefik.RouteService(kind="TraefikService", name=reference.name)
        if defect := backends.backend(service_, to.namespace, ANY_PROVIDER, snapshot):
            yield defect
    else:
        yield Defect("InvalidKind", why_refused(reference, route, snapshot))


def _of_filter(
    one: HTTPRouteFilter, route: HTTPRoute, provider: Provider, snapshot: Snapshot
) -> Defect | None:
    if one.type not in SUPPORTED:
        if not provider.configs or provider.is_newer_than(NEWEST):
            return None
        message = f"Traefik does not support the filter {one.type}: requests of the rule get 500."
        return Defect("FilterNotSupported", message)
    if one.type != EXTENSION:
        return None
    to = one.extension_ref
    if to and (to.group, to.kind) == (TRAEFIK[0], "Middleware"):
        return middlewares.middleware(snapshot, route.namespace, Reference(name=to.name))
    named = f"{to.kind} {to.name} ({to.group or 'core'})" if to else "nothing"
    message = f"Its filter ExtensionRef names {named}, and Traefik knows Middlewares only."
    return Defect("InvalidKind", message)
