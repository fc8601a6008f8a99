"""What Traefik makes of the routes in the cluster: each rule, its Services, and their servers.

Source: Traefik's providers kubernetescrd and kubernetesingress, v2.10 to v3.7. Whether a reference
is broken is judged by the checks of `/health routes`, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.domain.finding import Judgement, Ref
from bot.domain.resources import core, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health.checks import routes_ingress, routes_ingressroute
from bot.traefik.domain import backend
from bot.traefik.domain import router_names as naming
from bot.traefik.domain.backend import Backend, Reading
from bot.traefik.domain.instance import groups

CLASS = "kubernetes.io/ingress.class"
OURS = "traefik"
ENTRY_POINTS = "traefik.ingress.kubernetes.io/router.entrypoints"

READS: tuple[type[Object], ...] = tuple(
    dict.fromkeys((*routes_ingressroute.CHECK.reads, *routes_ingress.CHECK.reads, core.Node))
)
"""What must be read for it."""


class ServedRule(msgspec.Struct, frozen=True):
    """One rule: what it matches, Traefik's name for its router, and where it leads."""

    match: str
    router: str
    backends: tuple[Backend, ...] = ()


class ServedRoute(msgspec.Struct, frozen=True, kw_only=True):
    """An IngressRoute or Ingress as Traefik reads it.

    `verdict` and `problems` are those of the health checks. `unread` says why this Traefik does
    not read it at all; empty where it does.
    """

    ref: Ref
    api_version: str = ""
    entry_points: tuple[str, ...] = ()
    rules: tuple[ServedRule, ...] = ()
    verdict: Verdict = Verdict.HEALTHY
    problems: tuple[str, ...] = ()
    unread: str = ""

    @property
    def label(self) -> str:
        """How to ask for it and for no other."""
        return f"{self.ref.kind.lower()}/{self.ref.namespace}/{self.ref.name}"

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The backends of all its rules."""
        return tuple(backend_ for rule in self.rules for backend_ in rule.backends)


def served(snapshot: Snapshot, reading: Reading) -> tuple[ServedRoute, ...]:
    """Every route, by kind, namespace and name."""
    found = [
        _route(ingress_route, snapshot, reading)
        for ingress_route in snapshot.of(traefik.IngressRoute)
    ]
    found += [_ingress(ingress, snapshot, reading) for ingress in snapshot.of(networking.Ingress)]
    return tuple(sorted(found, key=lambda each: (each.ref, each.api_version)))


def _route(route: traefik.IngressRoute, snapshot: Snapshot, reading: Reading) -> ServedRoute:
    rules = tuple(
        ServedRule(
            rule.match,
            naming.of_route(route.namespace, route.name, rule.match),
            tuple(
                backend.of_route(service, route.namespace, snapshot, reading)
                for service in rule.services or ()
            ),
        )
        for rule in route.spec.routes
    )
    judgement = routes_ingressroute.judge(route, snapshot)
    return ServedRoute(
        ref=Ref("IngressRoute", route.namespace, route.name),
        api_version=route.api_version,
        entry_points=route.spec.entry_points or (),
        rules=rules,
        verdict=judgement.verdict,
        problems=_problems(judgement),
        unread=_other_group(route, snapshot, reading)
        or _other_class(route, reading.static.class_of_routes),
    )


def _ingress(ingress: networking.Ingress, snapshot: Snapshot, reading: Reading) -> ServedRoute:
    judgement = routes_ingress.judge(ingress, snapshot)
    said = (ingress.metadata.annotations or {}).get(ENTRY_POINTS, "")
    wanted = reading.static.class_of_ingresses
    return ServedRoute(
        ref=Ref("Ingress", ingress.namespace, ingress.name),
        api_version=ingress.api_version,
        entry_points=tuple(part.strip() for part in said.split(",") if part.strip()),
        rules=tuple(_paths(ingress, snapshot, reading)),
        verdict=judgement.verdict,
        problems=_problems(judgement),
        unread=_other_name(ingress.spec.ingress_class_name, wanted)
        if ingress.spec.ingress_class_name
        else _other_class(ingress, wanted),
    )


def _paths(
    ingress: networking.Ingress, snapshot: Snapshot, reading: Reading
) -> Iterator[ServedRule]:
    here, name = ingress.namespace, ingress.name
    for rule in ingress.spec.rules or ():
        for path in rule.http.paths if rule.http else ():
            made = backend.of_ingress(path.backend, here, snapshot, reading)
            router = naming.of_ingress(here, name, rule.host, path.path)
            yield ServedRule(f"{rule.host}{path.path or '/'}", router, (made,))
    default = ingress.spec.default_backend or ingress.spec.backend
    if default and not ingress.spec.rules:
        made = backend.of_ingress(default, here, snapshot, reading)
        yield ServedRule("default backend", naming.DEFAULT_BACKEND, (made,))


def _problems(judgement: Judgement) -> tuple[str, ...]:
    if judgement.verdict is Verdict.HEALTHY:
        return ()
    told = tuple(f"{item.label}: {item.value}" for item in judgement.evidence)
    return told or (judgement.message,)


def _other_group(route: traefik.IngressRoute, snapshot: Snapshot, reading: Reading) -> str:
    group = route.api_version.partition("/")[0]
    read = groups(reading.version)
    if group and group not in read:
        return f"Traefik {reading.version} does not read the API group {group}."
    if routes_ingressroute.superseded(route, snapshot):
        return f"An IngressRoute of the same name in {read[0]} goes before it."
    return ""


def _other_class(each: Object, wanted: str) -> str:
    said = (each.metadata.annotations or {}).get(CLASS, "")
    if said == wanted or (not wanted and said == OURS):
        return ""
    return f"Its ingress class is {said or 'not set'}, and this Traefik reads {wanted or OURS}."


def _other_name(said: str, wanted: str) -> str:
    """IngressClass objects are not read: a class that is called after Traefik is taken for its."""
    if said == wanted or (not wanted and OURS in said.lower()):
        return ""
    return f"Its ingress class is {said}, which is not known to be Traefik's."
