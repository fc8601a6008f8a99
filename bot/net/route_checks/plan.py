"""Which hosts are checked, by which ports of Traefik, and which are not, with the reason.

Only `/` of a host that a rule names is ever asked, and only at Traefik's own pods. A rule that
takes `/` for some requests only, or for hosts that it does not name, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bot.domain.finding import Ref
from bot.domain.resources import core, discovery, gateway, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.shares import in_turn, shared
from bot.domain.snapshot import Snapshot
from bot.domain.tenancy import party_of
from bot.net import network_policies, topology
from bot.net.entrances import Entrance, entrances_of
from bot.net.route_checks import chain
from bot.net.route_checks.answered import TRAEFIK_IS_GONE, AskedRoute, ChainPart
from bot.net.route_checks.host_rules import HostRule, host_rules
from bot.net.tools.targets import Allowed, is_covered
from bot.routing import addresses
from bot.routing.instance import TraefikConfig, config_of
from bot.routing.running import is_running, traefik_pod, why_unread

OFF = "meshmedic.dev/route-check"
"""The annotation by which a route's owner takes its hosts out, with the value `off`."""

SETTING = "MESHMEDIC_ROUTE_CHECKS_EXCEPT"

NOTHING = Allowed()

MOST_HOSTS = 500
"""Hosts that are checked; namespaces share them, so that none takes the place of the others."""

MOST_LEFT_OUT = 500
MOST_PORTS = 3
"""Endpoints whose ports are asked directly."""

READS: tuple[type[Object], ...] = (
    traefik.IngressRoute,
    networking.Ingress,
    gateway.HTTPRoute,
    gateway.Gateway,
    gateway.GatewayClass,
    gateway.ReferenceGrant,
    core.Namespace,
    traefik.Middleware,
    core.Service,
    discovery.EndpointSlice,
    core.Pod,
    networking.NetworkPolicy,
)
"""What must be read for it."""

EXCLUDED = f"{SETTING} names it"
BY_ANNOTATION = f"the annotation {OFF} is off"
NO_TRAEFIK = "no running Traefik was seen that reads it"
NO_ENTRANCE = "no port of Traefik was seen that takes its requests"
TOO_MANY = "there are more hosts than are checked"


class PodPort(msgspec.Struct, frozen=True, order=True):
    """A port of a pod that stands behind a route."""

    address: str
    port: int


class RouteCheck(msgspec.Struct, frozen=True, kw_only=True):
    """How a host is checked. `by` are ports of Traefik's pods that are as good as each other.

    match: The rule that is asked, as `bot.routing.candidates` names it.
    sole: Whether all rules of its route lead to the same Services, so that it speaks for them.
    ports: Those of the endpoints, where they are pods of this cluster.
    """

    host: str
    route: Ref
    match: str
    by: tuple[Entrance, ...]
    asked: AskedRoute = AskedRoute()
    ports: tuple[PodPort, ...] = ()
    sole: bool = False


class LeftOut(msgspec.Struct, frozen=True, order=True):
    """A host that is not checked, and why; the host is empty where the rule names none."""

    route: Ref
    host: str
    why: str


class CheckPlan(msgspec.Struct, frozen=True):
    """What is checked and what is not. Each host is in one of them, and once."""

    checks: tuple[RouteCheck, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class _Traefik:
    config: TraefikConfig
    entrances: tuple[Entrance, ...]
    before: Mapping[str, frozenset[ChainPart]]
    guarded: bool


@dataclass(frozen=True, slots=True)
class _Behind:
    """What stands behind a rule."""

    ports: tuple[PodPort, ...]
    deserted: bool
    guarded: bool


def plan(snapshot: Snapshot, excepted: Allowed = NOTHING, most: int = MOST_HOSTS) -> CheckPlan:
    """What to check. `excepted` are the hosts of the setting."""
    rules = tuple(host_rules(snapshot))
    running = tuple(_running(snapshot))
    off = {(rule.route.namespace, rule.root.host) for rule in rules if _is_off(rule.route)}
    checks: dict[str, list[tuple[tuple[object, ...], RouteCheck]]] = {}
    left_out: list[LeftOut] = []
    for rule in rules:
        check = _check(rule, running, off, excepted, snapshot)
        if isinstance(check, RouteCheck):
            checks.setdefault(check.host, []).append((_rank(rule, check), check))
        else:
            left_out.append(LeftOut(rule.route.ref, rule.root.host, check))
    best = [min(several, key=lambda pair: pair[0])[1] for several in checks.values()]
    ordered = in_turn(sorted(best, key=lambda check: check.host), _party)
    left_out = [item for item in left_out if item.host not in checks]
    left_out += [LeftOut(item.route, item.host, TOO_MANY) for item in ordered[most:]]
    unique = {(item.host or item.route): item for item in sorted(left_out, reverse=True)}
    return CheckPlan(
        tuple(sorted(ordered[:most], key=lambda check: check.host)),
        shared(sorted(unique.values()), MOST_LEFT_OUT, _party),
    )


def _party(item: RouteCheck | LeftOut) -> str:
    return party_of(item.route)


def _rank(rule: HostRule, check: RouteCheck) -> tuple[object, ...]:
    """Which of several rules of a host is asked: not one that only redirects, by TLS, the first."""
    redirects = ChainPart.REDIRECT in check.asked.chain
    return redirects, not check.asked.tls, -rule.priority, rule.route.ref


def _check(
    rule: HostRule,
    running: Sequence[_Traefik],
    off: set[tuple[str, str]],
    excepted: Allowed,
    snapshot: Snapshot,
) -> RouteCheck | str:
    """How the host of a rule is checked, or why it is not."""
    host = rule.root.host
    if rule.root.why:
        return rule.root.why
    if is_covered(host, excepted):
        return EXCLUDED
    if (rule.route.namespace, host) in off:
        return BY_ANNOTATION
    readers = [item for item in running if not why_unread(rule.route, item.config)]
    if not readers:
        return NO_TRAEFIK if running else TRAEFIK_IS_GONE
    usable = [
        (entrance, reader)
        for reader in readers
        for entrance in reader.entrances
        if rule.is_taken_by(entrance)
    ]
    if not usable:
        return NO_ENTRANCE
    first, _ = min(usable, key=lambda pair: (pair[0].tls != rule.secured, pair[0].name))
    chosen = [(at, reader) for at, reader in usable if (at.name, at.tls) == (first.name, first.tls)]
    tls = first.tls or rule.tls
    known = rule.parts | chain.parts(snapshot, rule.route.namespace, rule.middlewares)
    for at, reader in chosen:
        known |= reader.before.get(at.name, frozenset())
        known |= frozenset() if reader.config.static.complete else {ChainPart.UNSEEN}
    behind = _behind(rule, snapshot)
    return RouteCheck(
        host=host,
        route=rule.route.ref,
        match=rule.match,
        sole=rule.sole,
        by=tuple(sorted(msgspec.structs.replace(at, tls=tls) for at, _ in chosen)),
        asked=AskedRoute(
            host=host,
            chain=known,
            tls=tls,
            deserted=behind.deserted,
            guarded=behind.guarded,
            traefik_guarded=any(reader.guarded for _, reader in chosen),
        ),
        ports=behind.ports,
    )


def _running(snapshot: Snapshot) -> Iterator[_Traefik]:
    """The running pods of Traefik. Who that is, is decided elsewhere, and once."""
    for at in topology.traefik(snapshot):
        pod = snapshot.get(core.Pod, at.namespace, at.pod)
        if pod is None:
            continue
        own = traefik_pod(pod)
        fit = tuple(entrance for entrance in entrances_of(at, snapshot) if _is_askable(entrance))
        before = chain.of_entry_points(snapshot, own.args)
        guarded = network_policies.selecting_pod(pod, snapshot) != ()
        yield _Traefik(config_of(own), fit, before, guarded)


def _is_askable(entrance: Entrance) -> bool:
    ip = addresses.parse(entrance.address)
    return ip is not None and addresses.is_of_one_host(ip) and _is_port(entrance.port)


def _is_port(port: int) -> bool:
    return 0 < port < 1 << 16


def _is_off(route: Object) -> bool:
    value = (route.metadata.annotations or {}).get(OFF, "")[:10]
    return value.strip().lower() in ("off", "false")


def _behind(rule: HostRule, snapshot: Snapshot) -> _Behind:
    """The ports behind a rule, and whether its Services are known to have no ready endpoint."""
    ports: list[PodPort] = []
    deserted, guarded = bool(rule.services), False
    for namespace, name, wanted in rule.services:
        service = snapshot.get(core.Service, namespace, name)
        own = service.spec.ports or () if service else ()
        named = (port for port in own if wanted in (str(port.port), port.name))
        port = next(named, None)
        seen = snapshot.sees(discovery.EndpointSlice, namespace)
        if service is None or port is None or service.spec.type == "ExternalName" or not seen:
            deserted = False
            continue
        ready, _ = topology.endpoints(service, port, snapshot)
        deserted = deserted and not ready
        guarded = guarded or network_policies.selecting(service, snapshot) != ()
        ports += (
            PodPort(at.address, at.port)
            for at in ready
            if _is_pods_own(at.namespace, at.pod, at.address, snapshot) and _is_port(at.port)
        )
    return _Behind(tuple(sorted(set(ports)))[:MOST_PORTS], deserted, guarded)


def _is_pods_own(namespace: str, name: str, address: str, snapshot: Snapshot) -> bool:
    """Whether an address is that of a pod, as the pod says and not the slice that names it.

    Anyone who may write slices could name any address. A pod in the host network has its node's.
    """
    pod = snapshot.get(core.Pod, namespace, name) if name else None
    ip = addresses.parse(address)
    if pod is None or ip is None or not addresses.is_of_one_host(ip):
        return False
    return is_running(pod) and not pod.spec.host_network and address in addresses.pod_addresses(pod)
