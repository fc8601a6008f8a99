"""The ports of Traefik's own pods that take requests, by which everything goes through Traefik.

Source: Traefik's static arguments (`entryPoints.NAME.address`, `entryPoints.NAME.http.tls`), and
the container ports of its Helm chart, which have the entrypoints' names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.net import topology
from bot.net.diagnosis.observation import VantagePoint
from bot.net.diagnosis.subject import TraefikAt
from bot.routing.running import traefik_pod

ADDRESS = re.compile(
    r"--entrypoints\.([\w-]+)\.address=.{0,300}?:(\d{1,5})(?:/tcp)?", re.IGNORECASE
)
TLS = re.compile(r"--entrypoints\.([\w-]+)\.http\.tls(?:\.|=true$|$)", re.IGNORECASE)
SECURE = ("websecure", "https")
"""The names of entrypoints with TLS in Helm charts."""

ITS_OWN = ("traefik", "metrics", "ping", "ssh")
"""Entrypoints that serve Traefik itself, or no HTTP."""

MOST = 6
"""Entrances that are used where nobody asks for more."""

NOWHERE = "meshmedic-probe.invalid"
"""A host that no route has, so that Traefik answers with its own not-found page."""


class Entrance(msgspec.Struct, frozen=True, order=True):
    """A port of a Traefik pod that takes requests. `name` is its entrypoint's, in lower case."""

    node: str
    address: str
    port: int
    tls: bool = False
    name: str = ""

    @property
    def source(self) -> VantagePoint:
        """Where its requests start: beside Traefik, so that no overlay network is in between."""
        return VantagePoint(self.node)


def entrances(snapshot: Snapshot, most: int = MOST) -> tuple[Entrance, ...]:
    """The entrances of the Traefik pods that run."""
    pods = topology.traefik(snapshot)
    return tuple(entrance for pod in pods for entrance in entrances_of(pod, snapshot))[:most]


def entrances_of(traefik: TraefikAt, snapshot: Snapshot) -> Iterator[Entrance]:
    """The entrances of one Traefik pod."""
    pod = snapshot.get(core.Pod, traefik.namespace, traefik.pod)
    if pod is None or not traefik.addresses:
        return
    arguments = traefik_pod(pod).args
    addresses = [match for match in map(ADDRESS.match, arguments) if match]
    ports = {match[1].casefold(): int(match[2]) for match in addresses} or {
        port.name.casefold(): port.container_port
        for container in pod.spec.containers
        for port in container.ports or ()
        if port.name
    }
    tls = {match[1].casefold() for match in map(TLS.match, arguments) if match}
    for name, port in sorted(ports.items()):
        if name not in ITS_OWN and not name.endswith("udp"):
            secure = name in tls or name in SECURE
            yield Entrance(traefik.node, traefik.addresses[0], port, secure, name)
