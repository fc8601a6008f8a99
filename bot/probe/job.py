"""Jobs, which are read from JSON and checked against their limits before anything is done."""

from __future__ import annotations

import ipaddress
import json
import math
import socket
from collections.abc import Container
from dataclasses import dataclass, fields
from typing import Any, TypeVar

ROUTE_CHECKS = frozenset({"route-head", "route-get"})
"""Kinds that run unasked and for ever, so that they may do the least: one request of `/`."""

KINDS = frozenset({"tcp", "http", "dns", "echo", "udp"}) | ROUTE_CHECKS

MOST_PROBES = 2000
MOST_TRIES = 10_000
"""Tries of all probes together."""

MOST_BYTES = 8192
MOST_SECONDS = 30.0
MOST_AGAIN = 5
LONGEST_TEXT = 1024
LONGEST_LISTEN = 900.0

T = TypeVar("T")


class JobRefused(Exception):  # an answer to the client
    """A job is refused; the message says why."""


@dataclass(frozen=True, slots=True)
class ProbeTask:
    """The same as `bot.net.probing.protocol.Probe`."""

    id: str
    kind: str
    address: str = ""
    port: int = 0
    name: str = ""
    path: str = "/"
    tls: bool = False
    size: int = 0
    tries: int = 1
    seconds: float = 3.0
    again: int = 1
    settle: float = 0.0


@dataclass(frozen=True, slots=True)
class ListenTask:
    """The same as `bot.net.probing.protocol.Listen`."""

    name: str
    port: int = 8473
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class AgentJob:
    """The same as `bot.net.probing.protocol.ProbeJob`."""

    id: str
    expires: float
    probes: tuple[ProbeTask, ...] = ()
    listen: ListenTask | None = None


def read(text: str | bytes, now: float) -> AgentJob:
    """The job in a JSON text.

    Raises:
        JobRefused: It is not a valid job, exceeds the limits, or has expired.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JobRefused(f"not JSON: {error}") from error
    if not isinstance(given, dict):
        raise JobRefused("a job is a JSON object")
    probes = given.get("probes", [])
    if not isinstance(probes, list) or len(probes) > MOST_PROBES:
        raise JobRefused(f"probes is a list of at most {MOST_PROBES}")
    listen = given.get("listen")
    job = AgentJob(
        id=_checked(given.get("id"), str, "id"),
        expires=_checked(given.get("expires"), float, "expires"),
        probes=tuple(_probe(probe) for probe in probes),
        listen=None if listen is None else _listen(_struct(ListenTask, listen)),
    )
    if sum(probe.tries for probe in job.probes) > MOST_TRIES:
        raise JobRefused(f"more than {MOST_TRIES} tries")
    if job.expires <= now:
        raise JobRefused(f"expired {now - job.expires:.0f} s ago by this node's clock")
    return job


def _probe(given: Any) -> ProbeTask:
    probe = _struct(ProbeTask, given)
    if probe.kind not in KINDS:
        raise JobRefused(f"no kind of probe: {probe.kind}")
    if not is_address(probe.address) and not (probe.kind == "dns" and not probe.address):
        raise JobRefused(f"no address: {probe.address!r}")
    limits = (
        0 <= probe.port <= 65535,  # noqa: PLR2004  # a port's own limit
        0 <= probe.size <= MOST_BYTES,
        1 <= probe.tries <= MOST_TRIES,
        0 < probe.seconds <= MOST_SECONDS,
        0 <= probe.again <= MOST_AGAIN,
        0 <= probe.settle <= MOST_SECONDS,
        _is_plain(probe.name) and _is_plain(probe.path) and probe.path.startswith("/"),
        probe.kind not in ROUTE_CHECKS or _is_least(probe),
    )
    if not all(limits):
        raise JobRefused(f"probe {probe.id}: a value is out of its limits")
    return probe


def _is_least(probe: ProbeTask) -> bool:
    """Whether it is one request of `/` for a host, and never a second one."""
    once = probe.tries == 1 and not probe.again and not probe.settle
    return once and probe.path == "/" and not probe.size and bool(probe.name)


def _listen(listen: ListenTask) -> ListenTask:
    fits = 0 <= listen.port <= 65535 and 0 < listen.seconds <= LONGEST_LISTEN  # noqa: PLR2004
    if not fits or not _is_plain(listen.name):
        raise JobRefused("listen: a value is out of its limits")
    return listen


def _struct(kind: type[T], given: Any) -> T:
    title = kind.__name__.removesuffix("Task")
    if not isinstance(given, dict):
        raise JobRefused(f"a {title} is a JSON object")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if strange := given.keys() - known.keys():
        raise JobRefused(f"unknown field {min(strange)!r}")
    types = {"str": str, "int": int, "float": float, "bool": bool}
    try:
        values: dict[str, Any] = {
            name: _checked(value, types[str(known[name].type)], name)
            for name, value in given.items()
        }
        return kind(**values)
    except TypeError as error:
        raise JobRefused(f"a field of {title} is missing") from error


def _checked(value: Any, kind: type[T], name: str) -> T:
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind or (isinstance(value, float) and not math.isfinite(value)):
        raise JobRefused(f"{name} is not {kind.__name__}")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise JobRefused(f"{name} is too long")
    return value


def refuse_machines_own(job: AgentJob, ports: Container[int], *, loopback: bool) -> None:
    """Refuse a job that names what a machine keeps for itself.

    `ports` are those of the agent itself, `loopback` says that it is tested beside its targets.

    Raises:
        JobRefused: An address means another machine everywhere, or all of them.
    """
    for probe in job.probes:
        ip = ipaddress.ip_address(probe.address or "192.0.2.1")
        ip = getattr(ip, "ipv4_mapped", None) or ip
        own = ip.is_loopback and (loopback or probe.port in ports)
        if not own and _means_others(ip):
            raise JobRefused(f"{probe.address} is not asked: it means another machine everywhere")


def _means_others(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it is not of one host; a cloud has credentials at a link-local one."""
    return (
        ip.is_loopback
        or ip.is_link_local
        or ip.is_multicast
        or ip.is_unspecified
        or ip.is_reserved
        or bool(getattr(ip, "sixtofour", None) or getattr(ip, "teredo", None))
        or str(ip).startswith("0.")
    )


def is_address(text: str) -> bool:
    """Whether a text is a literal IPv4 or IPv6 address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return True
    return False


def _is_plain(text: str) -> bool:
    """Whether a text is printable ASCII without spaces, which cannot end a header's line."""
    return text.isascii() and text.isprintable() and " " not in text
