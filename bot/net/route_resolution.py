"""From what a person typed to the subject of a diagnosis."""

from __future__ import annotations

import difflib
import re

from bot.domain.finding import Ref
from bot.domain.resources import core, discovery, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.domain.typed import holding
from bot.net import network_policies as policies
from bot.net import topology as placing
from bot.net.diagnosis.subject import Native, Subject, Unresolved
from bot.routing.candidates import Candidate, candidates
from bot.routing.native_lb import ANNOTATION
from bot.routing.service_endpoints import port_names

NEAR = 5
"""How many names are offered."""

HTTPS = 443
SCHEME = "traefik.ingress.kubernetes.io/service.serversscheme"

READS: tuple[type[Object], ...] = (
    traefik.IngressRoute,
    networking.Ingress,
    core.Service,
    discovery.EndpointSlice,
    core.Pod,
    core.Node,
    networking.NetworkPolicy,
)
"""What must be read for it."""


def resolve(snapshot: Snapshot, typed: str) -> Subject | Unresolved:
    """The one subject that is meant by a route's name, its host, `namespace/name`, or a Service."""
    found = _meant(snapshot, typed)
    if isinstance(found, Unresolved):
        return found
    if found.indirect:
        because = f"{found.ref} leads to {found.indirect}: ask for a Service behind it."
        return Unresolved(because)
    service = snapshot.get(core.Service, found.to_namespace, found.to_name)
    if service is None:
        return Unresolved(f"{found.ref} leads to {_of(found)}, which {_absence(found, snapshot)}.")
    port = _port(service, found.port)
    return port if isinstance(port, Unresolved) else _subject(found, service, port, snapshot)


def suggestions(snapshot: Snapshot, typed: str, most: int = 25) -> tuple[str, ...]:
    """What can be asked for and holds what was typed, routes first."""
    labels = dict.fromkeys(
        candidate.label for candidate in candidates(snapshot) if not candidate.indirect
    )
    return holding(typed, labels, most)


def _meant(snapshot: Snapshot, typed: str) -> Candidate | Unresolved:
    words = _words(typed)
    if not words:
        return Unresolved("Name a route or a Service.", near=suggestions(snapshot, "", NEAR))
    every = candidates(snapshot)
    found = [candidate for candidate in every if all(word in candidate.keys for word in words)]
    routes = [candidate for candidate in found if candidate.kind != "Service"] or found
    if not routes:
        return _nothing(typed, every, snapshot)
    alike = {(e.to_namespace, e.to_name, e.port, e.native, e.scheme) for e in routes}
    if len(alike) == 1:
        return routes[0]
    labels = tuple(dict.fromkeys(route.label for route in routes))
    if len(labels) == 1:
        # One rule with several Services: the Services themselves are what to choose from.
        labels = tuple(f"service/{e.to_namespace}/{e.to_name}:{e.port}" for e in routes)
    return Unresolved(f"{typed!r} stands for {len(labels)} ways to a Service.", near=labels[:NEAR])


def _words(typed: str) -> list[str]:
    stripped = re.sub(r"^\w+://", "", typed.strip().casefold())
    return stripped.split()


def _nothing(typed: str, every: tuple[Candidate, ...], snapshot: Snapshot) -> Unresolved:
    names = {key: candidate.label for candidate in reversed(every) for key in candidate.keys}
    close = difflib.get_close_matches(" ".join(_words(typed)), names, n=NEAR, cutoff=0.5)
    near = tuple(dict.fromkeys(names[name] for name in close))
    unseen = snapshot.unseen((traefik.IngressRoute, networking.Ingress, core.Service))
    also = f" Not seen: {', '.join(unseen)}." if unseen else ""
    return Unresolved(f"No route or Service is called {typed!r}.{also}", near=near)


def _absence(found: Candidate, snapshot: Snapshot) -> str:
    seen = snapshot.sees(core.Service, found.to_namespace)
    return "does not exist" if seen else "was not seen"


def _of(found: Candidate) -> Ref:
    return Ref("Service", found.to_namespace, found.to_name)


def _port(service: core.Service, said: str) -> core.ServicePort | Unresolved:
    """The Service's port that is meant by its number or name; an ExternalName needs none."""
    ports = service.spec.ports or ()
    match = next((port for port in ports if said and said in (str(port.port), port.name)), None)
    if match:
        return match
    if service.spec.type == "ExternalName":
        return core.ServicePort(port=int(said) if said.isdecimal() else 0)
    name = f"Service {service.namespace}/{service.name}"
    if not ports:
        return Unresolved(f"{name} has no ports.")
    have = ", ".join(port_names(ports))
    asked = f"port {said}" if said else "a port that is named nowhere"
    return Unresolved(f"{name} has not {asked}: it has {have}.")


def _subject(
    found: Candidate, service: core.Service, port: core.ServicePort, snapshot: Snapshot
) -> Subject:
    spec, notes = service.spec, service.metadata.annotations or {}
    headless = spec.cluster_ip == "None"
    native, because = _native(found, service, snapshot)
    vips = tuple(
        name for name in spec.cluster_ips or (spec.cluster_ip,) if name not in ("", "None")
    )
    endpoints, unready = placing.endpoints(service, port, snapshot)
    scheme = found.scheme or notes.get(SCHEME, "")
    return Subject(
        name=found.label,
        route=found.ref if found.kind != "Service" else None,
        match=found.match,
        host=found.host,
        path=found.path or "/",
        service=_of(found),
        port=port.port,
        tls=scheme == "https" or (not scheme and _looks_like_tls(port)),
        external=spec.external_name if spec.type == "ExternalName" else "",
        headless=headless,
        vips=() if spec.type == "ExternalName" else vips,
        endpoints=endpoints,
        unready=unready,
        endpoints_seen=snapshot.sees(discovery.EndpointSlice, service.namespace),
        local_only=spec.internal_traffic_policy == "Local",
        native=native,
        native_because=because,
        traefik=placing.traefik(snapshot),
        nodes=placing.nodes(snapshot),
        policies=policies.selecting(service, snapshot),
    )


def _looks_like_tls(port: core.ServicePort) -> bool:
    """Source: Traefik takes port 443, and names that begin with https, for TLS."""
    return port.port == HTTPS or port.name.startswith("https")


def _native(found: Candidate, service: core.Service, snapshot: Snapshot) -> tuple[Native, str]:
    """Source: Traefik v2.10 to v3.7. The annotation is for an Ingress, the field for a route."""
    if service.spec.type == "ExternalName":
        return Native.IMPOSSIBLE, "The Service is an ExternalName: it has no VIP."
    if service.spec.cluster_ip == "None":
        return Native.IMPOSSIBLE, "The Service is headless: it has no VIP."
    route = found.kind == "IngressRoute"
    said = (service.metadata.annotations or {}).get(ANNOTATION, "").casefold()
    own = found.native if route else {"true": True, "false": False}.get(said)
    if own:
        return Native.ON, f"It is on by {'the route' if route else f'the annotation {ANNOTATION}'}."
    provider = "kubernetescrd" if route else "kubernetesingress"
    if own is None and placing.has_argument(snapshot, f"providers.{provider}.nativelbbydefault"):
        return Native.ON, "It is on by Traefik's argument nativeLBByDefault."
    return Native.OFF, ""
