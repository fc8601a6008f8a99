"""The service of a route: the Service of a path, by its VIP, with what its annotations say.

Source: `loadService` of kubernetesingress and `loadServers` of kubernetescrd, v2.10 to v3.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.domain.resources import core
from bot.ingress_conversion.annotations import ServiceOptions, service_options
from bot.ingress_conversion.references import ConversionContext
from bot.ingress_conversion.refusals import ConversionReason, Unconvertible
from bot.ingress_conversion.source import RoutedBackend
from bot.routing.native_lb import FIELD

SCHEMES = frozenset({"", "http", "https", "h2c"})


def service_entry(backend: RoutedBackend, context: ConversionContext) -> dict[str, Any]:
    """An entry of a route's `services`.

    Raises:
        Unconvertible: It has no VIP, or needs its pods, or Traefik does not serve it today.
    """
    name = f"{context.namespace}/{backend.service}"
    service = context.known.services.get((context.namespace, backend.service))
    if service is None and context.known.complete:
        raise Unconvertible(ConversionReason.MISSING_SERVICE, name)
    entry: dict[str, Any] = {"name": backend.service, "port": backend.port, FIELD: True}
    if service is None:
        return entry
    _require_vip(service, name)
    options = service_options(service.metadata.annotations or {}, context.target, name)
    return entry | dict(_fields(options, name, context))


def remarks(backend: RoutedBackend, context: ConversionContext) -> Iterator[str]:
    """Warnings about the Service of a converted route; whole sentences."""
    name = f"Service {context.namespace}/{backend.service}"
    service = context.known.services.get((context.namespace, backend.service))
    if service is None:
        yield f"{name} was not seen: neither its VIP nor its annotations were looked at."
        return
    if not any(backend.port in (port.port, port.name) for port in service.spec.ports or ()):
        yield f"{name} has no port {backend.port}: Traefik serves that path neither now nor then."
    options = service_options(service.metadata.annotations or {}, context.target, name)
    if options.native_lb is not None:
        state = "already switches nativeLB on" if options.native_lb else "switches nativeLB off"
        yield f"{name} {state} by annotation, for its Ingress."
    if service.spec.internal_traffic_policy == "Local":
        yield f"{name} has internalTrafficPolicy Local: its VIP reaches no pod of another node."
    if options.node_port_lb:
        yield f"{name} is reached by its node ports today, and by its VIP then."


def _require_vip(service: core.Service, name: str) -> None:
    if service.malformed:
        raise Unconvertible(ConversionReason.MALFORMED, f"Service {name}: {service.malformed[0]}")
    if service.spec.type == "ExternalName":
        raise Unconvertible(ConversionReason.EXTERNAL_NAME, f"Service {name}")
    if "None" in (service.spec.cluster_ip, *(service.spec.cluster_ips or ())):
        raise Unconvertible(ConversionReason.HEADLESS_SERVICE, f"Service {name}")


def _fields(
    options: ServiceOptions, name: str, context: ConversionContext
) -> Iterator[tuple[str, Any]]:
    scheme = options.servers_scheme
    if options.sticky.cookie:
        raise Unconvertible(ConversionReason.STICKY_SESSIONS, f"Service {name}")
    if scheme not in SCHEMES:
        raise Unconvertible(ConversionReason.UNKNOWN_SCHEME, f"{scheme!r} of Service {name}")
    if scheme:
        yield "scheme", scheme
    if options.pass_host_header is not None:
        yield "passHostHeader", options.pass_host_header
    if options.servers_transport:
        transport = context.reference(options.servers_transport, "ServersTransport")
        yield "serversTransport", transport["name"]
    if options.middlewares:
        yield "middlewares", context.middlewares(options.middlewares)
