"""What the rules of routes say of each host: by which entrypoints, and what answers there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from bot.domain.grouping import grouped
from bot.domain.resources import gateway, networking, traefik
from bot.domain.resources.base import Object, Reference
from bot.domain.resources.registry import TRAEFIK
from bot.domain.snapshot import Snapshot
from bot.net.entrances import Entrance
from bot.net.route_checks import roots
from bot.net.route_checks.answered import ChainPart
from bot.net.route_checks.roots import RootHost
from bot.routing import gateways, http_backends
from bot.routing.backends import is_indirect
from bot.routing.candidates import superseded
from bot.routing.instance import TRUE
from bot.routing.named_secrets import MIDDLEWARES
from bot.routing.references import ANNOTATIONS

ENTRY_POINTS = f"{ANNOTATIONS}router.entrypoints"
TLS = f"{ANNOTATIONS}router.tls"

HTTPS = "HTTPS"
FILTERS: Mapping[str, frozenset[ChainPart]] = {
    http_backends.REDIRECT: frozenset({ChainPart.REDIRECT}),
    "ResponseHeaderModifier": frozenset({ChainPart.HEADERS}),
    "RequestHeaderModifier": frozenset(),
    "RequestMirror": frozenset(),
    "URLRewrite": frozenset(),
}
"""What filters of an HTTPRoute do to an answer; others may do anything."""

EXACT, PREFIX = 100_000, 1
"""The priorities of both ways to take `/`. Source: `buildPathRule` of kubernetesgateway, v3.6."""

MOST_OF_ROUTE = 256
"""Pairs of host and listener, by all rules, of one HTTPRoute."""

NO_LISTENER = "no listener of Traefik's Gateways was seen that takes it"
NAMESPACE_UNSEEN = "whether its listener takes it depends on a namespace that was not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRule:
    """What a rule says of one host.

    match: What it is called, as `bot.routing.candidates` does.
    entry_points: Those that take it, in small letters; empty for all.
    port: The port of the entrypoints that take it, as a listener says; 0 for any.
    parts: What it may do itself to an answer, beside its Middlewares.
    services: The namespaces, names and ports of the Services behind it.
    priority: Of two rules on one entrypoint, Traefik takes that with the higher one: the longer.
    tls, secured: Whether its router takes TLS alone, and whether people are to come by TLS.
    sole: Whether all rules of the route lead to the same Services.
    """

    route: Object
    match: str
    root: RootHost
    entry_points: tuple[str, ...]
    middlewares: tuple[Reference, ...]
    services: tuple[tuple[str, str, str], ...]
    priority: int
    tls: bool
    secured: bool
    sole: bool
    port: int = 0
    parts: frozenset[ChainPart] = frozenset()

    def is_taken_by(self, entrance: Entrance) -> bool:
        """Whether Traefik takes its requests there."""
        if self.port:
            # A listener without TLS is at no entrypoint that has it.
            return entrance.port == self.port and (self.tls or not entrance.tls)
        return not self.entry_points or entrance.name in self.entry_points


def host_rules(snapshot: Snapshot) -> Iterator[HostRule]:
    """The rules of all routes, host by host."""
    for route in snapshot.of(traefik.IngressRoute):
        if not superseded(route, snapshot):
            yield from _of_route(route)
    for ingress in snapshot.of(networking.Ingress):
        yield from _of_ingress(ingress)
    for http_route in snapshot.of(gateway.HTTPRoute):
        if parents := gateways.parents(http_route, snapshot):
            every = _of_http_route(http_route, parents, snapshot)
            yield from islice(every, MOST_OF_ROUTE)


def _of_route(route: traefik.IngressRoute) -> Iterator[HostRule]:
    names = tuple(name.casefold() for name in route.spec.entry_points or ())
    tls = route.spec.tls is not None
    sole = all(rule.services == route.spec.routes[0].services for rule in route.spec.routes)
    for rule in route.spec.routes:
        services = tuple(
            (to.namespace or route.namespace, to.name, str(to.port or ""))
            for to in rule.services or ()
            if not is_indirect(to)
        )
        for root in roots.of_rule(rule.match):
            yield HostRule(
                route=route,
                match=rule.match,
                root=root,
                entry_points=names,
                middlewares=rule.middlewares or (),
                services=services,
                priority=len(rule.match),
                tls=tls,
                secured=tls,
                sole=sole,
            )


def _of_ingress(ingress: networking.Ingress) -> Iterator[HostRule]:
    annotations = ingress.metadata.annotations or {}
    named = annotations.get(ENTRY_POINTS, "").split(",")
    references = tuple(
        Reference(name=name.strip())
        for name in annotations.get(MIDDLEWARES, "").split(",")
        if name.strip()
    )
    tls = annotations.get(TLS, "").lower() in TRUE
    backends = [path.backend for _, path in ingress.spec.paths]
    backends += [ingress.spec.default] if ingress.spec.default else []
    sole = len({backend.target for backend in backends}) == 1
    by_host: dict[str, list[networking.IngressPath]] = {}
    for host, path in ingress.spec.paths:
        by_host.setdefault(host, []).append(path)
    if ingress.spec.default and not by_host:
        by_host[""] = []
    for host, paths in by_host.items():
        taking = [path for path in paths if path.path in ("", roots.ROOT)]
        targets = [path.backend.target for path in taking]
        yield HostRule(
            route=ingress,
            match=f"{host}{taking[0].path or '/'}" if taking else host,
            root=roots.of_paths(host, takes_root=bool(taking)),
            entry_points=tuple(name.strip().casefold() for name in named if name.strip()),
            middlewares=references,
            services=tuple(
                (ingress.namespace, name, str(port or "")) for name, port in targets if name
            ),
            priority=len(host),
            tls=tls,
            secured=tls or bool(ingress.spec.tls),
            sole=sole,
        )


def _of_http_route(
    route: gateway.HTTPRoute, parents: tuple[gateways.Parent, ...], snapshot: Snapshot
) -> Iterator[HostRule]:
    places = tuple(_places(route, parents, snapshot))
    rules = route.spec.rules or ()
    sole = all(rule.backend_refs == rules[0].backend_refs for rule in rules)
    for number, rule in enumerate(rules):
        filters = rule.filters or ()
        for place in places or (_Place(host) for host in gateways.named_hosts(route)):
            root = roots.of_matches(place.host, rule.every_match)
            why = root.why or (NO_LISTENER if not places else place.why)
            yield HostRule(
                route=route,
                match=f"{place.host}{roots.ROOT}",
                root=RootHost(root.host, why),
                entry_points=(),
                middlewares=tuple(filter(None, map(_middleware, filters))),
                services=_services(rule, route, snapshot),
                priority=place.longest + _priority(rule) + len(rules) - number,
                tls=place.tls,
                secured=place.tls,
                sole=sole,
                port=place.port,
                parts=frozenset({ChainPart.UNRESOLVED}).union(*map(_parts, filters)),
            )


@dataclass(frozen=True, slots=True)
class _Place:
    """A listener by which a host comes; `longest` is the length of its longest host."""

    host: str
    port: int = 0
    tls: bool = False
    why: str = ""
    longest: int = 0


def _places(
    route: gateway.HTTPRoute, parents: tuple[gateways.Parent, ...], snapshot: Snapshot
) -> Iterator[_Place]:
    every = grouped(
        ((one.gateway.ref, one.listener.name), one) for one in gateways.served_hosts(route, parents)
    )
    for served in every.values():
        listener = served[0].listener
        allowed = gateways.is_allowed(served[0], route, snapshot)
        if allowed is False:
            continue
        why = "" if allowed else NAMESPACE_UNSEEN
        longest = max(len(one.host) for one in served)
        for host in dict.fromkeys(one.host for one in served):
            yield _Place(host, listener.port, listener.protocol == HTTPS, why, longest)


def _priority(rule: gateway.HTTPRouteRule) -> int:
    """Of the match that takes every request of `/`, how Traefik ranks it."""
    taking = (one for one in rule.every_match if roots.takes_root(one) and not one.conditions)
    return max((EXACT if one.path.type == "Exact" else PREFIX for one in taking), default=0)


def _services(
    rule: gateway.HTTPRouteRule, route: gateway.HTTPRoute, snapshot: Snapshot
) -> tuple[tuple[str, str, str], ...]:
    """The Services behind a rule; none where something else, or one that is refused, is there."""
    used = [to for to in rule.backend_refs or () if to.weight]
    if not all(
        gateways.is_service(to) and not http_backends.why_refused(to, route, snapshot)
        for to in used
    ):
        return ()
    return tuple((to.namespace or route.namespace, to.name, str(to.port or "")) for to in used)


def _middleware(one: gateway.HTTPRouteFilter) -> Reference | None:
    """The Middleware that a filter stands for."""
    to = one.extension_ref
    is_its = one.type == http_backends.EXTENSION and to and to.group == TRAEFIK[0]
    return Reference(name=to.name) if to and is_its and to.kind == "Middleware" else None


def _parts(one: gateway.HTTPRouteFilter) -> frozenset[ChainPart]:
    """What a filter does to an answer, unless it stands for a Middleware."""
    if _middleware(one):
        return frozenset()
    return FILTERS.get(one.type, frozenset({ChainPart.UNSEEN}))
