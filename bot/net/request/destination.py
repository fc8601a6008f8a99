"""From what a person typed to what one request is to reach: a URL, a Service, an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import quote

import msgspec

from bot.domain.finding import Ref
from bot.domain.refusal import Refusal
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.routing.addresses import IP, LABEL, authority, is_of_one_host, named_service, parse, split

LONGEST = 500
"""Characters of what is typed."""

HTTP, HTTPS = 80, 443
PORTS_OF_HTTP = frozenset({80, 443, 3000, 8000, 8080, 8443, 9090})
"""Ports by whose number a Service is taken to speak HTTP, where nothing else says so."""

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
KEPT = "/?&=%:+,;~@!*()$-._'"
"""What stays as it is in a path."""

NAME = re.compile(rf"(?=.{{1,253}}\.?$){LABEL}(?:\.{LABEL})*+\.?", re.IGNORECASE)
"""A name that DNS can be asked for. Only a dot parts two labels: where it may be left out, a text
that does not fit is taken apart in every possible way.
"""

TWO_LABELS = 2


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be reached.

    `address` is known without DNS: a literal, or the VIP of `service`. `name` is what is to be
    looked up, empty for a literal. Where `http` is not set, connecting is all.
    """

    text: str
    name: str = ""
    address: str = ""
    port: int
    path: str = "/"
    http: bool = True
    tls: bool = False
    service: Ref | None = None
    notes: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """As a URL, which never begins with a hyphen."""
        host = authority(self.name or self.address, self.port)
        return f"http{'s' if self.tls else ''}://{host}{self.path}"


@dataclass(frozen=True, slots=True)
class _Given:
    """What is typed, taken apart. `port` is None, and `scheme` empty, where none is said."""

    text: str
    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def way(self) -> _Way:
        """How to go about it, where nobody else knows. A name alone is taken for a website."""
        secure = self.scheme == "https" or (not self.scheme and self.port in (None, HTTPS))
        number = self.port or (HTTPS if secure else HTTP)
        http = bool(self.scheme) or number in PORTS_OF_HTTP
        return {"port": number, "http": http, "tls": secure}


class _Way(TypedDict):
    port: int
    http: bool
    tls: bool


def resolve(snapshot: Snapshot, typed: str) -> Destination | Refusal:
    """The goal that is meant by a URL, `service.namespace[:port]`, or an address with its port."""
    given = _read(typed)
    if isinstance(given, Refusal):
        return given
    if ip := parse(given.host):
        return _of_address(given, ip)
    if not NAME.fullmatch(given.host):
        return Refusal(f"{given.host!r} is neither a name nor an address.")
    meant = _service(snapshot, given.host)
    if meant is None:
        return _of_name(given)
    service = snapshot.get(core.Service, meant.namespace, meant.name)
    if service:
        return _of_service(service, given)
    if snapshot.sees(core.Service, meant.namespace):
        return Refusal(f"There is no Service {meant.namespace}/{meant.name}.")
    return _of_name(given)


def suggestions(snapshot: Snapshot, typed: str, most: int = 25) -> tuple[str, ...]:
    """The Services that hold what was typed, as they can be asked for."""
    words = typed.casefold().split()
    named = (
        f"{service.name}.{service.namespace}:{port.port}"
        for service in snapshot.of(core.Service)
        for port in service.spec.ports or ()
    )
    return tuple(sorted(one for one in named if all(word in one for word in words)))[:most]


def forbidden(address: str) -> str:
    """Why an address is not tested: it leads nowhere, or to what a node keeps for itself."""
    ip = parse(address)
    if ip is None or is_of_one_host(ip):
        return ""
    return f"{address} is not tested: loopback, link-local and multicast addresses are left alone."


def _read(typed: str) -> _Given | Refusal:
    text = typed.strip()
    if not text or len(text) > LONGEST or not text.isprintable() or " " in text:
        return Refusal("Name a URL, service.namespace[:port], or an address with its port.")
    found = SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    if scheme not in ("", "http", "https"):
        return Refusal(f"{scheme} is not tested: only http, https, and connecting.")
    authority, slash, path = text[found.end() if found else 0 :].partition("/")
    if "@" in authority:
        return Refusal("A URL with a user in it would show a password in the chat.")
    host, port = split(authority)
    if port is None and ":" in authority.rpartition("]")[2] and parse(authority) is None:
        return Refusal(f"{authority!r} has no port that could be reached.")
    way = f"/{quote(path, safe=KEPT)}" if slash else "/"
    return _Given(text, scheme, host, port, way)


def _of_address(given: _Given, ip: IP) -> Destination | Refusal:
    if why := forbidden(str(ip)):
        return Refusal(why)
    if given.port is None and not given.scheme:
        return Refusal(f"Name the port as well, such as {given.host}:80.")
    return Destination(text=given.text, address=str(ip), path=given.path, **given.way)


def _of_name(given: _Given) -> Destination:
    """A name that is nobody's in the cluster, or of a Service that was not seen."""
    return Destination(text=given.text, name=given.host, path=given.path, **given.way)


def _service(snapshot: Snapshot, host: str) -> Ref | None:
    """By its name in DNS, or by `name.namespace` where there is one: `example.org` is none."""
    if meant := named_service(host):
        return meant
    labels = host.lower().rstrip(".").split(".")
    if len(labels) != TWO_LABELS or snapshot.get(core.Service, labels[1], labels[0]) is None:
        return None
    return Ref("Service", labels[1], labels[0])


def _of_service(service: core.Service, given: _Given) -> Destination | Refusal:
    scheme, port = given.scheme, given.port
    ref = Ref("Service", service.namespace, service.name)
    ports = tuple(port for port in service.spec.ports or () if port.protocol == "TCP")
    if service.spec.ports and not ports:
        return Refusal(f"{ref} has UDP ports alone, which answer to their own protocol only.")
    chosen = next((service_port for service_port in ports if service_port.port == port), None)
    notes: list[str] = []
    if port is None:
        by_scheme = {"http": HTTP, "https": HTTPS}.get(scheme)
        chosen = next((e for e in ports if e.port == by_scheme), ports[0] if ports else None)
        if chosen is None and service.spec.type != "ExternalName":
            return Refusal(f"{ref} has no ports.")
    elif chosen is None and ports:
        notes.append(f"{ref} has not port {port}: it has {', '.join(_names(ports))}.")
    named = chosen or core.ServicePort(port=port or HTTP)
    tls = scheme == "https" or (not scheme and (_speaks(named, "https") or named.port == HTTPS))
    http = bool(scheme) or tls or _speaks(named, "http") or named.port in PORTS_OF_HTTP
    vip = service.spec.cluster_ip if service.spec.type != "ExternalName" else ""
    return Destination(
        text=given.text,
        name=f"{service.name}.{service.namespace}.svc.cluster.local",
        address="" if vip == "None" else vip,
        port=named.port,
        path=given.path,
        http=http,
        tls=tls,
        service=ref,
        notes=tuple(notes),
    )


def _speaks(port: core.ServicePort, protocol: str) -> bool:
    """By the name that Kubernetes and Traefik go by."""
    return protocol in re.split(r"[-_]", port.name.lower())


def _names(ports: tuple[core.ServicePort, ...]) -> Iterator[str]:
    for port in ports[:10]:
        yield f"{port.port} {port.name}".strip()
