"""IngressRouteTCPs with broken references. Source: Traefik's provider kubernetescrd.

Of several Services of a rule, Traefik leaves out those that it cannot use. Without TLS no server
has a name: Traefik refuses a rule whose first HostSNI is anything but `*`.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import core, traefik
from bot.domain.resources.base import Reference
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import middlewares, running, streams, tls_settings
from bot.routing import references as routing
from bot.routing.references import Defect, Provider, Rule
from bot.routing.rules import server_names
from bot.routing.secrets import WRITERS
from bot.routing.selected_workloads import BEHIND
from bot.routing.traefik_word import TRAEFIK_WORD


def judge(route: traefik.IngressRouteTCP, snapshot: Snapshot) -> Judgement:
    """By its references: failed where no rule works, degraded where some do."""
    if gone := conditions.terminating(route, snapshot.taken_at):
        return gone
    if not route.spec.routes:
        message = "It has no routes, so Traefik ignores it."
        return Judgement(Verdict.DEGRADED, "NoRoutes", message)
    provider = Provider(running.reading(route, snapshot))
    if unread := running_defect(route, provider, snapshot):
        return Judgement(unread.verdict, unread.reason, unread.message)
    rules = tuple(_rule(rule, route, provider, snapshot) for rule in route.spec.routes)
    common = (
        *routing.entry_points(route, route.spec.entry_points or (), provider, snapshot),
        *tls_settings.of_route(route.spec.tls, route.namespace, provider, snapshot),
    )
    return routing.judgement(rules, common) or HEALTHY


def running_defect(
    route: traefik.IngressRouteTCP, provider: Provider, snapshot: Snapshot
) -> Defect | None:
    """Why no running Traefik reads it."""
    return routing.unserved_route(route, snapshot) or routing.api_group(route.api_version, provider)


def _rule(
    rule: traefik.TcpRoute, route: traefik.IngressRouteTCP, provider: Provider, snapshot: Snapshot
) -> Rule:
    if not rule.match.strip():
        return Rule("no rule", (Defect("EmptyRule", "A route has no match: Traefik drops it."),))
    return Rule(rule.match, tuple(_defects(rule, route, provider, snapshot)))


def _defects(
    rule: traefik.TcpRoute, route: traefik.IngressRouteTCP, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    here = route.namespace
    wrong = routing.rule_defect(rule.match, rule.syntax, provider, live=snapshot.live, tcp=True)
    if wrong:
        yield wrong
    first = next(iter(server_names(rule.match)), "*")
    if not wrong and route.spec.tls is None and first != "*":
        message = (
            f"HostSNI(`{first[:60]}`) needs TLS, and the route has no `tls`: Traefik drops it."
        )
        yield Defect("ServerNameNeedsTls", message)
    yield from streams.services(rule.services or (), here, provider, snapshot)
    for service in rule.services or ():
        transport = Reference(name=service.servers_transport)
        if defect := routing.other_namespace(
            provider, here, "ServersTransportTCP", transport
        ) or tls_settings.transport(
            snapshot, traefik.ServersTransportTCP, here, service.servers_transport
        ):
            yield defect
    for reference in rule.middlewares or ():
        if defect := routing.other_namespace(
            provider, here, "MiddlewareTCP", reference
        ) or middlewares.of_tcp(snapshot, here, reference):
            yield defect


CHECK = Check(
    name="routes-ingressroutetcp",
    scope="routes",
    title="IngressRouteTCPs with a broken reference.",
    judges={traefik.IngressRouteTCP: judge},
    documented_as="kubectl describe ingressroutetcp -A",
    advice="Fix the reference in Git.",
    needs=(core.Service, traefik.MiddlewareTCP, traefik.TLSOption, traefik.ServersTransportTCP),
    refers_to=(*BEHIND, *WRITERS),
    facts=(TRAEFIK_WORD,),
)
