"""IngressRoutes with broken references. They have no status, so `describe` proves nothing.

Source: Traefik's provider kubernetescrd. It reads both API groups up to v2.11, and of two objects
with one name that of traefik.io wins.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import cert_manager, core, discovery, traefik
from bot.domain.resources.base import Reference
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net.diagnosis import recent
from bot.net.diagnosis.diagnosis import DIAGNOSES
from bot.routing import references as routing
from bot.routing import running
from bot.routing.candidates import superseded
from bot.routing.references import Defect, Provider, Rule


def judge(route: traefik.IngressRoute, snapshot: Snapshot) -> Judgement:
    """By its references: failed where no rule works, degraded where some do."""
    if gone := conditions.terminating(route, snapshot.taken_at):
        return gone
    if snapshot.live and superseded(route, snapshot):
        return HEALTHY
    if not route.spec.routes:
        message = "It has no routes, so Traefik makes nothing of it."
        return Judgement(Verdict.DEGRADED, "NoRoutes", message)
    provider = Provider(running.reading_route(route, snapshot))
    if unread := routing.api_group(route.api_version, provider):
        return Judgement(unread.verdict, unread.reason, unread.message)
    rules = tuple(_rule(rule, route.namespace, provider, snapshot) for rule in route.spec.routes)
    broken = routing.judgement(rules, tuple(_common(route, provider, snapshot)))
    return broken or recent.judgement(route.ref, snapshot) or HEALTHY


def _rule(route: traefik.Route, here: str, provider: Provider, snapshot: Snapshot) -> Rule:
    if not route.match.strip():
        return Rule("no rule", (Defect("EmptyRule", "A route has no match: Traefik drops it."),))
    wrong = routing.rule_defect(route.match, route.syntax, provider, live=snapshot.live)
    services = route.services or ()
    backends = [_service(service, here, provider, snapshot) for service in services]
    middlewares = [
        routing.other_namespace(provider, here, "Middleware", middleware)
        or routing.middleware(snapshot, middleware.namespace or here, middleware.name)
        for middleware in route.middlewares or ()
    ]
    broken = routing.unless_one_works(list(filter(None, backends)), len(services))
    return Rule(route.match, (*filter(None, (wrong,)), *broken, *filter(None, middlewares)))


def _service(
    service: traefik.RouteService, here: str, provider: Provider, snapshot: Snapshot
) -> Defect | None:
    namespace = service.namespace or here
    indirect = "@" in service.name or service.kind == "TraefikService"
    kind = "TraefikService" if indirect else "Service"
    reference = Reference(name=service.name, namespace=service.namespace)
    if refused := routing.other_namespace(provider, here, kind, reference):
        return refused
    if indirect:
        return routing.traefik_service(snapshot, namespace, service.name)
    transport = Reference(name=service.servers_transport)
    return (
        routing.other_namespace(provider, here, "ServersTransport", transport)
        or routing.servers_transport(snapshot, here, service.servers_transport)
        or routing.service(
            snapshot, namespace, service.name, service.port, provider, native=service.native_lb
        )
    )


def _common(
    route: traefik.IngressRoute, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    """What concerns all of its rules: entrypoints, TLS secret and TLS options."""
    yield from routing.entry_points(snapshot, route.spec.entry_points or ())
    tls, here = route.spec.tls, route.namespace
    if tls and tls.secret_name and (defect := routing.secret(snapshot, here, tls.secret_name)):
        yield defect
    if tls and tls.options and tls.options.name:
        place = tls.options.namespace or here
        if defect := routing.other_namespace(
            provider, here, "TLSOption", tls.options
        ) or routing.tls_option(snapshot, place, tls.options.name):
            yield defect


CHECK = Check(
    name="routes-ingressroute",
    scope="routes",
    title="IngressRoutes with a broken reference, or seen failing by a test.",
    judges={traefik.IngressRoute: judge},
    documented_as="kubectl describe ingressroute -A",
    advice="Fix the reference in Git; /net diagnose says what a test showed.",
    needs=(
        core.Service,
        traefik.Middleware,
        traefik.TraefikService,
        traefik.TLSOption,
        traefik.ServersTransport,
    ),
    refers_to=(discovery.EndpointSlice, core.SecretName, cert_manager.Certificate, core.Pod),
    facts=(DIAGNOSES,),
)
