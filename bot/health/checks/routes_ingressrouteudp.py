"""IngressRouteUDPs with broken references. Source: Traefik's provider kubernetescrd."""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import core, traefik
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import references as routing
from bot.routing import running, streams
from bot.routing.references import Provider, Rule
from bot.routing.selected_workloads import BEHIND


def judge(route: traefik.IngressRouteUDP, snapshot: Snapshot) -> Judgement:
    """By its Services: failed where none works, degraded where some do."""
    if gone := conditions.terminating(route, snapshot.taken_at):
        return gone
    if not route.spec.routes:
        message = "It has no routes, so Traefik ignores it."
        return Judgement(Verdict.DEGRADED, "NoRoutes", message)
    provider = Provider(running.reading(route, snapshot))
    unread = routing.unserved_route(route, snapshot)
    if unread := unread or routing.api_group(route.api_version, provider):
        return Judgement(unread.verdict, unread.reason, unread.message)
    rules = tuple(
        Rule(
            f"route {number}",
            tuple(streams.services(rule.services or (), route.namespace, provider, snapshot)),
        )
        for number, rule in enumerate(route.spec.routes, 1)
    )
    common = routing.entry_points(route, route.spec.entry_points or (), provider, snapshot)
    return routing.judgement(rules, common) or HEALTHY


CHECK = Check(
    name="routes-ingressrouteudp",
    scope="routes",
    title="IngressRouteUDPs with a broken reference.",
    judges={traefik.IngressRouteUDP: judge},
    documented_as="kubectl describe ingressrouteudp -A",
    advice="Fix the reference in Git.",
    needs=(core.Service,),
    refers_to=BEHIND,
)
