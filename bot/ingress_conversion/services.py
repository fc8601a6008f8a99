"""The service of a route: the Service of a path, by its VIP, with what its annotations say.

Source: `loadService` of kubernetesingress and `loadServers` of kubernetescrd, v2.10 to v3.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.domain.resources import core
from bot.ingress_conversion.annotations import ServiceOptions, service_options
from bot.ingress_conversion.known import Known
from bot.ingress_conversion.references import reference, references
from bot.ingress_conversion.refusals import ConversionReason, Unfaithful
from bot.ingress_conversion.source import RoutedBackend
from bot.ingress_conversion.target import ConversionTarget
from bot.routing.native_lb import FIELD

SCHEMES = frozenset({"", "http", "https", "h2c"})
TRANSPORT = "ServersTransport"


def service(
    backend: RoutedBackend, namespace: str, known: Known, target: ConversionTarget
) -> dict[str, Any]:
    """An entry of a route's `services`.

    Raises:
        Unfaithful: It has no VIP, or needs its pods, or Traefik does not serve it today.
    """
    found = known.services.get((namespace, backend.service))
    made: dict[str, Any] = {"name": backend.service, "port": backend.port, FIELD: True}
    if found is None:
        if known.whole:
            raise Unfaithful(ConversionReason.MISSING_SERVICE, f"{namespace}/{backend.service}")
        return made
    name = f"{namespace}/{backend.service}"
    _check(found, name)
    said = service_options(found.metadata.annotations or {}, target, name)
    return made | dict(_said(said, name, namespace, known, target))


def remarks(
    backend: RoutedBackend, namespace: str, known: Known, target: ConversionTarget
) -> Iterator[str]:
    """What is worth knowing of a service that is converted; whole sentences."""
    found = known.services.get((namespace, backend.service))
    name = f"Service {namespace}/{backend.service}"
    if found is None:
        yield f"{name} was not seen: neither its VIP nor its annotations were looked at."
        return
    if not any(backend.port in (port.port, port.name) for port in found.spec.ports or ()):
        yield f"{name} has no port {backend.port}: Traefik serves that path neither now nor then."
    said = service_options(found.metadata.annotations or {}, target, name)
    if said.native_lb is not None:
        state = "already switches nativeLB on" if said.native_lb else "switches nativeLB off"
        yield f"{name} {state} by annotation, for its Ingress."
    if found.spec.internal_traffic_policy == "Local":
        yield f"{name} has internalTrafficPolicy Local: its VIP reaches no pod of another node."
    if said.node_port_lb:
        yield f"{name} is reached by its node ports today, and by its VIP then."


def _check(found: core.Service, name: str) -> None:
    if found.malformed:
        raise Unfaithful(ConversionReason.MALFORMED, f"Service {name}: {found.malformed[0]}")
    if found.spec.type == "ExternalName":
        raise Unfaithful(ConversionReason.EXTERNAL_NAME, f"Service {name}")
    if "None" in (found.spec.cluster_ip, *(found.spec.cluster_ips or ())):
        raise Unfaithful(ConversionReason.HEADLESS_SERVICE, f"Service {name}")


def _said(
    said: ServiceOptions, name: str, namespace: str, known: Known, target: ConversionTarget
) -> Iterator[tuple[str, Any]]:
    if said.sticky.cookie:
        raise Unfaithful(ConversionReason.STICKY_SESSIONS, f"Service {name}")
    if said.servers_scheme not in SCHEMES:
        raise Unfaithful(
            ConversionReason.UNKNOWN_SCHEME, f"{said.servers_scheme!r} of Service {name}"
        )
    if said.servers_scheme:
        yield "scheme", said.servers_scheme
    if said.pass_host_header is not None:
        yield "passHostHeader", said.pass_host_header
    if said.servers_transport:
        found = reference(said.servers_transport, TRANSPORT, namespace, known, target)
        yield "serversTransport", found["name"]
    if said.middlewares:
        yield (
            "middlewares",
            references(said.middlewares, "Middleware", namespace, known, target),
        )
