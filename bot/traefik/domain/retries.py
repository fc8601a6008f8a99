"""Whether Traefik may send a request of a rule more than once, by the Middleware `retry`."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.finding import Ref
from bot.domain.resources import gateway, networking, traefik
from bot.domain.resources.base import Reference
from bot.domain.snapshot import Snapshot
from bot.routing import middlewares
from bot.routing.named_secrets import MIDDLEWARES

NOTHING_ELSE = traefik.MiddlewareSpec()


def may_retry(route: Ref, match: str, snapshot: Snapshot) -> bool:
    """Whether one of its Middlewares retries, or was not seen, or is of an unknown kind."""
    if route.kind == "Ingress":
        references = _of_ingress(route, snapshot)
    elif route.kind == "HTTPRoute":
        references = _of_http_route(route, snapshot)
    else:
        references = _of_route(route, match, snapshot)
    return any(
        middleware is None or middleware.spec.retry or middleware.spec == NOTHING_ELSE
        for middleware in middlewares.behind(snapshot, route.namespace, references)
    )


def _of_route(route: Ref, match: str, snapshot: Snapshot) -> Iterator[Reference]:
    resource = snapshot.get(traefik.IngressRoute, route.namespace, route.name)
    for rule in resource.spec.routes if resource else ():
        if rule.match == match:
            yield from rule.middlewares or ()


def _of_http_route(route: Ref, snapshot: Snapshot) -> Iterator[Reference]:
    """Those of all its rules."""
    resource = snapshot.get(gateway.HTTPRoute, route.namespace, route.name)
    for rule in (resource.spec.rules if resource else None) or ():
        for filter_ in rule.filters or ():
            if filter_.extension_ref:
                yield Reference(name=filter_.extension_ref.name)


def _of_ingress(route: Ref, snapshot: Snapshot) -> Iterator[Reference]:
    resource = snapshot.get(networking.Ingress, route.namespace, route.name)
    annotations = (resource.metadata.annotations if resource else None) or {}
    names = map(str.strip, annotations.get(MIDDLEWARES, "").split(","))
    return (Reference(name=name) for name in names if name)
