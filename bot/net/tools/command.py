"""From what a person typed to the arguments of one process, without a shell; and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from bot.domain.refusal import Refusal
from bot.domain.snapshot import Snapshot
from bot.net.tools import options, targets
from bot.net.tools.options import Tool
from bot.net.tools.targets import DOMAIN, Allowed, Place
from bot.routing.addresses import authority

LONGEST = 500
"""Characters that somebody may type for a target or for options."""

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

SHORT = re.compile(r"(?P<scheme>)(?P<host>[a-z0-9-]+/[a-z0-9.-]+)" + REST)
"""A Service or pod as `namespace/name`, which looks like a host and a path."""

ENFORCE = "pod-security.kubernetes.io/enforce"

WIDE = frozenset({"", "baseline", "privileged"})
"""Levels of Pod Security that let a container keep NET_RAW. Without a label it is `privileged`."""

PORTS = {"http": 80, "https": 443}
MOST_PORT = 65535


class Command(msgspec.Struct, frozen=True):
    """One process: its arguments, and whether it needs NET_RAW. `target` is for people."""

    tool: Tool
    argv: tuple[str, ...]
    target: str

    @property
    def raw(self) -> bool:
        """Whether it needs the capability NET_RAW."""
        return self.tool in RAW


def command(
    snapshot: Snapshot, tool: Tool, target: str, words: str = "", also: Allowed | None = None
) -> Command | Refusal:
    """What is run for `/net tool`. Takes any text; `words` are options, separated by spaces."""
    also = also or Allowed()
    for text in (target, words):
        if len(text) > LONGEST or not text.isascii() or not text.isprintable():
            return Refusal(f"Only printable ASCII, and {LONGEST} characters at most.")
    server, *rest = _server_first(tool, words.split())
    given = options.read(tool, rest)
    if isinstance(given, Refusal):
        return given
    if tool is Tool.DIG:
        return _dig(snapshot, target, server, given, also)
    if tool is Tool.CURL:
        return _curl(snapshot, target, given, also)
    place = targets.find(snapshot, target, also)
    if isinstance(place, Refusal):
        return place
    host = place.address or place.host
    return Command(tool, (*BEFORE[tool], *given, "--", host), host)


def _server_first(tool: Tool, words: list[str]) -> list[str]:
    """The name server that dig is to ask (`@10.43.0.10`), or nothing, and the other words."""
    found = [word for word in words if tool is Tool.DIG and word.startswith("@")][:1]
    rest = list(words)
    for word in found:
        rest.remove(word)
    return [found[0][1:] if found else "", *rest]


def _dig(
    snapshot: Snapshot, target: str, server: str, given: tuple[str, ...], also: Allowed
) -> Command | Refusal:
    asked = _question(snapshot, target, also)
    if isinstance(asked, Refusal):
        return asked
    at: tuple[str, ...] = ()
    if server:
        place = targets.find(snapshot, server, also)
        if isinstance(place, Refusal):
            return place
        if not place.address:
            return Refusal(f"The name server {server} has to be an address.")
        at = (f"@{place.address}",)
    return Command(Tool.DIG, (*BEFORE[Tool.DIG], *given, *at, *asked), asked[1])


def _question(snapshot: Snapshot, target: str, also: Allowed) -> tuple[str, str] | Refusal:
    """What dig looks up: any name of the cluster, also one that does not exist."""
    name = target.lower().removesuffix(".")
    if name.endswith(DOMAIN) and targets.is_name(name):
        return "-q", name
    place = targets.find(snapshot, target, also)
    if isinstance(place, Refusal):
        return place
    return ("-x" if place.host == place.address else "-q"), place.host


def _curl(
    snapshot: Snapshot, target: str, given: tuple[str, ...], also: Allowed
) -> Command | Refusal:
    read, place = _read(snapshot, target, also)
    if isinstance(place, Refusal):
        return place
    scheme = read["scheme"] or "http"
    port = _port(place, scheme, read["port"])
    if not 0 < port <= MOST_PORT:
        return Refusal(f"There is no port {port}.")
    url = f"{scheme}://{authority(place.host, port)}{_path(read['path'] or '')}"
    return Command(Tool.CURL, (*BEFORE[Tool.CURL], *given, "--url", url), url)


def _read(
    snapshot: Snapshot, target: str, also: Allowed
) -> tuple[Mapping[str, str | None], Place | Refusal]:
    """The parts of a target, and where its host leads."""
    if short := SHORT.fullmatch(target):
        place = targets.find(snapshot, short["host"], also)
        if isinstance(place, Place):
            return short.groupdict(), place
    read = URL.fullmatch(target)
    if not read:
        why = "curl takes host, host:port/path, namespace/name, or a URL of http(s)."
        return {}, Refusal(why)
    return read.groupdict(), targets.find(snapshot, read["host"].strip("[]"), also)


def _port(place: Place, scheme: str, said: str | None) -> int:
    """The port that is said; else the scheme's, unless the Service has others only."""
    usual = PORTS[scheme]
    if said:
        return int(said)
    return usual if not place.ports or usual in place.ports else place.ports[0]


def _path(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


class Ran(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a tool said. The output is hostile text.

    `exit_code` is None where nobody said it: `cut` then tells that the output was too long, and
    `late` that the time was over.
    """

    node: str
    argv: tuple[str, ...]
    output: str
    exit_code: int | None = None
    cut: bool = False
    late: bool = False


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
