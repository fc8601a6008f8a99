"""The servers that Traefik makes of a reference to a Service, and why these.

Source: `loadServers` of kubernetescrd and `loadService` of kubernetesingress, v2.10 to v3.7.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bot.domain.finding import Ref
from bot.domain.resources import core, discovery, networking, traefik
from bot.domain.snapshot import Snapshot
from bot.routing import service_endpoints as serving
from bot.traefik.domain.instance import (
    BY_DEFAULT_SINCE,
    NATIVE_LB_SINCE,
    YOUNG_GROUP_ALONE_SINCE,
    Static,
    number,
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
    """Traefik makes no server of it, or nobody knows."""


class Backend(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One reference of a rule. `because` says why this mode, or why there is no server.

    `lacks_native` is True where nativeLB could be set and is not. That alone is no fault.
    """

    name: str
    mode: Mode
    because: str = ""
    service: Ref | None = None
    port: str = ""
    servers: tuple[str, ...] = ()
    lacks_native: bool = False


class Reading(msgspec.Struct, frozen=True):
    """The Traefik by whose rules a reference is read; the version may be unknown (empty)."""

    version: str = ""
    static: Static = Static()

    def since(self, begin: tuple[int, ...]) -> bool:
        """Whether it is of this version or later; an unknown one is taken for the newest."""
        return (number(self.version) or (99,)) >= begin


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A reference as one of the providers reads it. `native` is None where nothing is said."""

    service: Ref
    port: int | str | None
    scheme: str = ""
    native: bool | None = None
    native_of: str = ""
    by_default: bool = False
    external_allowed: bool = False


def of_route(
    to: traefik.RouteService, namespace: str, snapshot: Snapshot, reading: Reading
) -> Backend:
    """A service of an IngressRoute's rule."""
    name = to.name.removesuffix("@kubernetescrd")
    here = to.namespace or namespace
    if to.kind == "TraefikService":
        because = "nativeLB is set in the TraefikService, if at all"
        return Backend(name=f"{here}/{name}", mode=Mode.TRAEFIK_SERVICE, because=because)
    if "@" in name:
        return Backend(name=name, mode=Mode.ELSEWHERE, because="not seen from Kubernetes")
    static = reading.static
    wanted = Wanted(
        service=Ref("Service", here, name),
        port=to.port,
        scheme=to.scheme,
        native=to.native_lb,
        native_of="nativeLB of the route's service",
        by_default=static.native_routes,
        external_allowed=static.external_routes,
    )
    return read(wanted, snapshot, reading)


def of_ingress(
    backend: networking.IngressBackend, namespace: str, snapshot: Snapshot, reading: Reading
) -> Backend:
    """A backend of an Ingress; what is special stands in annotations of the Service."""
    if backend.service:
        name, port = backend.service.name, backend.service.port
        wanted_port: int | str | None = port.number or port.name
    else:
        name, wanted_port = backend.service_name, backend.service_port
    if not name:
        return Backend(name="?", mode=Mode.NOTHING, because="Traefik supports no resource backend")
    found = snapshot.get(core.Service, namespace, name)
    said = (found.metadata.annotations if found else None) or {}
    native = said.get(f"{ANNOTATION}nativelb")
    wanted = Wanted(
        service=Ref("Service", namespace, name),
        port=wanted_port,
        scheme=said.get(f"{ANNOTATION}serversscheme", ""),
        native=None if native is None else native.strip().lower() == "true",
        native_of=f"the Service's annotation {ANNOTATION}nativelb",
        by_default=reading.static.native_ingresses,
        external_allowed=reading.static.external_ingresses,
    )
    return read(wanted, snapshot, reading)


def read(wanted: Wanted, snapshot: Snapshot, reading: Reading) -> Backend:
    """The backend that a reference becomes."""
    ref = wanted.service
    found = snapshot.get(core.Service, ref.namespace, ref.name)
    if found is None:
        seen = snapshot.sees(core.Service, ref.namespace)
        return _nothing(wanted, f"{ref} {'does not exist' if seen else 'was not seen'}")
    port = _port(found, wanted.port)
    if port is None:
        return _nothing(wanted, f"{ref} has no port {wanted.port or 'by that name'}")
    native, because = _native(wanted, reading)
    if found.spec.type == "ExternalName":
        return _external(wanted, found, port, native=native, reading=reading)
    if native and found.spec.cluster_ip in ("", "None"):
        return _nothing(wanted, f"nativeLB is on, and {ref} is headless: it has no VIP")
    if native:
        server = _url(wanted, port, found.spec.cluster_ip, port.port)
        return _made(wanted, Mode.VIP, because, server)
    return _pods(wanted, found, port, snapshot, reading)


def _native(wanted: Wanted, reading: Reading) -> tuple[bool, str]:
    if not reading.since(NATIVE_LB_SINCE):
        return False, ""
    if wanted.native is not None:
        return wanted.native, wanted.native_of
    by_default = wanted.by_default and reading.since(BY_DEFAULT_SINCE)
    return by_default, "nativeLBByDefault of Traefik's arguments"


def _external(
    wanted: Wanted,
    found: core.Service,
    port: core.ServicePort,
    *,
    native: bool,
    reading: Reading,
) -> Backend:
    if native and not reading.since(YOUNG_GROUP_ALONE_SINCE):
        return _nothing(wanted, "nativeLB is on, and an ExternalName has no VIP (Traefik 2)")
    if reading.static.told and not wanted.external_allowed:
        return _nothing(wanted, "Traefik's arguments do not allow ExternalName Services")
    server = _url(wanted, port, found.spec.external_name, port.port)
    return _made(wanted, Mode.EXTERNAL_NAME, "", server)


def _pods(
    wanted: Wanted,
    found: core.Service,
    port: core.ServicePort,
    snapshot: Snapshot,
    reading: Reading,
) -> Backend:
    key = (found.namespace, found.name)
    slices = snapshot.of(discovery.EndpointSlice).by_label(serving.SERVICE_NAME).get(key, ())
    servers = [
        _url(wanted, port, address, target)
        for slice_ in slices
        for target in _targets(slice_, port)
        for endpoint in slice_.endpoints or ()
        if _used(endpoint.conditions, reading)
        for address in endpoint.addresses
    ]
    headless = found.spec.cluster_ip == "None"
    if not servers:
        seen = snapshot.sees(discovery.EndpointSlice, found.namespace)
        because = f"{wanted.service} has no endpoint" if seen else "its endpoints were not seen"
        return _made(wanted, Mode.POD_IPS, because)
    because = "the Service is headless: nativeLB is not possible" if headless else ""
    made = _made(wanted, Mode.POD_IPS, because, *dict.fromkeys(servers))
    possible = bool(found.spec.cluster_ip) and not headless and reading.since(NATIVE_LB_SINCE)
    return msgspec.structs.replace(made, lacks_native=possible and wanted.native is None)


def _targets(each: discovery.EndpointSlice, port: core.ServicePort) -> list[int]:
    """The slice's port that has the name of the Service's port."""
    return [one.port for one in each.ports or () if one.port and (one.name or "") == port.name][:1]


def _used(state: discovery.EndpointConditions, reading: Reading) -> bool:
    """From v3 on an endpoint counts while it serves, and so while it terminates."""
    if reading.since(YOUNG_GROUP_ALONE_SINCE) and state.serving is not None:
        return state.serving
    return state.ready is not False


def _port(found: core.Service, wanted: int | str | None) -> core.ServicePort | None:
    if wanted in (None, "", 0):
        return None
    for port in found.spec.ports or ():
        if wanted in (port.port, port.name):
            return port
    external = found.spec.type == "ExternalName" and isinstance(wanted, int)
    return core.ServicePort(port=int(wanted)) if external and wanted else None


def _url(wanted: Wanted, port: core.ServicePort, host: str, target: int) -> str:
    tls = port.port == HTTPS or port.name.startswith("https")
    scheme = wanted.scheme or ("https" if tls else "http")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{target}"


def _made(wanted: Wanted, mode: Mode, because: str, *servers: str) -> Backend:
    port = "" if wanted.port is None else str(wanted.port)
    name = f"{wanted.service.namespace}/{wanted.service.name}"
    return Backend(
        name=f"{name}:{port}" if port else name,
        mode=mode,
        because=because,
        service=wanted.service,
        port=port,
        servers=servers,
    )


def _nothing(wanted: Wanted, because: str) -> Backend:
    return _made(wanted, Mode.NOTHING, because)
