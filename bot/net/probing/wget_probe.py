"""A probe as `wget` in Traefik's own pod can make it: what to run, and what its words mean.

busybox's wget is all that is assumed. It tells no times, so an answer has none; and by its words a
connection that nobody answers looks like a request that nobody answers.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from bot.net.probing import wget_output as wget
from bot.net.probing.protocol import Kind, Outcome, Probe, ProbeAnswer
from bot.net.probing.wget_output import Said
from bot.net.request import destination as goal
from bot.net.request.result import Leg
from bot.routing.addresses import parse

LONGEST = 1000
"""Characters of a path that are asked for."""

PORT = 80
"""Asked at a name that is looked up, where no port is said."""


class Unable(msgspec.Struct, frozen=True):
    """wget cannot make this probe, and why."""

    because: str


def argv(probe: Probe) -> tuple[str, ...] | Unable:
    """The command, without a shell: no part that somebody else wrote can be an option.

    Past a proxy, since Traefik uses none for its servers; and without the body, which might not
    end (busybox makes a GET all the same, GNU a HEAD).
    """
    url = _url(probe)
    if isinstance(url, Unable):
        return url
    host = ("--header", f"Host: {probe.name}") if _named(probe) else ()
    bounds = ("-t", "1", "-T", str(max(1, round(probe.seconds))))
    return ("wget", "-S", "--spider", "--proxy=off", "-O", "/dev/null", *bounds, *host, url)


def answer(probe: Probe, said: Said) -> ProbeAnswer:
    """What one run of it says of the probe; UNTRIED, with the reason, where it says nothing."""
    if probe.kind is Kind.DNS:
        return _looked_up(probe, said)
    own, servers = wget.lines(said.stderr)
    if servers:
        return _answered(probe, servers[0])
    if said.exit_code == 0:
        return ProbeAnswer(id=probe.id, outcome=Outcome.OK)
    if said.exit_code is None:
        return untried(probe, "wget wrote more than is read.")
    failed = wget.failure("\n".join(own))
    if failed.outcome in (Outcome.UNTRIED, Outcome.TLS):
        return untried(probe, f"wget said: {failed.said}")
    if probe.kind is Kind.TCP and failed.leg is not Leg.CONNECT:
        ended = Outcome.UNTRIED if failed.leg is Leg.DNS else Outcome.OK
        return ProbeAnswer(id=probe.id, outcome=ended, detail=failed.said)
    if probe.kind is Kind.HTTP and failed.said == wget.UNCLEAR:
        return untried(probe, f"{wget.UNCLEAR}.")
    return ProbeAnswer(id=probe.id, outcome=failed.outcome, errno=failed.errno, detail=failed.said)


def untried(probe: Probe, because: str) -> ProbeAnswer:
    """An answer that says nothing of the network."""
    return ProbeAnswer(id=probe.id, outcome=Outcome.UNTRIED, detail=because)


def _url(probe: Probe) -> str | Unable:
    if probe.kind not in (Kind.TCP, Kind.HTTP, Kind.DNS):
        return Unable("wget sends no datagrams, and no payload to a listener.")
    if probe.tls or probe.size:
        return Unable("wget's TLS is not Traefik's, and it asks for no payload of a size.")
    if probe.kind is Kind.DNS:
        if probe.address or not goal.NAME.fullmatch(probe.name):
            return Unable("wget looks up names alone, by the pod's own name server.")
        return f"http://{probe.name}:{probe.port or PORT}/"
    ip = parse(probe.address)
    if ip is None or not 0 < probe.port < 1 << 16:
        return Unable("It has no address that could be asked.")
    if why := goal.forbidden(str(ip)):
        return Unable(why)
    if probe.kind is Kind.HTTP and probe.name and not _named(probe):
        return Unable("The route's host is no name that could be asked for.")
    path = f"/{quote(probe.path.removeprefix('/'), safe=goal.KEPT, errors='replace')}"
    if len(path) > LONGEST:
        return Unable("The route's path is too long to be asked for.")
    host = f"[{ip}]" if ip.version == 6 else str(ip)  # noqa: PLR2004  # IP's own number
    return f"http://{host}:{probe.port}{path if probe.kind is Kind.HTTP else '/'}"


def _named(probe: Probe) -> bool:
    return probe.kind is Kind.HTTP and goal.NAME.fullmatch(probe.name) is not None


def _answered(probe: Probe, first: str) -> ProbeAnswer:
    """Somebody wrote: it is connected, whatever that is, and whither it may lead on."""
    found = wget.STATUS.match(first)
    if probe.kind is Kind.TCP or found:
        return ProbeAnswer(id=probe.id, outcome=Outcome.OK, status=int(found[1]) if found else 0)
    return ProbeAnswer(id=probe.id, outcome=Outcome.NOT_HTTP)


def _looked_up(probe: Probe, said: Said) -> ProbeAnswer:
    """It says where it goes before it does."""
    own, _ = wget.lines(said.stderr)
    addresses = (a for line in own for a in wget.ADDRESS.findall(line) if parse(a))
    if address := next(addresses, ""):
        return ProbeAnswer(id=probe.id, outcome=Outcome.OK, addresses=(address,))
    failed = wget.failure("\n".join(own))
    if failed.leg is Leg.DNS:
        return ProbeAnswer(id=probe.id, outcome=Outcome.NAME, detail=failed.said)
    return untried(probe, f"wget said: {failed.said or failed.outcome}")
