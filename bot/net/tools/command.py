"""From what a person typed to the arguments of one process, without a shell; and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from bot.domain.refusal import Refusal
from bot.domain.snapshot import Snapshot
from bot.net.probing.admission import ProbeAdmission
from bot.net.tools import options, targets
from bot.net.tools.options import Tool
from bot.net.tools.targets import DOMAIN, Allowed, Place
from bot.routing.addresses import authority, parse

LONGEST = 500
"""The most characters of a target or of options."""

RAW = frozenset({Tool.PING, Tool.MTR})
"""Tools that open a raw socket: they need the capability NET_RAW."""

BEFORE = {
    Tool.DIG: ("dig", "+time=3", "+tries=2"),
    # First of all no file of settings; then nothing that leads elsewhere than it was asked to go.
    Tool.CURL: (
        *("curl", "--disable", "--silent", "--show-error", "--include", "--globoff"),
        *("--noproxy", "*", "--proto", "=http,https", "--max-redirs", "0"),
        "--write-out",
        "\n%{http_code} from %{remote_ip}: name %{time_namelookup} s, connected"
        " %{time_connect} s, first byte %{time_starttransfer} s, all %{time_total} s\n",
    ),
    Tool.PING: ("ping", "-n", "-w", "20"),
    Tool.TRACEPATH: ("tracepath", "-n"),
    Tool.MTR: ("mtr", "--report", "--no-dns"),
}
"""How each begins."""

REST = r"(?::(?P<port>[0-9]{1,5}))?(?P<path>[/?][A-Za-z0-9/._~!$&'()*+,;=:@%?-]*)?"
URL = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)" + REST)
"""What curl may be given, without a user, a fragment or a backslash: no two readers differ."""

SHORT = re.compile(r"(?P<scheme>)(?P<host>[a-z0-9-]{1,63}/[a-z0-9.-]{1,253})" + REST)
"""A Service or pod as `namespace/name`, which looks like a host and a path."""

ENFORCE = "pod-security.kubernetes.io/enforce"

WIDE = frozenset({"", "baseline", "privileged"})
"""Levels of Pod Security that let a container keep NET_RAW. Without a label it is `privileged`."""

NOTHING_ELSE = Allowed()
"""Nothing beyond the cluster."""

PORTS = {"http": 80, "https": 443}
MOST_PORT = 65535


class ToolRun(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The result of a tool. Its output is untrusted text.

    `exit_code` is None where it is not known: `cut` then says that the output was too long, and
    `late` that the time was over.
    """

    node: str
    argv: tuple[str, ...]
    output: str
    exit_code: int | None = None
    cut: bool = False
    late: bool = False


def command(
    snapshot: Snapshot, tool: Tool, target: str, words: str = "", also: Allowed = NOTHING_ELSE
) -> tuple[str, ...] | Refusal:
    """The arguments of `/net tool`. Takes any text; `words` are options, separated by spaces."""
    for text in (target, words):
        if len(text) > LONGEST or not text.isascii() or not text.isprintable():
            return Refusal(f"Only printable ASCII, and {LONGEST} characters at most.")
    options_ = words.split()
    # The name server that dig is to ask: `@10.43.0.10`.
    server = next((word for word in options_ if tool is Tool.DIG and word.startswith("@")), "")
    if server:
        options_.remove(server)
    arguments = options.read(tool, options_)
    if isinstance(arguments, Refusal):
        return arguments
    match tool:
        case Tool.DIG:
            aim = _dig(snapshot, target, server.removeprefix("@"), also)
        case Tool.CURL:
            aim = _curl(snapshot, target, also)
        case _:
            place = _admitted(targets.find(snapshot, target, also), snapshot, also)
            aim = place if isinstance(place, Refusal) else ("--", place.address or place.host)
    return aim if isinstance(aim, Refusal) else (*BEFORE[tool], *arguments, *aim)


def _dig(snapshot: Snapshot, target: str, server: str, also: Allowed) -> tuple[str, ...] | Refusal:
    """The name server, and what is looked up: any name of the cluster, whether it exists or not."""
    name = target.lower().removesuffix(".")
    if name.endswith(DOMAIN) and targets.is_name(name):
        question = "-q", name
    else:
        place = targets.find(snapshot, target, also)
        if isinstance(place, Refusal):
            return place
        question = "-x" if place.host == place.address else "-q", place.host
    if not server:
        return question
    name_server = _admitted(targets.find(snapshot, server, also), snapshot, also)
    if isinstance(name_server, Refusal):
        return name_server
    if not name_server.address:
        return Refusal(f"The name server {server} has to be an address.")
    return f"@{name_server.address}", *question


def _curl(snapshot: Snapshot, target: str, also: Allowed) -> tuple[str, ...] | Refusal:
    """The URL. What looks like a host and a path may be a Service or pod: that is tried first."""
    refusal = Refusal("curl takes host, host:port/path, namespace/name, or a URL of http(s).")
    for pattern in (SHORT, URL):
        if parts := pattern.fullmatch(target):
            place = targets.find(snapshot, parts["host"].strip("[]"), also)
            if isinstance(place, Place):
                admitted = _admitted(place, snapshot, also)
                return _url(admitted, parts) if isinstance(admitted, Place) else admitted
            refusal = place
    return refusal


def _admitted(place: Place | Refusal, snapshot: Snapshot, also: Allowed) -> Place | Refusal:
    """The place, where the rule of every prober lets a person's request go there."""
    if isinstance(place, Refusal):
        return place
    rule = ProbeAdmission(snapshot, also, by_person=True)
    why = ""
    if place.service:
        why = rule.why_not_led_by(place.service, str(place.service.ref))
    elif ip := parse(place.address):
        why = rule.why_not(ip, 0)
    return Refusal(why) if why else place


def _url(place: Place, parts: re.Match[str]) -> tuple[str, ...] | Refusal:
    scheme, path = parts["scheme"] or "http", parts["path"] or ""
    port = PORTS[scheme]
    if place.ports and port not in place.ports:
        # The scheme's own port, unless the Service has others only.
        port = place.ports[0]
    port = int(parts["port"] or port)
    if not 0 < port <= MOST_PORT:
        return Refusal(f"There is no port {port}.")
    path = path if path.startswith("/") else f"/{path}"
    return "--url", f"{scheme}://{authority(place.host, port)}{path}"


def raw_obstacle(labels: Mapping[str, str] | None) -> str:
    """Why no raw socket is to be had in a namespace with these labels; empty where one is.

    Source: Pod Security Standards; `restricted` drops every capability.
    """
    level = (labels or {}).get(ENFORCE, "")
    if level in WIDE:
        return ""
    return (
        f"It needs raw sockets, which Pod Security {level!r} of meshmedic-probe forbids. Set the "
        f"namespace's label {ENFORCE} to baseline to allow them; tracepath works without."
    )
