"""From what a person typed to the subject of a diagnosis."""

from __future__ import annotations

import difflib
import re

from bot.domain.finding import Ref
from bot.domain.resources import core, discovery, gateway, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.domain.typed import holding
from bot.net import network_policies as policies
from bot.net import topology as placing
from bot.net.diagnosis.subject import Native, Subject, Unresolved
from bot.routing import gateways
from bot.routing.candidates import Candidate, candidates
from bot.routing.http_backends import GatewayProvider
from bot.routing.native_lb import ANNOTATION
from bot.routing.references import Provider
from bot.routing.running import reading, route_of, why_none
from bot.routing.service_endpoints import port_names

NEAR = 5
"""How many names are offered."""

HTTPS = 443
SCHEME = "traefik.ingress.kubernetes.io/service.serversscheme"

READS: tuple[type[Object], ...] = (
    traefik.IngressRoute,
    networking.Ingress,
    gateway.HTTPRoute,
    gateway.Gateway,
    gateway.GatewayClass,
    core.Service,
    discovery.EndpointSlice,
    core.Pod,
    core.Node,
    networking.NetworkPolicy,
)
"""What must be read for it."""


def resolve(snapshot: Snapshot, typed: str) -> Subject | Unresolved:
    """The subject that a route's name, its host, `namespace/name` or a Service stands for."""
    candidate = _candidate(snapshot, typed)
    if isinstance(candidate, Unresolved):
        return candidate
    if candidate.indirect:
        why = f"{candidate.ref} leads to {candidate.indirect}: ask for a Service behind it."
        return Unresolved(why)
    to = candidate.to
    service = snapshot.get(core.Service, to.namespace, to.name)
    if service is None:
        absent = snapshot.sees(core.Service, to.namespace)
        why = "does not exist" if absent else "was not seen"
        return Unresolved(f"{candidate.ref} leads to {to}, which {why}.")
    port = _port(service, candidate.port)
    return port if isinstance(port, Unresolved) else _subject(candidate, service, port, snapshot)


def suggestions(snapshot: Snapshot, typed: str, most: int = 25) -> tuple[str, ...]:
    """Names that can be resolved and hold what was typed, routes first."""
    labels = dict.fromkeys(
        candidate.label for candidate in candidates(snapshot) if not candidate.indirect
    )
    return holding(typed, labels, most)


def _candidate(snapshot: Snapshot, typed: str) -> Candidate | Unresolved:
    """The one way to a Service that has all of the words among its keys."""
    words = re.sub(r"^\w+://", "", typed.strip().casefold()).split()
    if not words:
        return Unresolved("Name a route or a Service.", near=suggestions(snapshot, "", NEAR))
    every = candidates(snapshot)
    fitting = [candidate for candidate in every if all(word in candidate.keys for word in words)]
    fitting = [candidate for candidate in fitting if candidate.kind != "Service"] or fitting
    if not fitting:
        return _nothing(typed, " ".join(words), every, snapshot)
    alike = {(c.to, c.port, c.native, c.scheme) for c in fitting}
    if len(alike) == 1:
        return fitting[0]
    labels = tuple(dict.fromkeys(candidate.label for candidate in fitting))
    if len(labels) == 1:
        # One rule with several Services: the Services themselves are what to choose from.
        labels = tuple(f"service/{c.to.namespace}/{c.to.name}:{c.port}" for c in fitting)
    return Unresolved(f"{typed!r} matches {len(labels)} routes to a Service.", near=labels[:NEAR])


def _nothing(
    typed: str, words: str, every: tuple[Candidate, ...], snapshot: Snapshot
) -> Unresolved:
    labels = {key: candidate.label for candidate in reversed(every) for key in candidate.keys}
    close = difflib.get_close_matches(words, labels, n=NEAR, cutoff=0.5)
    kinds = (traefik.IngressRoute, networking.Ingress, gateway.HTTPRoute, core.Service)
    unseen = snapshot.unseen(kinds)
    also = f" Not seen: {', '.join(unseen)}." if unseen else ""
    near = tuple(dict.fromkeys(labels[key] for key in close))
    return Unresolved(f"No route or Service is called {typed!r}.{also}", near=near)


def _port(service: core.Service, wanted: str) -> core.ServicePort | Unresolved:
    """The Service's port with this number or name; an ExternalName needs none."""
    ports = service.spec.ports or ()
    named = next((port for port in ports if wanted and wanted in (str(port.port), port.name)), None)
    if named:
        return named
    if service.spec.type == "ExternalName":
        is_number = wanted.isdecimal() and len(wanted) <= len("65535")
        return core.ServicePort(port=int(wanted) if is_number else 0)
    name = f"Service {service.namespace}/{service.name}"
    if not ports:
        return Unresolved(f"{name} has no ports.")
    have = ", ".join(port_names(ports))
    missing = f"port {wanted}" if wanted else "a port that is named nowhere"
    return Unresolved(f"{name} has not {missing}: it has {have}.")


def _subject(
    candidate: Candidate, service: core.Service, port: core.ServicePort, snapshot: Snapshot
) -> Subject:
    spec, annotations = service.spec, service.metadata.annotations or {}
    native, because = _native(candidate, service, snapshot)
    vips = tuple(
        name for name in spec.cluster_ips or (spec.cluster_ip,) if name not in ("", "None")
    )
    endpoints, unready = placing.endpoints(service, port, snapshot)
    traefiks = placing.traefik(snapshot)
    of_gateway = candidate.kind == "HTTPRoute"
    scheme = candidate.scheme or ("" if of_gateway else annotations.get(SCHEME, ""))
    return Subject(
        name=candidate.label,
        route=candidate.ref if candidate.kind != "Service" else None,
        match=candidate.match,
        host=candidate.host,
        path=candidate.path or "/",
        service=candidate.to,
        port=port.port,
        tls=scheme == "https" or (not scheme and _looks_like_tls(port)),
        external=spec.external_name if spec.type == "ExternalName" else "",
        headless=spec.cluster_ip == "None",
        vips=() if spec.type == "ExternalName" else vips,
        endpoints=endpoints,
        unready=unready,
        endpoints_seen=snapshot.sees(discovery.EndpointSlice, service.namespace),
        local_only=spec.internal_traffic_policy == "Local",
        native=native,
        native_because=because,
        traefik=traefiks,
        no_traefik="" if traefiks else why_none(snapshot),
        nodes=placing.nodes(snapshot),
        policies=policies.selecting(service, snapshot),
    )


def _looks_like_tls(port: core.ServicePort) -> bool:
    """Source: Traefik takes port 443, and names that begin with https, for TLS."""
    return port.port == HTTPS or port.name.startswith("https")


def _native(candidate: Candidate, service: core.Service, snapshot: Snapshot) -> tuple[Native, str]:
    """Source: Traefik v2.10 to v3.7. The field is for an IngressRoute, an annotation for others."""
    if service.spec.type == "ExternalName":
        return Native.IMPOSSIBLE, "The Service is an ExternalName: it has no VIP."
    if service.spec.cluster_ip == "None":
        return Native.IMPOSSIBLE, "The Service is headless: it has no VIP."
    provider = _provider(candidate.ref, snapshot)
    match candidate.kind:
        case "IngressRoute":
            own, by = candidate.native, "the route"
        case "HTTPRoute":
            own, by = candidate.native, f"the annotation {gateways.NATIVE}"
            # Older ones do not know the annotation.
            own = own and provider.is_native(native=True)
        case _:
            annotation = (service.metadata.annotations or {}).get(ANNOTATION, "").casefold()
            own = {"true": True, "false": False}.get(annotation)
            by = f"the annotation {ANNOTATION}"
    if own:
        return Native.ON, f"It is on by {by}."
    if own is None and provider.is_native(native=None):
        return Native.ON, "It is on by Traefik's argument nativeLBByDefault."
    return Native.OFF, ""


def _provider(ref: Ref, snapshot: Snapshot) -> Provider:
    """The provider of the route's kind, in every Traefik that reads the route."""
    route = route_of(ref, snapshot)
    known = reading(route, snapshot) if route else ()
    if ref.kind == "HTTPRoute":
        return GatewayProvider(known)
    return Provider(known, of_ingresses=ref.kind == "Ingress")
