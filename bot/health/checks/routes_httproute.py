"""HTTPRoutes on Traefik's Gateways with broken references, or that Traefik does not take.

Source: the Gateway API's specification, and Traefik's provider kubernetesgateway. A route is judged
by its objects and by the conditions that Traefik writes; those of other controllers are not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Evidence, Judgement
from bot.domain.resources import core, gateway, traefik
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import known_names, observed
from bot.net.diagnosis.diagnosis import DIAGNOSES
from bot.routing import gateway_attachment, gateways, http_backends, running
from bot.routing import references as routing
from bot.routing.gateways import Parent
from bot.routing.http_backends import GatewayProvider
from bot.routing.references import Defect, Rule
from bot.routing.secrets import WRITERS
from bot.routing.selected_workloads import BEHIND
from bot.routing.traefik_word import TRAEFIK_WORD


def judge(route: gateway.HTTPRoute, snapshot: Snapshot) -> Judgement:
    """By its parents and its rules: failed where none works, degraded where some do."""
    parents = gateways.parents(route, snapshot)
    if not parents:
        return HEALTHY
    if gone := conditions.terminating(route, snapshot.taken_at):
        return gone
    unread = routing.unserved_route(route, snapshot)
    if unread and any(parent.defect is None for parent in parents):
        return Judgement(unread.verdict, unread.reason, unread.message)
    if not route.spec.rules:
        return Judgement(Verdict.DEGRADED, "NoRules", "It has no rules, so nothing answers.")
    provider = GatewayProvider(running.reading(route, snapshot))
    hosts = gateways.hostnames(route, parents)
    rules = tuple(
        Rule(
            f"{hosts[0]}{rule.paths[0].value}",
            http_backends.of_rule(rule, route, provider, snapshot),
        )
        for rule in route.spec.rules
    )
    unresolved = tuple(_unresolved(parents, route))
    explained = any(rule.defects for rule in rules) or any(
        http_backends.idle(route, provider, snapshot)
    )
    common = list(gateway_attachment.not_attached(route, parents, snapshot))
    if unresolved and not explained:
        common.append(_by_status(unresolved[0], route))
    broken = routing.judgement(rules, common)
    if broken and explained:
        quoted = (Evidence("Traefik says", _words(condition)) for condition in unresolved[:1])
        broken = structs.replace(broken, evidence=(*broken.evidence, *quoted))
    silent = all(rule.broken for rule in rules)
    return observed.worst(route.ref, snapshot, broken, silent=silent)


def _unresolved(parents: Sequence[Parent], route: gateway.HTTPRoute) -> Iterator[Condition]:
    for parent in parents:
        entry = gateway_attachment.current(parent, route, gateway_attachment.RESOLVED)
        if entry and entry.status == "False":
            yield entry


def _by_status(condition: Condition, route: gateway.HTTPRoute) -> Defect:
    """What Traefik cannot resolve: all there is, if the route has one reference alone."""
    references = sum(len(rule.backend_refs or ()) for rule in route.spec.rules or ())
    verdict = Verdict.FAILED if references == 1 else Verdict.DEGRADED
    return Defect(condition.reason or condition.type, f"Traefik: {_words(condition)}", verdict)


def _words(condition: Condition) -> str:
    words = f"{condition.reason or condition.type}: {condition.message}"
    return words.removesuffix(": ").rstrip(".") + "."


CHECK = Check(
    name="routes-httproute",
    scope="routes",
    title="HTTPRoutes on Traefik's Gateways that are broken, or fail a test.",
    judges={gateway.HTTPRoute: judge},
    documented_as="kubectl describe httproute -A",
    advice="Fix the reference in Git. `/net diagnose` shows what a test found.",
    needs=(
        gateway.Gateway,
        gateway.GatewayClass,
        gateway.ReferenceGrant,
        core.Service,
        traefik.Middleware,
        traefik.TraefikService,
        traefik.ServersTransport,
    ),
    refers_to=(*BEHIND, *WRITERS),
    facts=(DIAGNOSES, TRAEFIK_WORD),
    known_as=known_names.site,
)
