"""Requests and probes by `wget` in somebody else's container: the commands, and their output.

No more than busybox's wget is assumed; GNU's is understood too. Its output has no times, and does
not tell a connection that nobody accepts from a request that nobody answers. Lines that the server
sent are indented by two spaces and are never taken for wget's own. Source: busybox 1.35 and 1.36,
GNU Wget 1.21 and 1.24, with the texts of the C libraries for errno.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import msgspec

from bot.domain.refusal import Refusal
from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeKind
from bot.net.request import destination
from bot.net.request.destination import Destination
from bot.net.request.result import Attempt, Leg, RequestStep
from bot.routing.addresses import authority, parse

SECONDS = 5
INDENT = "  "
ECHOED = "--"
"""The start of GNU's line that repeats the URL, which somebody else may have written."""

ADDRESS = re.compile(r"[(|]\[?([0-9a-f.:]{1,45}?[0-9a-f])\]?(?::\d{1,5})?[)|]", re.IGNORECASE)
STATUS = re.compile(r"HTTP/\d(?:\.\d)? (\d{3})")

NO_REDIRECT = "--max-redirect=0"
BY_PROXY = "--proxy=on"
"""Without that option, the server itself is named as the proxy, with which a redirect leads to it
again. Source: busybox, networking/wget.c: "else: lsa stays the same: we use proxy"."""

UNKNOWN_OPTION = re.compile(r"unrecognized option\b.{0,20}max-redirect")

WORDS = (
    (r"(invalid|unrecognized) option|usage:", Leg.CONNECT, Outcome.UNTRIED, 0),
    (r"read error \(connection timed out", Leg.HTTP, Outcome.STALLED, 110),
    (r"bad address|unable to resolve|name resolution|not known", Leg.DNS, Outcome.NAME, 0),
    (r"connection refused", Leg.CONNECT, Outcome.REFUSED, 111),
    (r"no route to host|host is unreachable", Leg.CONNECT, Outcome.NO_ROUTE, 113),
    (r"network (is )?unreachable", Leg.CONNECT, Outcome.NO_ROUTE, 101),
    (r"(connection|operation) timed out", Leg.CONNECT, Outcome.TIMEOUT, 110),
    (r"certificate|ssl|tls", Leg.TLS, Outcome.TLS, 0),
    (r"connection reset", Leg.HTTP, Outcome.RESET, 104),
    (r"error getting response|no data received", Leg.HTTP, Outcome.CLOSED, 0),
    (r"server returned error|bad header line", Leg.HTTP, Outcome.NOT_HTTP, 0),
    (r"read error|download timed out|timed out", Leg.CONNECT, Outcome.TIMEOUT, 0),
)
"""The failures in the words of busybox, GNU, musl and glibc; the first that fits counts."""

_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), leg, outcome, errno) for words, leg, outcome, errno in WORDS
)

UNCLEAR = "wget does not say whether it waited for the connection or for the answer"

LONGEST = 1000
"""The most characters of a path that a probe asks for."""

PORT = 80
"""The port of a probe that looks a name up and has none."""


class CommandOutput(msgspec.Struct, frozen=True):
    """What a command wrote; `exit_code` is None where it was cut off."""

    stderr: str
    exit_code: int | None


def request_argv(to: Destination, *, gnu: bool = True) -> tuple[str, ...]:
    """The documented request, without a shell, and bounded. No redirect is followed elsewhere."""
    bounds = ("-O", "/dev/null", "-t", "1", "-T", str(SECONDS))
    if gnu:
        return ("wget", "-S", NO_REDIRECT, *bounds, to.url)
    return (*_proxied(to.url), "wget", "-S", "--spider", BY_PROXY, *bounds, to.url)


def is_not_gnu(output: CommandOutput) -> bool:
    """Whether a command ended at once since its wget has no option against redirects."""
    own, _ = lines(output.stderr)
    return output.exit_code != 0 and any(UNKNOWN_OPTION.search(line) for line in own)


def read_request(
    to: Destination, output: CommandOutput
) -> tuple[RequestStep | None, Attempt | None]:
    """The DNS step and the attempt; no attempt where the name was not found."""
    statuses = STATUS.findall(output.stderr)
    status = int(statuses[-1]) if statuses else 0
    failed = None if status or output.exit_code == 0 else failure(output.stderr)
    if failed and failed.leg is Leg.DNS:
        return failed, None
    steps = []
    for leg in (Leg.CONNECT, *([Leg.TLS] if to.tls else []), Leg.HTTP):
        if failed and failed.leg is leg:
            steps.append(failed)
            break
        steps.append(RequestStep(leg=leg))
    address = (_addresses(output.stderr) or (to.address or to.name,))[-1]
    return (
        RequestStep(leg=Leg.DNS) if to.name else None,
        Attempt(address=authority(address, to.port), steps=tuple(steps), status=status),
    )


def probe_argv(probe: Probe, *, gnu: bool = True) -> tuple[str, ...] | Refusal:
    """The command of a probe, without a shell: nothing that somebody else wrote is an option.

    With `gnu` it follows no redirect and bypasses proxies, since Traefik uses none for its servers.
    Else no redirect leads elsewhere, and the server is asked as a proxy is: by the whole URL. The
    body is skipped, which might not end (busybox makes a GET all the same, GNU a HEAD).
    """
    url = _url(probe)
    if isinstance(url, Refusal):
        return url
    bounds = ("-O", "/dev/null", "-t", "1", "-T", str(max(1, round(probe.seconds))))
    named = _has_host(probe)
    if gnu:
        host = ("--header", f"Host: {probe.name}") if named else ()
        return ("wget", "-S", NO_REDIRECT, "--spider", "--proxy=off", *bounds, *host, url)
    path = url.split("/", 3)[3]
    asked = f"http://{probe.name}/{path}" if named else url
    return (*_proxied(url), "wget", "-S", "--spider", BY_PROXY, *bounds, asked)


def _proxied(url: str) -> tuple[str, str]:
    """What runs a command with the server of a URL as its proxy."""
    return "env", f"http_proxy={url[: url.index('/', url.index('//') + 2)]}"


def read_probe(probe: Probe, output: CommandOutput) -> ProbeAnswer:
    """What one run says of the probe; UNTRIED, with the reason, where it says nothing."""
    own, servers = lines(output.stderr)
    failed = failure("\n".join(own))
    # It prints where it goes before it goes there.
    went_to = _addresses("\n".join(own))
    if probe.kind is ProbeKind.DNS:
        return _looked_up(probe, went_to, failed)
    if went_to and parse(went_to[0]) != parse(probe.address):
        return untried(probe, f"wget went to {went_to[0]}.")
    if servers:
        return _answered(probe, servers[0])
    if output.exit_code == 0:
        return ProbeAnswer(id=probe.id, outcome=Outcome.OK)
    if output.exit_code is None:
        return untried(probe, "wget wrote more than is read.")
    if failed.outcome in (Outcome.UNTRIED, Outcome.TLS):
        return untried(probe, f"wget said: {failed.said}")
    if probe.kind is ProbeKind.TCP and failed.leg is not Leg.CONNECT:
        ended = Outcome.UNTRIED if failed.leg is Leg.DNS else Outcome.OK
        return ProbeAnswer(id=probe.id, outcome=ended, detail=failed.said)
    if probe.kind is ProbeKind.HTTP and failed.said == UNCLEAR:
        return untried(probe, f"{UNCLEAR}.")
    return ProbeAnswer(id=probe.id, outcome=failed.outcome, errno=failed.errno, detail=failed.said)


def _looked_up(probe: Probe, addresses: tuple[str, ...], failed: RequestStep) -> ProbeAnswer:
    if addresses:
        return ProbeAnswer(id=probe.id, outcome=Outcome.OK, addresses=addresses[:1])
    if failed.leg is Leg.DNS:
        return ProbeAnswer(id=probe.id, outcome=Outcome.NAME, detail=failed.said)
    return untried(probe, f"wget said: {failed.said or failed.outcome}")


def untried(probe: Probe, why: str) -> ProbeAnswer:
    """An answer that says nothing of the network."""
    return ProbeAnswer(id=probe.id, outcome=Outcome.UNTRIED, detail=why)


def lines(stderr: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines that are wget's own, and those that the server sent."""
    all_lines = [line.rstrip("\r") for line in stderr.split("\n")]
    own = tuple(line for line in all_lines if not line.startswith((INDENT, ECHOED)))
    return own, tuple(line.strip() for line in all_lines if line.startswith(INDENT))


def failure(stderr: str) -> RequestStep:
    """The step that failed, by wget's own words; UNTRIED where they are not known."""
    own, _ = lines(stderr)
    texts = [line.strip() for line in own if line.strip()]
    last = texts[-1][:200] if texts else ""
    for words, leg, outcome, errno in _WORDS:
        if words.search("\n".join(own)):
            detail = UNCLEAR if (leg, outcome) == (Leg.CONNECT, Outcome.TIMEOUT) else last
            return RequestStep(leg=leg, outcome=outcome, errno=errno, said="" if errno else detail)
    return RequestStep(leg=Leg.CONNECT, outcome=Outcome.UNTRIED, said=last or "it said nothing")


def _url(probe: Probe) -> str | Refusal:
    if probe.kind not in (ProbeKind.TCP, ProbeKind.HTTP, ProbeKind.DNS):
        return Refusal("wget sends no datagrams, and no payload to a listener.")
    if probe.tls or probe.size:
        return Refusal("wget's TLS is not Traefik's, and it asks for no payload of a size.")
    if probe.kind is ProbeKind.DNS:
        if probe.address or not destination.NAME.fullmatch(probe.name):
            return Refusal("wget looks up names alone, by the pod's own name server.")
        return f"http://{authority(probe.name, probe.port or PORT)}/"
    ip = parse(probe.address)
    if ip is None or not 0 < probe.port < 1 << 16:
        return Refusal("It has no address that could be asked.")
    if why := destination.forbidden(str(ip)):
        return Refusal(why)
    if probe.kind is ProbeKind.HTTP and probe.name and not _has_host(probe):
        return Refusal("The route's host is not a name that can be requested.")
    path = f"/{quote(probe.path.removeprefix('/'), safe=destination.KEPT, errors='replace')}"
    if len(path) > LONGEST:
        return Refusal("The route's path is too long to be asked for.")
    return f"http://{authority(str(ip), probe.port)}{path if probe.kind is ProbeKind.HTTP else '/'}"


def _has_host(probe: Probe) -> bool:
    return probe.kind is ProbeKind.HTTP and destination.NAME.fullmatch(probe.name) is not None


def _answered(probe: Probe, first: str) -> ProbeAnswer:
    """The server sent something: it is connected, whatever that says or leads to."""
    status = STATUS.match(first)
    if probe.kind is ProbeKind.TCP or status:
        return ProbeAnswer(id=probe.id, outcome=Outcome.OK, status=int(status[1]) if status else 0)
    return ProbeAnswer(id=probe.id, outcome=Outcome.NOT_HTTP)


def _addresses(text: str) -> tuple[str, ...]:
    """The addresses that it says that it goes to, in their order."""
    return tuple(address for address in ADDRESS.findall(text) if parse(address))
