"""From what a person typed to the destination of one request: a URL, a Service, an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from bot.domain.finding import Ref
from bot.domain.refusal import Refusal
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.domain.typed import holding, unknown
from bot.routing.addresses import LABEL, authority, is_of_one_host, named_service, parse, split
from bot.routing.service_endpoints import port_names

LONGEST = 500
"""The most characters that may be typed."""

HTTP, HTTPS = 80, 443
PORTS_OF_HTTP = frozenset({80, 443, 3000, 8000, 8080, 8443, 9090})
"""Ports by whose number a Service is taken to speak HTTP, where nothing else says so."""

SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,40})://", re.IGNORECASE)
KEPT = "/?&=%:+,;~@!*()$-._'"
"""Characters of a path that are not quoted."""

NAME = re.compile(rf"(?!.{{253}}[^.]|.{{255}}){LABEL}(?:\.{LABEL})*+\.?", re.IGNORECASE)
"""A name that DNS can be asked for. Only a dot parts two labels: where it may be left out, a text
that does not fit is taken apart in every possible way.
"""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is to reach.

    `address` is known without DNS: a literal, or the VIP of `service`. `name` is to be looked up;
    it is empty for a literal. Where `http` is not set, the request only connects. `doubt` says why
    it will hardly be answered, and what may be meant.
    """

    text: str
    name: str = ""
    address: str = ""
    port: int
    path: str = "/"
    http: bool = True
    tls: bool = False
    service: Ref | None = None
    doubt: str = ""

    @property
    def url(self) -> str:
        """As a URL, which never begins with a hyphen."""
        host = authority(self.name or self.address, self.port)
        return f"http{'s' if self.tls else ''}://{host}{self.path}"


@dataclass(frozen=True, slots=True)
class _Typed:
    """What was typed, taken apart. `port` is None, and `scheme` empty, where it is not given."""

    text: str
    scheme: str
    host: str
    port: int | None
    path: str


def resolve(snapshot: Snapshot, text: str) -> Destination | Refusal:
    """The meaning of a URL, of `service.namespace[:port]`, or of an address with its port."""
    typed = _read(text)
    if isinstance(typed, Refusal):
        return typed
    if ip := parse(typed.host):
        if why := forbidden(str(ip)):
            return Refusal(why)
        if typed.port is None and not typed.scheme:
            return Refusal(f"Add a port, such as `{typed.host}:80`.")
        return _outside(typed, address=str(ip))
    if not NAME.fullmatch(typed.host):
        return Refusal(f"{typed.host!r} isn't a valid name or address.")
    ref = _service_ref(snapshot, typed.host)
    service = snapshot.get(core.Service, ref.namespace, ref.name) if ref else None
    if service:
        return _of_service(service, typed)
    if ref and snapshot.sees(core.Service, ref.namespace):
        names = {
            f"{service.namespace}/{service.name}": f"{service.name}.{service.namespace}"
            for service in snapshot.of(core.Service)
        }
        return Refusal(unknown("Service", f"{ref.namespace}/{ref.name}", names))
    return _outside(typed, name=typed.host)


def suggestions(snapshot: Snapshot, typed: str, most: int = 25) -> tuple[str, ...]:
    """The Services that hold what was typed, as a person may type them."""
    names = (
        f"{service.name}.{service.namespace}:{port.port}"
        for service in snapshot.of(core.Service)
        for port in service.spec.ports or ()
    )
    return holding(typed, sorted(names), most)


def forbidden(address: str) -> str:
    """Why an address is not tested: it leads nowhere, or to what a node keeps for itself."""
    ip = parse(address)
    if ip is None or is_of_one_host(ip):
        return ""
    return f"{address} isn't tested: the bot skips loopback, link-local and multicast addresses."


def _read(typed: str) -> _Typed | Refusal:
    text = typed.strip()
    if not text or len(text) > LONGEST or not text.isprintable() or " " in text:
        return Refusal("Use a URL, `service.namespace[:port]`, or an address with a port.")
    match = SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    if scheme not in ("", "http", "https"):
        return Refusal(
            f"{scheme} isn't supported. Use http or https, or an address with a port to only "
            "connect."
        )
    host_and_port, slash, path = text[match.end() if match else 0 :].partition("/")
    if "@" in host_and_port:
        return Refusal("Remove the user from the URL: a password would show in the chat.")
    host, port = split(host_and_port)
    if port is None and ":" in host_and_port.rpartition("]")[2] and parse(host_and_port) is None:
        return Refusal(f"{host_and_port!r} has no valid port.")
    return _Typed(text, scheme, host, port, f"/{quote(path, safe=KEPT)}" if slash else "/")


def _outside(typed: _Typed, *, name: str = "", address: str = "") -> Destination:
    """An address, or a name of which the cluster knows nothing, which is taken for a website."""
    tls = typed.scheme == "https" or (not typed.scheme and typed.port in (None, HTTPS))
    port = typed.port or (HTTPS if tls else HTTP)
    return Destination(
        text=typed.text,
        name=name,
        address=address,
        port=port,
        path=typed.path,
        http=bool(typed.scheme) or port in PORTS_OF_HTTP,
        tls=tls,
    )


def _service_ref(snapshot: Snapshot, host: str) -> Ref | None:
    """By its name in DNS, or by `name.namespace` where there is one: `example.org` is none."""
    if ref := named_service(host):
        return ref
    name, _, namespace = host.lower().rstrip(".").partition(".")
    exists = snapshot.get(core.Service, namespace, name)
    return Ref("Service", namespace, name) if exists else None


def _of_service(service: core.Service, typed: _Typed) -> Destination | Refusal:
    scheme, port = typed.scheme, typed.port
    external = service.spec.type == "ExternalName"
    ref = service.ref
    ports = tuple(port for port in service.spec.ports or () if port.protocol == "TCP")
    if service.spec.ports and not ports:
        return Refusal(f"{ref} only has UDP ports, and this tests TCP.")
    wanted = {"http": HTTP, "https": HTTPS}.get(scheme) if port is None else port
    chosen = next((service_port for service_port in ports if service_port.port == wanted), None)
    doubt = ""
    if port is None and not chosen:
        chosen = ports[0] if ports else None
        if chosen is None and not external:
            return Refusal(f"{ref} has no ports.")
    elif chosen is None and ports:
        have = ", ".join(port_names(ports[:10]))
        meant = f"{service.name}.{service.namespace}:{ports[0].port}"
        doubt = f"{ref} has no port {port} (it has {have}). Try `{meant}`."
    named = chosen or core.ServicePort(port=port or HTTP)
    # The protocol is part of a port's name, by which Kubernetes and Traefik go.
    protocols = re.split(r"[-_]", named.name.lower())
    tls = scheme == "https" or (not scheme and ("https" in protocols or named.port == HTTPS))
    vip = "" if external or service.spec.cluster_ip == "None" else service.spec.cluster_ip
    return Destination(
        text=typed.text,
        name=f"{service.name}.{service.namespace}.svc.cluster.local",
        address=vip,
        port=named.port,
        path=typed.path,
        http=bool(scheme) or tls or "http" in protocols or named.port in PORTS_OF_HTTP,
        tls=tls,
        service=ref,
        doubt=doubt,
    )
