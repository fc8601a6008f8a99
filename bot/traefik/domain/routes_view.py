"""What Traefik serves: each route, its servers, and what does not agree with the objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from bot.domain.finding import Ref
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict, worst
from bot.routing.addresses import AddressKind, classify
from bot.routing.instance import TraefikPod, version
from bot.routing.secrets import WRITERS
from bot.traefik.domain.answers import API, Live, Replica, RoutesAnswer, RouteView, RuleView
from bot.traefik.domain.backend import Mode
from bot.traefik.domain.routes import READS
from bot.traefik.domain.runtime_view import Routers, RouterView

GONE = frozenset({AddressKind.POD_NETWORK, AddressKind.ELSEWHERE})
WITHIN = frozenset({Mode.POD_IPS, Mode.VIP})
"""Modes whose servers are addresses of this cluster."""

RuntimeViews = Mapping[str, tuple[RouterView, ...]]
"""The routers of each replica, by its name."""


def routes(
    described: Iterable[RouteView],
    snapshot: Snapshot,
    replicas: Iterable[TraefikPod],
    views: RuntimeViews,
    *,
    source: str,
    unseen: tuple[str, ...],
) -> RoutesAnswer:
    """Compare what Traefik serves with what the objects describe.

    `views` are Traefik's own routers, read from `source`: API or LOG.
    """
    routers = {name: Routers(view) for name, view in views.items()}
    shown = tuple(_route(route, snapshot, routers, source) for route in described)
    kinds = {kind.__name__ for kind in READS if kind not in WRITERS}
    gaps = [gap for gap in snapshot.gaps if not gap.why.by_choice and gap.kind in kinds]
    pods = tuple(map(replica, replicas))
    verdicts = [route.verdict for route in shown if not route.unread]
    if gaps or not pods:
        verdicts.append(Verdict.UNKNOWN)
    lines = [f"{gap.kind}: {gap.why.value}. {gap.detail}".strip() for gap in gaps]
    return RoutesAnswer(
        taken_at=snapshot.taken_at,
        verdict=worst(verdicts),
        replicas=pods,
        of=source if views else "",
        routes=shown,
        unseen=(*unseen, *dict.fromkeys(lines)),
    )


def replica(pod: TraefikPod) -> Replica:
    """A pod as answers show it."""
    return Replica(namespace=pod.namespace, name=pod.name, node=pod.node, version=version(pod))


def _route(
    route: RouteView, snapshot: Snapshot, routers: Mapping[str, Routers], source: str
) -> RouteView:
    rules = tuple(_rule(rule, route.ref, snapshot, routers) for rule in route.rules)
    stale = tuple(_stale(rules)) if source == API and not route.unread else ()
    errors = dict.fromkeys(f"Traefik says: {error}" for rule in rules for error in rule.errors)
    problems = dict.fromkeys((*route.problems, *stale, *errors))
    return msgspec.structs.replace(
        route,
        verdict=worst(
            [
                route.verdict,
                *_seen(partly=bool(stale or errors), refused=_refused(route, routers)),
            ]
        ),
        problems=tuple(problems),
        rules=rules,
    )


def _refused(route: RouteView, routers: Mapping[str, Routers]) -> bool:
    prefix = f"{route.ref.namespace}-{route.ref.name}"
    return any(
        router.refused
        for rule in route.rules
        for known in routers.values()
        for router in known.of_rule(rule.routers, rule.match, prefix)
    )


def _seen(*, partly: bool, refused: bool) -> Iterable[Verdict]:
    """What Traefik's own view says of a route, as bot.routing.traefik_word judges it."""
    return (
        *((Verdict.DEGRADED,) if partly else ()),
        *((Verdict.FAILED,) if refused else ()),
    )


def _rule(
    rule: RuleView, route: Ref, snapshot: Snapshot, routers: Mapping[str, Routers]
) -> RuleView:
    if not routers or not rule.routers:
        return rule
    prefix = f"{route.namespace}-{route.name}"
    replicas: defaultdict[str, dict[str, None]] = defaultdict(dict)
    errors: dict[str, None] = {}
    for name, known in routers.items():
        for router in known.of_rule(rule.routers, rule.match, prefix):
            errors |= dict.fromkeys(router.errors)
            for url in router.urls:
                replicas[url][name] = None
    live = tuple(
        Live(url=url, address=classify(snapshot, url), replicas=tuple(replicas[url]))
        for url in sorted(replicas)
    )
    return msgspec.structs.replace(rule, live=live, errors=tuple(errors))


def _stale(rules: Iterable[RuleView]) -> Iterable[str]:
    """Servers in no EndpointSlice, if all Services of the rule have addresses in this cluster."""
    for rule in rules:
        if not all(backend.mode in WITHIN for backend in rule.backends):
            continue
        for live in rule.live or ():
            if live.address.kind in GONE and not live.address.unseen:
                replicas = ", ".join(live.replicas)
                yield f"Traefik ({replicas}) sends to {live.url}, which is in no EndpointSlice now."
