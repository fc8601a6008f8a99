"""The answer to what Traefik serves: each route, its servers, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from bot.domain.finding import Ref
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict, worst
from bot.routing.addresses import Address, AddressKind, classify
from bot.traefik.domain.backend import Backend, Mode
from bot.traefik.domain.instance import TraefikPod, version
from bot.traefik.domain.routes import READS, ServedRoute, ServedRule
from bot.traefik.domain.runtime_view import RouterBelief, Routers

GONE = frozenset({AddressKind.POD_NETWORK, AddressKind.ELSEWHERE})
WITHIN = frozenset({Mode.POD_IPS, Mode.VIP})
"""Modes whose servers are addresses of this cluster."""

API, LOG = "API", "log"
"""Where a belief comes from."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of what goes to people and into JSON."""


class Replica(Answer, frozen=True):
    """A Traefik that runs."""

    namespace: str
    name: str
    node: str = ""
    version: str = ""


class Live(Answer, frozen=True):
    """A server that Traefik has now, what its address stands for, and which replicas have it."""

    url: str
    address: Address
    replicas: tuple[str, ...] = ()


class RuleView(Answer, frozen=True):
    """A rule: what it should lead to, and what Traefik has made of it (None: not seen)."""

    match: str
    router: str
    backends: tuple[Backend, ...] = ()
    live: tuple[Live, ...] | None = None
    errors: tuple[str, ...] = ()


class RouteView(Answer, frozen=True):
    """A route with all that is known of it; `unread` says why this Traefik does not read it."""

    ref: Ref
    label: str
    api_version: str
    verdict: Verdict
    entry_points: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    unread: str = ""
    rules: tuple[RuleView, ...] = ()

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The backends of all its rules."""
        return tuple(backend for rule in self.rules for backend in rule.backends)

    @property
    def modes(self) -> tuple[str, ...]:
        """How its Services are reached: `VIP`, `pod IPs`."""
        return tuple(sorted({backend.mode.value for backend in self.backends}))


class RoutesAnswer(Answer, frozen=True):
    """What Traefik serves. `of` says where its own view comes from: API, log, or nowhere.

    `unseen` are things that could not be seen, each with how to allow it.
    """

    taken_at: datetime
    verdict: Verdict
    replicas: tuple[Replica, ...] = ()
    of: str = ""
    routes: tuple[RouteView, ...] = ()
    unseen: tuple[str, ...] = ()


Beliefs = Mapping[str, tuple[RouterBelief, ...]]
"""By the name of a replica: its routers."""


def routes(
    found: Iterable[ServedRoute],
    snapshot: Snapshot,
    replicas: Iterable[TraefikPod],
    beliefs: Beliefs,
    *,
    of: str,
    unseen: tuple[str, ...],
) -> RoutesAnswer:
    """Lay what Traefik believes beside what the objects say."""
    routers = {name: Routers(runtime) for name, runtime in beliefs.items()}
    shown = tuple(_route(served_route, snapshot, routers, of) for served_route in found)
    names = {kind.__name__ for kind in READS if kind.__name__ != "SecretName"}
    gaps = [gap for gap in snapshot.gaps if not gap.why.by_choice and gap.kind in names]
    replicas = tuple(replicas)
    told = [f"{gap.kind}: {gap.why.value}. {gap.detail}".strip() for gap in gaps]
    blind = [Verdict.UNKNOWN] if gaps or not replicas else []
    return RoutesAnswer(
        taken_at=snapshot.taken_at,
        verdict=worst(
            [*(route_view.verdict for route_view in shown if not route_view.unread), *blind]
        ),
        replicas=tuple(map(replica, replicas)),
        of=of if beliefs else "",
        routes=shown,
        unseen=(*unseen, *dict.fromkeys(told)),
    )


def replica(pod: TraefikPod) -> Replica:
    """A pod as it is told."""
    return Replica(namespace=pod.namespace, name=pod.name, node=pod.node, version=version(pod))


def _route(
    each: ServedRoute, snapshot: Snapshot, routers: Mapping[str, Routers], of: str
) -> RouteView:
    rules = tuple(_rule(rule, each.ref, snapshot, routers) for rule in each.rules)
    stale = tuple(_stale(rules)) if of == API and not each.unread else ()
    errors = tuple(dict.fromkeys(error for rule in rules for error in rule.errors))
    return RouteView(
        ref=each.ref,
        label=each.label,
        api_version=each.api_version,
        verdict=worst([each.verdict, *([Verdict.DEGRADED] if stale or errors else [])]),
        entry_points=each.entry_points,
        problems=(*each.problems, *stale, *(f"Traefik says: {error}" for error in errors)),
        unread=each.unread,
        rules=rules,
    )


def _rule(
    rule: ServedRule, ref: Ref, snapshot: Snapshot, routers: Mapping[str, Routers]
) -> RuleView:
    prefix = f"{ref.namespace}-{ref.name}"
    by_url: dict[str, list[str]] = {}
    errors: list[str] = []
    for name, known in routers.items():
        for router in known.of(rule.router, rule.match, prefix):
            errors += router.errors
            for url in router.urls:
                by_url.setdefault(url, []).append(name)
    live = tuple(
        Live(url=url, address=classify(snapshot, url), replicas=tuple(dict.fromkeys(names)))
        for url, names in sorted(by_url.items())
    )
    return RuleView(
        match=rule.match,
        router=rule.router,
        backends=rule.backends,
        live=live if routers else None,
        errors=tuple(dict.fromkeys(errors)),
    )


def _stale(rules: Iterable[RuleView]) -> Iterable[str]:
    """Servers in no slice, where every Service of the rule has its addresses in this cluster."""
    for rule in rules:
        if not all(backend.mode in WITHIN for backend in rule.backends):
            continue
        for live in rule.live or ():
            if live.address.kind in GONE and not live.address.unseen:
                who = ", ".join(live.replicas)
                yield f"Traefik ({who}) sends to {live.url}, which is in no EndpointSlice now."
