"""How a request gets to a route through Traefik: by which pod and port, and with which host.

Source: Traefik's static arguments (`entryPoints.NAME.address`, `entryPoints.NAME.http.tls`), and
the container ports of its Helm chart, which have the entrypoints' names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.net import topology as placing
from bot.net.diagnosis.observation import VantagePoint
from bot.net.diagnosis.subject import TraefikAt
from bot.net.probing.protocol import Probe, ProbeKind

ADDRESS = re.compile(r"--entrypoints\.([\w-]+)\.address=.*?:(\d{1,5})(?:/tcp)?", re.IGNORECASE)
TLS = re.compile(r"--entrypoints\.([\w-]+)\.http\.tls(?:\.|=true$|$)", re.IGNORECASE)
SECURE = ("websecure", "https")
"""Names that charts give to entrypoints with TLS."""

ITS_OWN = ("traefik", "metrics", "ping", "ssh")
"""Entrypoints that serve no route of ours."""

MOST = 6
"""Entrances that are tried at most."""

NOWHERE = "meshmedic-probe.invalid"
"""A host that no route has: what answers there is Traefik's own not-found page."""


class VerificationRequest(msgspec.Struct, frozen=True):
    """The route's own request. `host` is empty where its rule names none."""

    host: str
    path: str = "/"


class Entrance(msgspec.Struct, frozen=True, order=True):
    """A port of a Traefik pod that takes requests; `name` is its entrypoint's, in small letters."""

    node: str
    address: str
    port: int
    tls: bool = False
    name: str = ""

    @property
    def source(self) -> VantagePoint:
        """Where a request begins: beside Traefik, so that no overlay is in the way."""
        return VantagePoint(self.node)


def entrances(snapshot: Snapshot, most: int = MOST) -> tuple[Entrance, ...]:
    """The entrances of the Traefik pods that run."""
    found = (
        entrance
        for traefik in placing.traefik(snapshot)
        if (pod := snapshot.get(core.Pod, traefik.namespace, traefik.pod))
        for entrance in _of(traefik, pod)
    )
    return tuple(found)[:most]


def _of(traefik: TraefikAt, pod: core.Pod) -> Iterator[Entrance]:
    if not traefik.addresses:
        return
    arguments = [arg for one in pod.spec.containers for arg in one.args or ()]
    ports = {found[1].casefold(): int(found[2]) for found in map(ADDRESS.match, arguments) if found}
    if not ports:
        named = [port for one in pod.spec.containers for port in one.ports or ()]
        ports = {
            container_port.name.casefold(): container_port.container_port
            for container_port in named
            if container_port.name
        }
    tls = {found[1].casefold() for found in map(TLS.match, arguments) if found}
    for name, port in sorted(ports.items()):
        if name not in ITS_OWN and not name.endswith("udp"):
            secure = name in tls or name in SECURE
            yield Entrance(traefik.node, traefik.addresses[0], port, secure, name)


def probes(request: VerificationRequest, entrance: Entrance, tries: int) -> tuple[Probe, Probe]:
    """The route's own request, so many times; and one for nothing, to know Traefik's own page."""
    asked = Probe(
        id="asked",
        kind=ProbeKind.HTTP,
        address=entrance.address,
        port=entrance.port,
        name=_host(request) or entrance.address,
        path=request.path or "/",
        tls=entrance.tls,
        tries=tries,
        again=0,
        seconds=5.0,
    )
    nothing = msgspec.structs.replace(asked, id="nothing", name=NOWHERE, path="/-", tries=1)
    return asked, nothing


def probe(request: VerificationRequest, entrance: Entrance, tries: int, name: str) -> Probe:
    """A request by one entrance under a name of its own, so that many go in one job."""
    asked, _ = probes(request, entrance, tries)
    return msgspec.structs.replace(asked, id=name)


def _host(request: VerificationRequest) -> str:
    """A host that the route's rule takes; a wildcard takes any one label."""
    return re.sub(r"^\*\.", "meshmedic-probe.", request.host)
