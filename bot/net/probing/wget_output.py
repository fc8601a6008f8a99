"""Reading what `wget` says in somebody else's container: busybox's and GNU's words for it.

It tells no times. What the server wrote is indented by two spaces, and is not wget's word for
anything. Source: busybox 1.35 and 1.36, GNU Wget 1.21 and 1.24, with the C libraries' words for
errno.
"""

from __future__ import annotations

import re

import msgspec

from bot.net.probing.protocol import Outcome
from bot.net.request.destination import Goal
from bot.net.request.result import Attempt, Leg, RequestStep
from bot.routing.addresses import parse

SECONDS = 5
INDENT = "  "
ECHOED = "--"
"""How GNU's line begins that repeats the URL, which somebody else may have written."""

ADDRESS = re.compile(r"[(|]\[?([0-9a-f.:]{1,45}?[0-9a-f])\]?(?::\d{1,5})?[)|]", re.IGNORECASE)
STATUS = re.compile(r"HTTP/\d(?:\.\d)? (\d{3})")

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
"""By what busybox, GNU, musl and glibc call it; the first that fits."""

UNCLEAR = "wget does not say whether it waited for the connection or for the answer"


class Said(msgspec.Struct, frozen=True):
    """What the command wrote; `exit_code` is None where it was cut off."""

    stderr: str
    exit_code: int | None


def argv(goal: Goal) -> tuple[str, ...]:
    """The documented request, as busybox takes it too; without a shell, and bounded."""
    return ("wget", "-S", "-O", "/dev/null", "-t", "1", "-T", str(SECONDS), goal.url)


def read(goal: Goal, said: Said) -> tuple[RequestStep | None, Attempt | None]:
    """The step of DNS and the attempt; no attempt where it got no further than the name."""
    stderr = said.stderr
    found = STATUS.findall(stderr)
    status = int(found[-1]) if found else 0
    failed = None if status or said.exit_code == 0 else failure(stderr)
    if failed and failed.leg is Leg.DNS:
        return failed, None
    steps = []
    for leg in (Leg.CONNECT, *([Leg.TLS] if goal.tls else []), Leg.HTTP):
        if failed and failed.leg is leg:
            steps.append(failed)
            break
        steps.append(RequestStep(leg=leg))
    dns = RequestStep(leg=Leg.DNS) if goal.name else None
    address = _address(stderr) or goal.address or goal.name
    host = f"[{address}]" if ":" in address else address
    return dns, Attempt(address=f"{host}:{goal.port}", steps=tuple(steps), status=status)


def lines(stderr: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines that are wget's own, and those that the server wrote."""
    every = [line.rstrip("\r") for line in stderr.split("\n")]
    own = tuple(line for line in every if not line.startswith((INDENT, ECHOED)))
    return own, tuple(line.strip() for line in every if line.startswith(INDENT))


def failure(stderr: str) -> RequestStep:
    """The step that failed, by wget's own words; UNTRIED where they are not known."""
    own = "\n".join(lines(stderr)[0])
    for words, leg, outcome, errno in WORDS:
        if re.search(words, own, re.IGNORECASE):
            said = UNCLEAR if (leg, outcome) == (Leg.CONNECT, Outcome.TIMEOUT) else _last(own)
            return RequestStep(leg=leg, outcome=outcome, errno=errno, said="" if errno else said)
    return RequestStep(
        leg=Leg.CONNECT, outcome=Outcome.UNTRIED, said=_last(own) or "it said nothing"
    )


def _address(stderr: str) -> str:
    """The last that it says that it goes to: after a redirection it may be another."""
    addresses = [address for address in ADDRESS.findall(stderr) if parse(address)]
    return addresses[-1] if addresses else ""


def _last(own: str) -> str:
    texts = [line.strip() for line in own.split("\n") if line.strip()]
    return texts[-1][:200] if texts else ""
