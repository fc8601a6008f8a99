"""The wire format between the bot and the prober (`bot.probe`): jobs, probes and their answers.

Both ends write it as JSON with the names of these fields. The prober runs on the standard library
alone and reads it with code of its own; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

Progress = Callable[[str], None]
"""Receives what goes on, in a few words for the person who waits."""


def quiet(_: str) -> None:
    """Progress that nobody waits for."""


CONTROL_NAME = "kubernetes.default.svc.cluster.local"
"""A name that every cluster has."""

SECONDS = 3.0
"""The limit of one try: the first connection over a relayed Tailscale path may take that long."""

SETTLE = 3.0
"""Seconds within which a new Service has to answer. kube-proxy refuses its VIP until it knows the
endpoint: it syncs at once for the Service, and by default only a second later for its slice.
Source: kube-proxy, `minSyncPeriod`; 1.0 to 1.3 s were measured.
"""

PAYLOAD = 8192
"""The most bytes that a probe sends, and that it requests."""


UNKNOWN_KIND = "no kind of probe"
"""What a prober's refusal says of a kind that its image does not know, in every version."""


class WireStruct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of what goes over the wire."""


class ProbeKind(StrEnum):
    """What is tried."""

    TCP = "tcp"
    """Connect, and close."""
    HTTP = "http"
    """Connect, a handshake where `tls` is set, GET, and the status line."""
    DNS = "dns"
    """Look a name up."""
    ECHO = "echo"
    """Connect to one of the bot's listeners, send `size` bytes and request as many."""
    UDP = "udp"
    """Send a datagram of `size` bytes to one of the bot's listeners, which sends as much back."""
    ROUTE_HEAD = "route-head"
    """A route check: HEAD of `/`, once. Agents of an older image refuse a job with this kind."""
    ROUTE_GET = "route-get"
    """The same by GET, for a site that refuses HEAD."""


class Outcome(StrEnum):
    """How a try ended."""

    OK = "ok"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    """Nothing came back while connecting."""
    NO_ROUTE = "no route"
    """EHOSTUNREACH, ENETUNREACH, and other errors that the kernel reports at once."""
    RESET = "reset"
    CLOSED = "closed"
    """Connected, and the other end closed it without an answer."""
    STALLED = "stalled"
    """Connected, and then nothing came, or only a part of it."""
    NAME = "name"
    """The name does not exist, or its server cannot resolve it."""
    TLS = "tls"
    NOT_HTTP = "not http"
    UNTRIED = "untried"
    """The prober could not even begin; `detail` says why."""


class CertificateFault(StrEnum):
    """What is wrong with a certificate that was served for a name."""

    EXPIRED = "expired"
    NOT_YET = "not yet valid"
    WRONG_NAME = "wrong name"
    SELF_SIGNED = "self-signed"
    UNKNOWN_ISSUER = "unknown issuer"
    """No authority that the prober's image knows vouches for it; your own may."""
    UNCHECKED = "issuer not checked"
    """The prober's image knows no authorities at all."""
    UNFIT = "unfit"
    """OpenSSL refuses it for another reason, such as a weak key."""
    UNREADABLE = "unreadable"


class ServedCertificate(WireStruct, frozen=True):
    """The certificate of a TLS handshake: when it ends (Unix time), and what is wrong with it."""

    ends: int | None = None
    faults: tuple[CertificateFault, ...] = ()


class WebFacts(WireStruct, frozen=True):
    """What a route check keeps of an answer, besides its status. Every text is cut.

    `length` is the Content-Length, `login` whether WWW-Authenticate is there, `location` the host
    that a redirect leads to (empty for the same one), `latency` the milliseconds from the request
    to the end of the answer's head.
    """

    server: str = ""
    content_type: str = ""
    length: int | None = None
    login: bool = False
    location: str = ""
    retry_after: str = ""
    latency: float | None = None
    certificate: ServedCertificate | None = None


class Probe(WireStruct, frozen=True):
    """One thing to try, `tries` times, each time with a new connection.

    `address` is a literal of either family; of a DNS probe it is the name server (empty: the
    pod's own), and `port` its port, or the one that `wget` asks for at the name. `name` is the
    Host header and the server name of TLS, or the name to look up. A try that times out is made
    `again` times more. `size` and PAYLOAD are bytes, `seconds` seconds.

    `settle` is for a target that is perhaps too new to answer: the tries begin once it took a
    connection, or after that many seconds.
    """

    id: str
    kind: ProbeKind
    address: str = ""
    port: int = 0
    name: str = ""
    path: str = "/"
    tls: bool = False
    size: int = 0
    tries: int = 1
    seconds: float = SECONDS
    again: int = 1
    settle: float = 0.0


class CheckedProbe(Probe, frozen=True):
    """A probe that may be made. Only `ProbeAdmission.check` says so, and adapters take no other."""


class ProbeAnswer(WireStruct, frozen=True):
    """How one try of a probe ended. Times are milliseconds; `at` counts from the job's beginning.

    `connected` is the time until the TCP handshake was done, or until it was refused. `backend`
    is who answered: a listener's node, or the fingerprint of an HTTP answer (equal for equal
    answers of the same backend). `retried` says that an earlier try was given up. `size` is how
    many bytes came back. `source` is the address that the try went out from. `unsettled` says that
    the target took no connection in all the seconds that it had to settle. `web` are the facts of
    a route check, whose `backend` is a fingerprint of the answer's head alone.
    """

    id: str
    outcome: Outcome
    at: float = 0.0
    took: float = 0.0
    connected: float | None = None
    errno: int = 0
    status: int = 0
    size: int = 0
    backend: str = ""
    source: str = ""
    addresses: tuple[str, ...] = ()
    retried: bool = False
    unsettled: bool = False
    detail: str = ""
    web: WebFacts | None = None


class Listen(WireStruct, frozen=True):
    """A listener for some seconds: TCP and UDP on one port, under the name of its node."""

    name: str
    port: int = 8473
    seconds: float = 60.0


class Heard(WireStruct, frozen=True):
    """The connections and datagrams that a listener received from one address."""

    source: str
    tcp: int = 0
    udp: int = 0


class ProbeJob(WireStruct, frozen=True):
    """What a prober does at once: listen, try, or both; nothing after `expires` (Unix time)."""

    id: str
    expires: float
    probes: tuple[Probe, ...] = ()
    listen: Listen | None = None


class ProberLine(WireStruct, frozen=True):
    """One line that a prober prints: an answer, a listener's count, that it listens, or the end.

    Every line carries its job's id, so that a log that others write to can be read too.
    """

    job: str
    answer: ProbeAnswer | None = None
    heard: Heard | None = None
    listening: str = ""
    """The address and port that a listener is bound to."""
    done: bool = False
    refused: str = ""
    """Why the job was not done."""


class ListenerAddress(msgspec.Struct, frozen=True, order=True):
    """A listener of ours that runs on a node, in the pod network. Agents read it as JSON."""

    node: str
    address: str
    port: int


class ProbedBackend(msgspec.Struct, frozen=True, order=True):
    """The only endpoint of a temporary Service."""

    address: str
    port: int


class Vip(msgspec.Struct, frozen=True):
    """The address of a temporary Service."""

    address: str
    port: int
