"""IngressRoutes with broken references. They have no status, so `describe` proves nothing.

Source: Traefik's provider kubernetescrd. It reads both API groups up to v2.11, and of two objects
with one name that of traefik.io wins.
"""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.resources import core, traefik
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import known_names, observed
from bot.net.diagnosis.diagnosis import DIAGNOSES
from bot.routing import middlewares, running, tls_settings
from bot.routing import references as routing
from bot.routing.backends import backend, of_several
from bot.routing.candidates import superseded
from bot.routing.references import Defect, Provider, Rule
from bot.routing.secrets import WRITERS
from bot.routing.selected_workloads import BEHIND
from bot.routing.traefik_word import TRAEFIK_WORD


def judge(route: traefik.IngressRoute, snapshot: Snapshot) -> Judgement:
    """By its references: failed where no rule works, degraded where some do."""
    if gone := conditions.terminating(route, snapshot.taken_at):
        return gone
    if snapshot.live and superseded(route, snapshot):
        return HEALTHY
    if not route.spec.routes:
        message = "It has no routes, so Traefik ignores it."
        return Judgement(Verdict.DEGRADED, "NoRoutes", message)
    provider = Provider(running.reading(route, snapshot))
    unread = routing.unserved_route(route, snapshot)
    if unread := unread or routing.api_group(route.api_version, provider):
        return Judgement(unread.verdict, unread.reason, unread.message)
    rules = tuple(_rule(rule, route.ref, provider, snapshot) for rule in route.spec.routes)
    common = (
        *routing.entry_points(route, route.spec.entry_points or (), provider, snapshot),
        *tls_settings.of_route(route.spec.tls, route.namespace, provider, snapshot),
    )
    broken = routing.judgement(rules, common)
    silent = all(rule.broken for rule in rules)
    return observed.worst(route.ref, snapshot, broken, silent=silent)


def _rule(route: traefik.Route, of: Ref, provider: Provider, snapshot: Snapshot) -> Rule:
    if not route.match.strip():
        return Rule("no rule", (Defect("EmptyRule", "A route has no match: Traefik drops it."),))
    wrong = routing.rule_defect(route.match, route.syntax, provider, live=snapshot.live)
    here, services = of.namespace, route.services or ()
    backends = [backend(service, here, provider, snapshot) for service in services]
    refused = [
        routing.other_namespace(provider, here, "Middleware", middleware)
        or middlewares.middleware(snapshot, here, middleware)
        for middleware in route.middlewares or ()
    ]
    broken = of_several(services, backends)
    if not services and of not in _parents(snapshot):
        broken = (Defect("NoServices", "It names no Service, so Traefik disables it."),)
    return Rule(route.match, (*filter(None, (wrong,)), *broken, *filter(None, refused)))


def _parents(snapshot: Snapshot) -> frozenset[Ref]:
    """The IngressRoutes that others name as theirs: rules of these leave Services to them."""
    return snapshot.once(
        "routing.parents",
        lambda: frozenset(
            parent.ref(child.namespace, kind="IngressRoute")
            for child in snapshot.of(traefik.IngressRoute)
            for parent in child.spec.parent_refs or ()
        ),
    )


CHECK = Check(
    name="routes-ingressroute",
    scope="routes",
    title="IngressRoutes that have a broken reference, or fail a test.",
    judges={traefik.IngressRoute: judge},
    documented_as="kubectl describe ingressroute -A",
    advice="Fix the reference in Git. `/net diagnose` shows what a test found.",
    needs=(
        core.Service,
        traefik.Middleware,
        traefik.TraefikService,
        traefik.TLSOption,
        traefik.ServersTransport,
    ),
    refers_to=(*BEHIND, *WRITERS),
    facts=(DIAGNOSES, TRAEFIK_WORD),
    known_as=known_names.site,
)
