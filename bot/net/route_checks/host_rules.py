"""What the rules of routes say of each host: by which entrypoints, and what answers there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.resources import networking, traefik
from bot.domain.resources.base import Object, Reference
from bot.domain.snapshot import Snapshot
from bot.net.entrances import Entrance
from bot.net.route_checks import roots
from bot.net.route_checks.roots import RootHost
from bot.routing.backends import is_indirect
from bot.routing.candidates import superseded
from bot.routing.instance import TRUE
from bot.routing.named_secrets import MIDDLEWARES
from bot.routing.references import ANNOTATIONS

ENTRY_POINTS = f"{ANNOTATIONS}router.entrypoints"
TLS = f"{ANNOTATIONS}router.tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRule:
    """What a rule says of one host.

    match: What it is called, as `bot.routing.candidates` does.
    entry_points: Those that take it, in small letters; empty for all.
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

    def is_taken_by(self, entrance: Entrance) -> bool:
        """Whether Traefik takes its requests there."""
        return not self.entry_points or entrance.name in self.entry_points


def host_rules(snapshot: Snapshot) -> Iterator[HostRule]:
    """The rules of all routes, host by host."""
    for route in snapshot.of(traefik.IngressRoute):
        if not superseded(route, snapshot):
            yield from _of_route(route)
    for ingress in snapshot.of(networking.Ingress):
        yield from _of_ingress(ingress)


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
