"""The hosts of all routes: what each rule is for, and where it leads.

A rule is named by its text, as `bot.routing.candidates` and Traefik's log report name it. A host is
never guessed: a rule without one, or with a pattern, is shown by what it has. The hosts of an
HTTPRoute are those that its listeners leave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import gateway, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing import gateways
from bot.routing.candidates import superseded
from bot.routing.references import ORDINARY
from bot.routing.rules import Matcher, RuleError, Syntax, affirmed, parse_either

READS: tuple[type[Object], ...] = (traefik.IngressRoute, networking.Ingress, gateway.HTTPRoute)
"""The kinds whose rules make sites."""

MOST = 1000
"""Rules of the routes of one namespace, where a tenant may write any number of them."""

DEFAULT_BACKEND = "default backend"


class SiteRule(NamedTuple):
    """One rule of a route, for one of its hosts.

    certificates: The Secrets of its TLS certificates.
    """

    host: str
    route: Ref
    match: str
    services: tuple[Ref, ...] = ()
    certificates: tuple[Ref, ...] = ()


class SiteRules(NamedTuple):
    """The rules of routes; `left_out` are the kinds and namespaces of those beyond their share."""

    rules: tuple[SiteRule, ...]
    left_out: tuple[str, ...] = ()


def site_rules(snapshot: Snapshot, namespace: str | None = None) -> SiteRules:
    """The rules of routes in one namespace or in all, up to a limit for each namespace."""
    rules, left_out = list[SiteRule](), set[str]()
    room: dict[str, int] = {}
    for route, own in _routes(snapshot):
        place = route.metadata.namespace
        if namespace not in (None, place):
            continue
        left = room.get(place, MOST)
        some = tuple(islice(own, left + 1))
        if len(some) > left:
            left_out.add(f"{route.kind_name()} in {place}")
        rules += some[:left]
        room[place] = left - len(some[:left])
    return SiteRules(tuple(rules), tuple(sorted(left_out)))


def _routes(snapshot: Snapshot) -> Iterator[tuple[Object, Iterator[SiteRule]]]:
    """Each route, and its rules as they are needed."""
    for route in snapshot.of(traefik.IngressRoute):
        if not superseded(route, snapshot):
            yield route, _of_route(route)
    for ingress in snapshot.of(networking.Ingress):
        yield ingress, _of_ingress(ingress)
    for http_route in snapshot.of(gateway.HTTPRoute):
        yield http_route, _of_http_route(http_route, snapshot)


def _of_route(route: traefik.IngressRoute) -> Iterator[SiteRule]:
    secrets = _secrets(route, route.spec.tls.secret_name if route.spec.tls else "")
    for rule in route.spec.routes:
        services = tuple(
            Ref("Service", to.namespace or route.namespace, to.name)
            for to in rule.services or ()
            if to.kind == "Service"
        )
        read = _hosts if len(rule.match) <= ORDINARY else _hosts.__wrapped__
        for host in read(rule.match, rule.syntax) or (_hostless(route),):
            yield SiteRule(host, route.ref, rule.match, services, secrets)


def _of_ingress(ingress: networking.Ingress) -> Iterator[SiteRule]:
    backends = [
        (host, f"{host}{path.path or '/'}", path.backend) for host, path in ingress.spec.paths
    ]
    if ingress.spec.default:
        backends.append(("", DEFAULT_BACKEND, ingress.spec.default))
    # Of several entries for one host the first counts.
    entries = reversed(ingress.spec.tls or ())
    secret_names = {host: tls.secret_name for tls in entries for host in tls.hosts or ()}
    for host, match, backend in backends:
        name, _ = backend.target
        services = (Ref("Service", ingress.namespace, name),) if name else ()
        secrets = _secrets(ingress, secret_names.get(host, ""))
        yield SiteRule(host.lower() or _hostless(ingress), ingress.ref, match, services, secrets)


def _of_http_route(route: gateway.HTTPRoute, snapshot: Snapshot) -> Iterator[SiteRule]:
    """The rules of a route, if a Gateway of it is Traefik's."""
    parents = gateways.parents(route, snapshot)
    if not parents:
        return
    certificates = grouped(
        (one.host, one.certificate)
        for one in gateways.served_hosts(route, parents)
        if one.certificate
    )
    for named in gateways.named_rules(route, parents):
        services = tuple(
            gateways.target(to, route)
            for to in named.rule.backend_refs or ()
            if to.weight and gateways.is_service(to)
        )
        secrets = tuple(dict.fromkeys(certificates.get(named.host, ())))
        host = named.host.lower() or _hostless(route)
        yield SiteRule(host, route.ref, named.match, services, secrets)


def _secrets(route: Object, name: str) -> tuple[Ref, ...]:
    return (Ref("Secret", route.namespace, name),) if name else ()


def _hostless(route: Object) -> str:
    return f"any host ({route.ref})"


@lru_cache(maxsize=1024)  # Each report reads the same rules again.
def _hosts(match: str, syntax: str) -> tuple[str, ...]:
    """The hosts that a rule names, and its patterns of hosts, in order."""
    expression = parse_either(match, Syntax.V2 if syntax == Syntax.V2 else Syntax.V3)
    if isinstance(expression, RuleError):
        return ()
    return tuple(dict.fromkeys(_named(affirmed(expression))))


def _named(matchers: Iterable[Matcher]) -> Iterator[str]:
    for matcher in matchers:
        if matcher.name in ("Host", "HostHeader"):
            yield from (value.lower() for value in matcher.values)
        elif matcher.name == "HostRegexp":
            yield str(matcher)
