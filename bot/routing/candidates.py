"""What can be diagnosed: every rule of every route that leads to a Service, and every Service.

Source: Traefik's providers kubernetescrd, kubernetesingress and kubernetesgateway. Of two
IngressRoutes with one name that of traefik.io wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import core, gateway, networking, traefik
from bot.domain.snapshot import Indexed, Snapshot
from bot.routing import gateways
from bot.routing.gateways import MOST_RULES, Parent

HOST = re.compile(r"Host\(\s*[`\"]([^`\"]{1,253})[`\"]")
PATH = re.compile(r"Path(?:Prefix)?\(\s*[`\"]([^`\"]{1,1024})[`\"]")
BY_PROVIDER = "@"

ELDER_GROUP = "traefik.containo.us/"


class Candidate(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One way to a port of a Service. `port` is what the route says: a number, a name, or none."""

    kind: str
    namespace: str
    name: str
    host: str = ""
    path: str = ""
    match: str = ""
    to_namespace: str
    to_name: str
    port: str = ""
    scheme: str = ""
    native: bool | None = None
    indirect: str = ""
    """What stands in the place of a Service, such as `TraefikService api`."""

    @property
    def ref(self) -> Ref:
        """The object that says so."""
        return Ref(self.kind, self.namespace, self.name)

    @property
    def to(self) -> Ref:
        """The Service that it leads to."""
        return Ref("Service", self.to_namespace, self.to_name)

    @property
    def label(self) -> str:
        """How to ask for this one and no other."""
        name = f"{self.kind.lower()}/{self.namespace}/{self.name}"
        if self.kind == "Service":
            return f"{name}:{self.port}" if self.port else name
        return f"{name} {self.host}{self.path}".strip()

    @property
    def keys(self) -> frozenset[str]:
        """The words that mean it, in small letters."""
        name, to = f"{self.namespace}/{self.name}", f"{self.to_namespace}/{self.to_name}"
        ports = (f":{self.port}", "") if self.port else ("",)
        words = {self.kind, self.name, name, f"{self.kind}/{name}", self.match}
        words |= {f"{name}{port}" for name in (self.to_name, to) for port in ports}
        words |= {f"{self.kind}/{name}{port}" for port in ports}
        if self.host or self.path:
            words |= {self.host, f"{self.host}{self.path}", f"{self.host}{self.path or '/'}"}
        return frozenset(word.casefold() for word in words if word)


def candidates(snapshot: Snapshot) -> tuple[Candidate, ...]:
    """Routes first, then Services; each once."""
    return snapshot.once(
        "network.candidates",
        lambda: tuple(
            dict.fromkeys(
                (
                    *sorted(
                        (
                            *_ingress_routes(snapshot),
                            *_ingresses(snapshot),
                            *_http_routes(snapshot),
                        )
                    ),
                    *snapshot.of(core.Service).once("network.candidates", _services),
                )
            )
        ),
    )


def candidates_of(route: Ref, snapshot: Snapshot) -> Sequence[Candidate]:
    """What can be asked for of one route."""
    by_route = snapshot.once(
        "network.candidates_of",
        lambda: grouped((candidate.ref, candidate) for candidate in candidates(snapshot)),
    )
    return by_route.get(route, ())


def superseded(route: traefik.IngressRoute, snapshot: Snapshot) -> bool:
    """Whether traefik.io has an object of the same name, which takes precedence."""
    if not route.api_version.startswith(ELDER_GROUP):
        return False
    younger = snapshot.once(
        "routing.younger",
        lambda: frozenset(
            other.ref
            for other in snapshot.of(traefik.IngressRoute)
            if not other.api_version.startswith(ELDER_GROUP)
        ),
    )
    return route.ref in younger


def _ingress_routes(snapshot: Snapshot) -> Iterator[Candidate]:
    for route in snapshot.of(traefik.IngressRoute):
        if not superseded(route, snapshot):
            yield from _rules(route)


def _rules(route: traefik.IngressRoute) -> Iterator[Candidate]:
    for rule in route.spec.routes:
        host, path = HOST.search(rule.match), PATH.search(rule.match)
        for to in rule.services or ():
            indirect = to.kind == "TraefikService" or BY_PROVIDER in to.name
            yield Candidate(
                kind="IngressRoute",
                namespace=route.namespace,
                name=route.name,
                host=host[1] if host else "",
                path=path[1] if path else "",
                match=rule.match,
                to_namespace=to.namespace or route.namespace,
                to_name=to.name,
                port=str(to.port or ""),
                scheme=to.scheme,
                native=to.native_lb,
                indirect=f"TraefikService {to.name}" if indirect else "",
            )


def _ingresses(snapshot: Snapshot) -> Iterator[Candidate]:
    for ingress in snapshot.of(networking.Ingress):
        for host, path, backend in _backends(ingress):
            name, port = backend.target
            if name:
                yield Candidate(
                    kind="Ingress",
                    namespace=ingress.namespace,
                    name=ingress.name,
                    host=host,
                    path=path,
                    match=f"{host}{path or '/'}",
                    to_namespace=ingress.namespace,
                    to_name=name,
                    port=str(port or ""),
                )


def _backends(ingress: networking.Ingress) -> Iterator[tuple[str, str, networking.IngressBackend]]:
    for host, path in ingress.spec.paths:
        yield host, path.path, path.backend
    if ingress.spec.default:
        yield "", "", ingress.spec.default


def _http_routes(snapshot: Snapshot) -> Iterator[Candidate]:
    """Those of Traefik's Gateways."""
    for route in snapshot.of(gateway.HTTPRoute):
        if parents := gateways.parents(route, snapshot):
            yield from islice(_http_rules(route, parents, snapshot), MOST_RULES)


def _http_rules(
    route: gateway.HTTPRoute, parents: tuple[Parent, ...], snapshot: Snapshot
) -> Iterator[Candidate]:
    for named in gateways.named_rules(route, parents):
        # No request goes to a backend of weight 0.
        for reference in filter(lambda one: one.weight, named.rule.backend_refs or ()):
            to = gateways.target(reference, route)
            is_service = gateways.is_service(reference)
            service = snapshot.get(core.Service, to.namespace, to.name) if is_service else None
            ports = (service.spec.ports if service else None) or ()
            port = next((port for port in ports if port.port == reference.port), None)
            yield Candidate(
                kind="HTTPRoute",
                namespace=route.namespace,
                name=route.name,
                # What stands for several hosts or paths is none to ask for.
                host="" if "*" in named.host else named.host,
                path=named.path.literal,
                match=named.match,
                to_namespace=to.namespace,
                to_name=to.name,
                port=str(reference.port or ""),
                scheme=gateways.scheme(port) if port else "",
                native=gateways.native(service) if service else None,
                indirect="" if is_service else f"{to.kind} {to.name}",
            )


def _services(services: Indexed[core.Service]) -> Sequence[Candidate]:
    """Each port of each Service, in order: made once while no Service changes."""
    return sorted(
        Candidate(
            kind="Service",
            namespace=service.namespace,
            name=service.name,
            to_namespace=service.namespace,
            to_name=service.name,
            port=str(port.port or ""),
        )
        for service in services
        for port in service.spec.ports or (core.ServicePort(),)
    )
