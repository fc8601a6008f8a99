"""How Traefik reads the routes in the cluster: each rule, its Services, and their servers.

Source: Traefik's providers kubernetescrd and kubernetesingress, v2.10 to v3.7, and
kubernetesgateway, v3.6. Whether a reference is broken is decided by the checks of `/health routes`,
so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.finding import Judgement, Ref
from bot.domain.report import judge_one
from bot.domain.resources import core, gateway, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.resources.registry import TRAEFIK
from bot.domain.snapshot import Snapshot
from bot.domain.typed import SEARCHED
from bot.domain.verdict import Verdict
from bot.health.checks import routes_httproute, routes_ingress, routes_ingressroute
from bot.routing import gateways
from bot.routing.candidates import superseded
from bot.routing.gateways import Parent
from bot.routing.instance import TraefikConfig
from bot.routing.references import UNSERVED
from bot.routing.running import RunningTraefik, configs, readers, why_unread
from bot.traefik.domain import backend, router_names
from bot.traefik.domain.answers import RouteView, RuleView
from bot.traefik.domain.http_route_routers import names_by_rule

ENTRY_POINTS = "traefik.ingress.kubernetes.io/router.entrypoints"

READS: tuple[type[Object], ...] = tuple(
    dict.fromkeys(
        (
            *routes_ingressroute.CHECK.reads,
            *routes_ingress.CHECK.reads,
            *routes_httproute.CHECK.reads,
            core.Node,
        )
    )
)
"""The kinds of objects that routes depend on."""

ROUTES: tuple[type[Object], ...] = (traefik.IngressRoute, networking.Ingress, gateway.HTTPRoute)
NAMES: tuple[type[Object], ...] = (*ROUTES, gateway.Gateway, gateway.GatewayClass)
"""The kinds of routes, and those that tell which routes are Traefik's."""


def read_routes(snapshot: Snapshot, known: tuple[TraefikConfig, ...]) -> tuple[RouteView, ...]:
    """Every route as the objects describe it, by kind, namespace and name.

    Each is described by the first of the known configurations that reads it. `verdict` and
    `problems` are those of the health checks; no rule has live servers yet.
    """
    if not configs(snapshot):
        snapshot = replace(
            snapshot, supplements={**snapshot.supplements, RunningTraefik: RunningTraefik(known)}
        )
    known = known or (TraefikConfig(),)
    routes = [_route(route, snapshot, known) for route in snapshot.of(traefik.IngressRoute)]
    routes += [_ingress(ingress, snapshot, known) for ingress in snapshot.of(networking.Ingress)]
    for route in snapshot.of(gateway.HTTPRoute):
        # A route of another controller is none of Traefik's.
        if parents := gateways.parents(route, snapshot):
            routes.append(_http_route(route, parents, snapshot, known))
    return tuple(sorted(routes, key=lambda route: (route.ref, route.api_version)))


def named(snapshot: Snapshot) -> Iterator[tuple[Ref, str]]:
    """Every route with what its rules say, as far as people type it: nothing is judged."""
    for route in snapshot.of(traefik.IngressRoute):
        yield route.ref, " ".join(rule.match[:SEARCHED] for rule in route.spec.routes)
    for ingress in snapshot.of(networking.Ingress):
        yield ingress.ref, " ".join(f"{host}{path.path}" for host, path in ingress.spec.paths)
    for route_ in snapshot.of(gateway.HTTPRoute):
        if gateways.parents(route_, snapshot):
            paths = (path.value for rule in route_.spec.rules or () for path in rule.paths)
            yield route_.ref, " ".join((*(route_.spec.hostnames or ()), *paths))


def _reader(route: Object, known: tuple[TraefikConfig, ...]) -> TraefikConfig:
    return next(iter(readers(route, known)), known[0])


def _route(
    route: traefik.IngressRoute, snapshot: Snapshot, known: tuple[TraefikConfig, ...]
) -> RouteView:
    config = _reader(route, known)
    rules = tuple(
        RuleView(
            match=rule.match,
            router=router_names.of_route(route.namespace, route.name, rule.match),
            backends=tuple(
                backend.of_route(service, route.namespace, snapshot, config)
                for service in rule.services or ()
            ),
        )
        for rule in route.spec.routes
    )
    return _view(
        "IngressRoute",
        route,
        judge_one(route, routes_ingressroute.judge, snapshot),
        rules,
        entry_points=route.spec.entry_points or (),
        unread=_superseded(route, snapshot) or why_unread(route, config),
    )


def _ingress(
    ingress: networking.Ingress, snapshot: Snapshot, known: tuple[TraefikConfig, ...]
) -> RouteView:
    config = _reader(ingress, known)
    entry_points = (ingress.metadata.annotations or {}).get(ENTRY_POINTS, "").split(",")
    return _view(
        "Ingress",
        ingress,
        judge_one(ingress, routes_ingress.judge, snapshot),
        tuple(_paths(ingress, snapshot, config)),
        entry_points=tuple(filter(None, map(str.strip, entry_points))),
        unread=why_unread(ingress, config),
    )


def _http_route(
    route: gateway.HTTPRoute,
    parents: tuple[Parent, ...],
    snapshot: Snapshot,
    known: tuple[TraefikConfig, ...],
) -> RouteView:
    config = _reader(route, known)
    return _view(
        "HTTPRoute",
        route,
        judge_one(route, routes_httproute.judge, snapshot),
        tuple(_http_rules(route, parents, snapshot, config)),
        entry_points=(),
        unread=why_unread(route, config),
    )


def _http_rules(
    route: gateway.HTTPRoute,
    parents: tuple[Parent, ...],
    snapshot: Snapshot,
    config: TraefikConfig,
) -> Iterator[RuleView]:
    routers = names_by_rule(route, parents, config)
    backends = [
        tuple(backend.of_http_route(to, route, snapshot, config) for to in rule.backend_refs or ())
        for rule in route.spec.rules or ()
    ]
    for named in gateways.named_rules(route, parents):
        first, *others = routers(named) or ("",)
        yield RuleView(
            match=named.match,
            router=first,
            other_routers=tuple(others),
            backends=backends[named.number],
        )


def _view(
    kind: str,
    route: Object,
    judgement: Judgement,
    rules: tuple[RuleView, ...],
    *,
    entry_points: tuple[str, ...],
    unread: str,
) -> RouteView:
    problems = tuple(f"{item.label}: {item.value}" for item in judgement.evidence)
    healthy = judgement.verdict is Verdict.HEALTHY
    if judgement.reason in UNSERVED:
        # That this Traefik does not read it is the fault, where no other one does.
        unread = ""
    nowhere = tuple(_nowhere(rules)) if healthy and not unread else ()
    return RouteView(
        ref=Ref(kind, route.namespace, route.name),
        label=f"{kind.lower()}/{route.namespace}/{route.name}",
        api_version=route.api_version,
        verdict=Verdict.UNKNOWN if nowhere else judgement.verdict,
        entry_points=entry_points,
        problems=nowhere if healthy else problems or (judgement.message,),
        notes=(f"{judgement.reason}: {judgement.message}",) if judgement.noted else (),
        unread=unread,
        rules=rules,
    )


def _nowhere(rules: tuple[RuleView, ...]) -> Iterator[str]:
    """Rules for which no server is known: what leads nowhere is never called healthy."""
    for rule in rules:
        if rule.backends and all(to.mode is backend.Mode.NOTHING for to in rule.backends):
            reasons = dict.fromkeys(to.because for to in rule.backends)
            yield f"{rule.match}: no server is known ({', '.join(reasons)})"


def _paths(
    ingress: networking.Ingress, snapshot: Snapshot, config: TraefikConfig
) -> Iterator[RuleView]:
    def rule(match: str, router: str, to: networking.IngressBackend) -> RuleView:
        reference = backend.of_ingress(to, ingress.namespace, snapshot, config)
        return RuleView(match=match, router=router, backends=(reference,))

    for host, path in ingress.spec.paths:
        router = router_names.of_ingress(ingress.namespace, ingress.name, host, path.path)
        yield rule(f"{host}{path.path or '/'}", router, path.backend)
    if ingress.spec.default and not ingress.spec.rules:
        yield rule("default backend", router_names.DEFAULT_BACKEND, ingress.spec.default)


def _superseded(route: traefik.IngressRoute, snapshot: Snapshot) -> str:
    if superseded(route, snapshot):
        return f"An IngressRoute of the same name in {TRAEFIK[0]} goes before it."
    return ""
