"""The servers that Traefik derives from a reference to a Service, and the reasons.

Source: `loadServers` of kubernetescrd and `loadService` of kubernetesingress, v2.10 to v3.7, and
`getBackendAddresses` of kubernetesgateway, v3.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec import structs

from bot.domain.finding import Ref
from bot.domain.resources import core, discovery, networking, traefik
from bot.domain.resources.gateway import BackendReference, HTTPRoute
from bot.domain.snapshot import Snapshot
from bot.routing import gateways, http_backends
from bot.routing import service_endpoints as serving
from bot.routing.addresses import authority
from bot.routing.instance import (
    NATIVE_BY_DEFAULT_SINCE,
    NATIVE_GATEWAYS_SINCE,
    NATIVE_LB_SINCE,
    NEW_GROUP_ONLY_SINCE,
    TraefikConfig,
)

ANNOTATION = "traefik.ingress.kubernetes.io/service."
HTTPS = 443


class Mode(StrEnum):
    """How Traefik reaches a Service."""

    POD_IPS = "pod IPs"
    VIP = "VIP"
    EXTERNAL_NAME = "ExternalName"
    TRAEFIK_SERVICE = "TraefikService"
    ELSEWHERE = "another provider"
    NOTHING = "nothing"
    """Traefik has no server for it, as far as is known."""


class Backend(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One reference of a rule. `because` is the reason for the mode, or for having no server.

    `lacks_native` is True if nativeLB could be set and is not. That alone is not a fault.
    """

    name: str
    mode: Mode
    because: str = ""
    service: Ref | None = None
    port: str = ""
    servers: tuple[str, ...] = ()
    lacks_native: bool = False


def of_route(
    to: traefik.RouteService, namespace: str, snapshot: Snapshot, config: TraefikConfig
) -> Backend:
    """A service of an IngressRoute's rule."""
    name = to.name.removesuffix("@kubernetescrd")
    here = to.namespace or namespace
    if to.kind == "TraefikService":
        because = "nativeLB is set in the TraefikService, if at all"
        return Backend(name=f"{here}/{name}", mode=Mode.TRAEFIK_SERVICE, because=because)
    if "@" in name:
        return Backend(name=name, mode=Mode.ELSEWHERE, because="not seen from Kubernetes")
    return _Reference(
        service=Ref("Service", here, name),
        port=to.port,
        scheme=to.scheme,
        native=to.native_lb,
        native_of="nativeLB of the route's service",
        native_by_default=config.static.native_routes,
        external_allowed=config.static.external_routes,
        snapshot=snapshot,
        config=config,
    ).backend()


def of_ingress(
    backend: networking.IngressBackend, namespace: str, snapshot: Snapshot, config: TraefikConfig
) -> Backend:
    """A backend of an Ingress; its options are annotations of the Service."""
    name, port = backend.target
    if not name:
        return Backend(name="?", mode=Mode.NOTHING, because="Traefik supports no resource backend")
    service = snapshot.get(core.Service, namespace, name)
    annotations = (service.metadata.annotations if service else None) or {}
    native = annotations.get(f"{ANNOTATION}nativelb")
    return _Reference(
        service=Ref("Service", namespace, name),
        port=port,
        scheme=annotations.get(f"{ANNOTATION}serversscheme", ""),
        native=None if native is None else native.strip().lower() == "true",
        native_of=f"the Service's annotation {ANNOTATION}nativelb",
        native_by_default=config.static.native_ingresses,
        external_allowed=config.static.external_ingresses,
        snapshot=snapshot,
        config=config,
    ).backend()


def of_http_route(
    to: BackendReference, route: HTTPRoute, snapshot: Snapshot, config: TraefikConfig
) -> Backend:
    """A backend of an HTTPRoute; its options are an annotation of the Service, and its port's."""
    ref = gateways.target(to, route)
    name = f"{ref.namespace}/{ref.name}"
    if why := http_backends.why_refused(to, route, snapshot):
        return Backend(name=name, mode=Mode.NOTHING, because=why.rstrip("."))
    if gateways.is_traefiks(to):
        traefiks = traefik.RouteService(kind=to.kind, name=to.name)
        if "@" in to.name:
            traefiks = traefik.RouteService(name=to.name)
        return of_route(traefiks, ref.namespace, snapshot, config)
    service = snapshot.get(core.Service, ref.namespace, ref.name)
    port = _port(service, to.port) if service else None
    can_be_native = config.since(NATIVE_GATEWAYS_SINCE)
    backend = _Reference(
        service=ref,
        port=to.port,
        scheme=gateways.scheme(port) if port else "",
        native=gateways.native(service) if service and can_be_native else None,
        native_of=f"the Service's annotation {gateways.NATIVE}",
        native_by_default=config.static.native_gateways and can_be_native,
        external_allowed=False,
        ready_only=True,
        snapshot=snapshot,
        config=config,
    ).backend()
    return structs.replace(backend, lacks_native=backend.lacks_native and can_be_native)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    """A reference as one of the providers reads it. `native` is None where it is not set.

    `native_of` names what sets it; the next two are the provider's arguments. `ready_only`: whether
    it leaves out endpoints that terminate, in any version.
    """

    service: Ref
    port: int | str | None
    scheme: str
    native: bool | None
    native_of: str
    native_by_default: bool
    external_allowed: bool
    ready_only: bool = False
    snapshot: Snapshot
    config: TraefikConfig

    def backend(self) -> Backend:
        """The backend that Traefik makes of it."""
        ref = self.service
        service = self.snapshot.get(core.Service, ref.namespace, ref.name)
        if service is None:
            observed = self.snapshot.sees(core.Service, ref.namespace)
            return self._nothing(f"{ref} {'does not exist' if observed else 'was not seen'}")
        port = _port(service, self.port)
        if port is None:
            return self._nothing(f"{ref} has no port {self.port or 'by that name'}")
        native, because = self._native()
        if service.spec.type == "ExternalName":
            return self._external(service, port, native=native)
        if not native:
            return self._pods(service, port)
        if service.spec.cluster_ip in ("", "None"):
            return self._nothing(f"nativeLB is on, and {ref} is headless: it has no VIP")
        return self._backend(Mode.VIP, because, self._url(port, service.spec.cluster_ip))

    def _native(self) -> tuple[bool, str]:
        if not self.config.since(NATIVE_LB_SINCE):
            return False, ""
        if self.native is not None:
            return self.native, self.native_of
        by_default = self.native_by_default and self.config.since(NATIVE_BY_DEFAULT_SINCE)
        return by_default, "nativeLBByDefault of Traefik's arguments"

    def _external(self, service: core.Service, port: core.ServicePort, *, native: bool) -> Backend:
        if native and not self.config.since(NEW_GROUP_ONLY_SINCE):
            return self._nothing("nativeLB is on, and an ExternalName has no VIP (Traefik 2)")
        if self.config.static.complete and not self.external_allowed:
            return self._nothing("Traefik's arguments do not allow ExternalName Services")
        return self._backend(Mode.EXTERNAL_NAME, "", self._url(port, service.spec.external_name))

    def _pods(self, service: core.Service, port: core.ServicePort) -> Backend:
        key = (service.namespace, service.name)
        slices = self.snapshot.of(discovery.EndpointSlice).by_label(serving.SERVICE_NAME)
        servers = [
            self._url(port, address, target)
            for slice_ in slices.get(key, ())
            for target in _targets(slice_, port)
            for endpoint in slice_.endpoints or ()
            if self._used(endpoint.conditions)
            for address in endpoint.addresses
        ]
        if not servers:
            observed = self.snapshot.sees(discovery.EndpointSlice, service.namespace)
            because = (
                f"{self.service} has no endpoint" if observed else "its endpoints were not seen"
            )
            return self._backend(Mode.POD_IPS, because)
        headless = service.spec.cluster_ip == "None"
        because = "the Service is headless: nativeLB is not possible" if headless else ""
        backend = self._backend(Mode.POD_IPS, because, *dict.fromkeys(servers))
        possible = service.spec.cluster_ip and not headless and self.config.since(NATIVE_LB_SINCE)
        return structs.replace(backend, lacks_native=bool(possible) and self.native is None)

    def _used(self, state: discovery.EndpointConditions) -> bool:
        """From v3 on an endpoint counts while it serves, and so while it terminates."""
        of_serving = self.config.since(NEW_GROUP_ONLY_SINCE) and not self.ready_only
        if of_serving and state.serving is not None:
            return state.serving
        return state.ready is not False

    def _url(self, port: core.ServicePort, host: str, target: int = 0) -> str:
        """The URL of a server, at the port of the Service if no other is given."""
        tls = port.port == HTTPS or port.name.startswith("https")
        scheme = self.scheme or ("https" if tls else "http")
        return f"{scheme}://{authority(host, target or port.port)}"

    def _backend(self, mode: Mode, because: str, *servers: str) -> Backend:
        port = "" if self.port is None else str(self.port)
        name = f"{self.service.namespace}/{self.service.name}"
        return Backend(
            name=f"{name}:{port}" if port else name,
            mode=mode,
            because=because,
            service=self.service,
            port=port,
            servers=servers,
        )

    def _nothing(self, because: str) -> Backend:
        return self._backend(Mode.NOTHING, because)


def _targets(slice_: discovery.EndpointSlice, port: core.ServicePort) -> list[int]:
    """The slice's port that has the name of the Service's port."""
    ports = slice_.ports or ()
    return [entry.port for entry in ports if entry.port and (entry.name or "") == port.name][:1]


def _port(service: core.Service, name_or_number: int | str | None) -> core.ServicePort | None:
    if name_or_number in (None, "", 0):
        return None
    for port in service.spec.ports or ():
        if name_or_number in (port.port, port.name):
            return port
    if service.spec.type == "ExternalName" and isinstance(name_or_number, int):
        return core.ServicePort(port=name_or_number)
    return None
