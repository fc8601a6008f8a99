"""IngressRoutes whose references are broken: they have no status, so describe proves nothing.

Source: Traefik's provider kubernetescrd. It reads both API groups up to v2.11, and of two objects
with one name that of traefik.io wins.
"""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.resources import cert_manager, core, discovery, traefik
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net.diagnosis import recent as lasting
from bot.routing import references as routing
from bot.routing.references import Defect, Rule

ELDER_GROUP = "traefik.containo.us/"


def judge(route: traefik.IngressRoute, snapshot: Snapshot) -> Judgement:
    """By its references: failed where no rule works, degraded where some do."""
    if gone := conditions.terminating(route.metadata, snapshot.taken_at):
        return gone
    if snapshot.live and superseded(route, snapshot):
        return HEALTHY
    if not route.spec.routes:
        message = "It has no routes, so Traefik makes nothing of it."
        return Judgement(verdict=Verdict.DEGRADED, reason="NoRoutes", message=message)
    rules = tuple(_rule(rule, route.namespace, snapshot) for rule in route.spec.routes)
    here = Ref("IngressRoute", route.namespace, route.name)
    broken = routing.judgement(rules, _common(route, snapshot))
    return broken or lasting.judgement(here, snapshot) or HEALTHY


def superseded(route: traefik.IngressRoute, snapshot: Snapshot) -> bool:
    """Whether the same name exists in the younger group, which is then the one that counts."""
    if not route.api_version.startswith(ELDER_GROUP):
        return False
    younger = snapshot.once(
        "routes.younger",
        lambda: frozenset(
            (ingress_route.namespace, ingress_route.name)
            for ingress_route in snapshot.of(traefik.IngressRoute)
            if not ingress_route.api_version.startswith(ELDER_GROUP)
        ),
    )
    return (route.namespace, route.name) in younger


def _rule(route: traefik.Route, here: str, snapshot: Snapshot) -> Rule:
    if not route.match.strip():
        return Rule("no rule", (Defect("EmptyRule", "A route has no match: Traefik drops it."),))
    services = route.services or ()
    backends = [found for service in services if (found := _service(service, here, snapshot))]
    middlewares = [
        found
        for middleware in route.middlewares or ()
        if (found := routing.middleware(snapshot, middleware.namespace or here, middleware.name))
    ]
    kept = routing.unless_one_works(backends, len(services))
    return Rule(route.match, (*kept, *middlewares))


def _service(each: traefik.RouteService, here: str, snapshot: Snapshot) -> Defect | None:
    namespace = each.namespace or here
    if "@" in each.name or each.kind == "TraefikService":
        return routing.traefik_service(snapshot, namespace, each.name)
    return routing.service(snapshot, namespace, each.name, each.port)


def _common(route: traefik.IngressRoute, snapshot: Snapshot) -> tuple[Defect, ...]:
    """What concerns all of its rules: entrypoints, TLS secret and TLS options."""
    found = list(routing.entry_points(snapshot, route.spec.entry_points or ()))
    tls = route.spec.tls
    if tls and tls.secret_name:
        found += filter(None, [routing.secret(snapshot, route.namespace, tls.secret_name)])
    if tls and tls.options and tls.options.name:
        place = tls.options.namespace or route.namespace
        found += filter(None, [routing.tls_option(snapshot, place, tls.options.name)])
    return tuple(found)


CHECK = Check(
    name="routes-ingressroute",
    scope="routes",
    title="IngressRoutes with a broken reference, or seen failing by a test.",
    judges={traefik.IngressRoute: judge},
    documented_as="kubectl describe ingressroute -A",
    advice="Mend the reference where it is kept, in Git; /net diagnose says what a test showed.",
    needs=(
        core.Service,
        traefik.Middleware,
        traefik.TraefikService,
        traefik.TLSOption,
    ),
    refers_to=(
        discovery.EndpointSlice,
        core.SecretName,
        cert_manager.Certificate,
        core.Pod,
    ),
)
