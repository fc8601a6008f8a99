"""What Traefik makes of the routes in the cluster: each rule, its Services, and their servers.

Source: Traefik's providers kubernetescrd and kubernetesingress, v2.10 to v3.7. Whether a reference
is broken is judged by the checks of `/health routes`, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.finding import Judgement, Ref
from bot.domain.resources import core, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health.checks import routes_ingress, routes_ingressroute
from bot.routing.candidates import superseded
from bot.traefik.domain import backend
from bot.traefik.domain import router_names as naming
from bot.traefik.domain.answers import RouteView, RuleView
from bot.traefik.domain.backend import TraefikConfig
from bot.traefik.domain.instance import TRAEFIK_CLASS, groups, other_class

ENTRY_POINTS = "traefik.ingress.kubernetes.io/router.entrypoints"

READS: tuple[type[Object], ...] = tuple(
    dict.fromkeys((*routes_ingressroute.CHECK.reads, *routes_ingress.CHECK.reads, core.Node))
)
"""What must be read for it."""


def read_routes(snapshot: Snapshot, reading: TraefikConfig) -> tuple[RouteView, ...]:
    """Every route as the objects describe it, by kind, namespace and name.

    `verdict` and `problems` are those of the health checks; no rule has live servers yet.
    """
    routes = [_route(route, snapshot, reading) for route in snapshot.of(traefik.IngressRoute)]
    routes += [_ingress(ingress, snapshot, reading) for ingress in snapshot.of(networking.Ingress)]
    return tuple(sorted(routes, key=lambda route: (route.ref, route.api_version)))


def _route(route: traefik.IngressRoute, snapshot: Snapshot, reading: TraefikConfig) -> RouteView:
    rules = tuple(
        RuleView(
            match=rule.match,
            router=naming.of_route(route.namespace, route.name, rule.match),
            backends=tuple(
                backend.of_route(service, route.namespace, snapshot, reading)
                for service in rule.services or ()
            ),
        )
        for rule in route.spec.routes
    )
    return _view(
        "IngressRoute",
        route,
        routes_ingressroute.judge(route, snapshot),
        rules,
        entry_points=route.spec.entry_points or (),
        unread=_other_group(route, snapshot, reading)
        or other_class(route.metadata.annotations, reading.static.class_of_routes),
    )


def _ingress(ingress: networking.Ingress, snapshot: Snapshot, reading: TraefikConfig) -> RouteView:
    entry_points = (ingress.metadata.annotations or {}).get(ENTRY_POINTS, "").split(",")
    name, wanted = ingress.spec.ingress_class_name, reading.static.class_of_ingresses
    return _view(
        "Ingress",
        ingress,
        routes_ingress.judge(ingress, snapshot),
        tuple(_paths(ingress, snapshot, reading)),
        entry_points=tuple(filter(None, map(str.strip, entry_points))),
        unread=_other_name(name, wanted)
        if name
        else other_class(ingress.metadata.annotations, wanted),
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
    return RouteView(
        ref=Ref(kind, route.namespace, route.name),
        label=f"{kind.lower()}/{route.namespace}/{route.name}",
        api_version=route.api_version,
        verdict=judgement.verdict,
        entry_points=entry_points,
        problems=() if healthy else problems or (judgement.message,),
        unread=unread,
        rules=rules,
    )


def _paths(
    ingress: networking.Ingress, snapshot: Snapshot, reading: TraefikConfig
) -> Iterator[RuleView]:
    def rule(match: str, router: str, to: networking.IngressBackend) -> RuleView:
        read = backend.of_ingress(to, ingress.namespace, snapshot, reading)
        return RuleView(match=match, router=router, backends=(read,))

    for host, path in ingress.spec.paths:
        router = naming.of_ingress(ingress.namespace, ingress.name, host, path.path)
        yield rule(f"{host}{path.path or '/'}", router, path.backend)
    if ingress.spec.default and not ingress.spec.rules:
        yield rule("default backend", naming.DEFAULT_BACKEND, ingress.spec.default)


def _other_group(route: traefik.IngressRoute, snapshot: Snapshot, reading: TraefikConfig) -> str:
    group = route.api_version.partition("/")[0]
    read = groups(reading.version)
    if group and group not in read:
        return f"Traefik {reading.version} does not read the API group {group}."
    if superseded(route, snapshot):
        return f"An IngressRoute of the same name in {read[0]} goes before it."
    return ""


def _other_name(name: str, wanted: str) -> str:
    """IngressClass objects are not read: a class that is called after Traefik is taken for its."""
    if name == wanted or (not wanted and TRAEFIK_CLASS in name.lower()):
        return ""
    return f"Its ingress class is {name}, which is not known to be Traefik's."
