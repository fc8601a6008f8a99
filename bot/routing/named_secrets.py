"""The Secrets that an object of Traefik's names, and a word about those that nobody looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.domain.finding import Judgement
from bot.domain.resources import networking, traefik
from bot.domain.resources.base import Object, Reference
from bot.domain.sentences import listed
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import middlewares, secrets, tls_settings
from bot.routing.references import ANNOTATIONS
from bot.routing.secrets import Place

SHOWN = 5

MIDDLEWARES = f"{ANNOTATIONS}router.middlewares"
"""The annotation of an Ingress that names Middlewares."""


def naming_unseen(judgement: Judgement, resource: Object, snapshot: Snapshot) -> Judgement:
    """A healthy object's words name the Secrets that nothing shows to exist.

    Of single objects alone. A report does not say it: that Secrets are not listed is one gap there,
    and no remark on each route.
    """
    named = NAMED.get(type(resource))
    if named is None or judgement.verdict is not Verdict.HEALTHY or judgement.noted:
        return judgement
    places = set(named(resource, snapshot))
    unproven = sorted(place for place in places if not secrets.is_known(snapshot, *place))
    if not unproven:
        return judgement
    names = listed((f"{namespace}/{name}" for namespace, name in unproven), SHOWN)
    message = f"It needs Secret {names}. Secrets were not read, so it is unknown whether it exists."
    return Judgement(Verdict.HEALTHY, "SecretNotSeen", message)


def _of_route(route: traefik.IngressRoute, snapshot: Snapshot) -> Iterator[Place]:
    yield from _of_tls(route.spec.tls, route.namespace)
    named = [middleware for rule in route.spec.routes for middleware in rule.middlewares or ()]
    yield from middlewares.secrets_behind(snapshot, route.namespace, named)


def _of_tls(tls: traefik.RouteTls | None, namespace: str) -> Iterator[Place]:
    if tls and tls.secret_name:
        yield namespace, tls.secret_name


def _of_ingress(ingress: networking.Ingress, snapshot: Snapshot) -> Iterator[Place]:
    here = ingress.namespace
    yield from ((here, tls.secret_name) for tls in ingress.spec.tls or () if tls.secret_name)
    names = (ingress.metadata.annotations or {}).get(MIDDLEWARES, "").split(",")
    named = (Reference(name=name.strip()) for name in names if "@" in name)
    yield from middlewares.secrets_behind(snapshot, here, named)


NAMED: Mapping[type[Object], Callable[[Any, Snapshot], Iterator[Place]]] = {
    networking.Ingress: _of_ingress,
    traefik.IngressRoute: _of_route,
    traefik.IngressRouteTCP: lambda route, _: _of_tls(route.spec.tls, route.namespace),
    traefik.Middleware: lambda middleware, _: middlewares.secrets_of(middleware),
    traefik.TLSOption: lambda option, _: tls_settings.secrets_of_option(option),
    traefik.TLSStore: lambda store, _: tls_settings.secrets_of_store(store),
    traefik.ServersTransport: lambda transport, _: tls_settings.secrets_of_transport(transport),
    traefik.ServersTransportTCP: lambda transport, _: tls_settings.secrets_of_transport(transport),
}
"""What each kind names."""
