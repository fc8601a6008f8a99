"""The hosts of all routes: what each rule is for, and where it leads.

A rule is named by its text, as `bot.routing.candidates` and Traefik's log report name it. A host is
never guessed: a rule without one, or with a pattern, is shown by what it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from bot.domain.finding import Ref
from bot.domain.resources import networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing.candidates import superseded
from bot.routing.references import ORDINARY
from bot.routing.rules import Matcher, RuleError, Syntax, affirmed, parse_either

READS: tuple[type[Object], ...] = (traefik.IngressRoute, networking.Ingress)
"""The kinds whose rules make sites."""

DEFAULT_BACKEND = "default backend"


class SiteRule(NamedTuple):
    """One rule of a route, for one of its hosts.

    secret: The name of its TLS secret in the route's namespace; empty where none is named.
    """

    host: str
    route: Ref
    match: str
    services: tuple[Ref, ...] = ()
    secret: str = ""


def site_rules(snapshot: Snapshot, namespace: str | None = None) -> Iterator[SiteRule]:
    """Every rule of every route, in one namespace or in all."""
    for route in snapshot.of(traefik.IngressRoute):
        if namespace in (None, route.namespace) and not superseded(route, snapshot):
            yield from _of_route(route)
    for ingress in snapshot.of(networking.Ingress):
        if namespace in (None, ingress.namespace):
            yield from _of_ingress(ingress)


def _of_route(route: traefik.IngressRoute) -> Iterator[SiteRule]:
    secret = route.spec.tls.secret_name if route.spec.tls else ""
    for rule in route.spec.routes:
        services = tuple(
            Ref("Service", to.namespace or route.namespace, to.name)
            for to in rule.services or ()
            if to.kind == "Service"
        )
        read = _hosts if len(rule.match) <= ORDINARY else _hosts.__wrapped__
        for host in read(rule.match, rule.syntax) or (_hostless(route),):
            yield SiteRule(host, route.ref, rule.match, services, secret)


def _of_ingress(ingress: networking.Ingress) -> Iterator[SiteRule]:
    backends = [
        (host, f"{host}{path.path or '/'}", path.backend) for host, path in ingress.spec.paths
    ]
    if ingress.spec.default:
        backends.append(("", DEFAULT_BACKEND, ingress.spec.default))
    for host, match, backend in backends:
        name, _ = backend.target
        services = (Ref("Service", ingress.namespace, name),) if name else ()
        secret = _secret(ingress, host)
        yield SiteRule(host.lower() or _hostless(ingress), ingress.ref, match, services, secret)


def _secret(ingress: networking.Ingress, host: str) -> str:
    for tls in ingress.spec.tls or ():
        if host in (tls.hosts or ()):
            return tls.secret_name
    return ""


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
