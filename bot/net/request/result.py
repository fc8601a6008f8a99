"""How one request ended: DNS, connection, TLS and HTTP, each with its errno and time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from bot.domain.verdict import Verdict
from bot.net.probing.protocol import Outcome, ProbeAnswer
from bot.net.request.destination import Destination
from bot.routing.addresses import authority

FIRST_BAD = 500
"""An answer of 4xx is an answer: something listens, and speaks HTTP."""


class Leg(StrEnum):
    """The parts of a request, in their order."""

    DNS = "DNS"
    CONNECT = "connection"
    TLS = "TLS"
    HTTP = "HTTP"


class RequestStep(msgspec.Struct, frozen=True, kw_only=True):
    """How one part ended; `took` in milliseconds, None where nobody measured it."""

    leg: Leg
    outcome: Outcome = Outcome.OK
    took: float | None = None
    errno: int = 0
    said: str = ""

    @property
    def ok(self) -> bool:
        """Whether it went well."""
        return self.outcome is Outcome.OK


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """The request to one address; `status` is 0 where no answer came, or none was asked for."""

    address: str
    steps: tuple[RequestStep, ...]
    status: int = 0
    backend: str = ""

    @property
    def verdict(self) -> Verdict:
        """An answer of 5xx comes from something that does not do well."""
        if any(step.outcome is Outcome.UNTRIED for step in self.steps):
            return Verdict.UNKNOWN
        if not all(step.ok for step in self.steps) or not self.steps:
            return Verdict.FAILED
        return Verdict.DEGRADED if self.status >= FIRST_BAD else Verdict.HEALTHY


class RequestResult(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/net test`.

    `way` says by what it was tested, `untested` what that misses, `doubt` what is wrong with the
    question itself.
    """

    start: str
    goal: str
    way: str
    dns: RequestStep | None = None
    addresses: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    untested: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def verdict(self) -> Verdict:
        """Without its name nothing is reached by it, whatever the address does."""
        if self.dns and not self.dns.ok:
            return Verdict.FAILED
        verdicts = {attempt_.verdict for attempt_ in self.attempts}
        if len(verdicts) <= 1:
            return next(iter(verdicts), Verdict.UNKNOWN)
        bad = verdicts <= {Verdict.FAILED, Verdict.UNKNOWN}
        return Verdict.FAILED if bad else Verdict.DEGRADED

    @property
    def because(self) -> str:
        """The verdict in a sentence; where it fails, after what is wrong with the question."""
        if self.doubt and self.verdict is not Verdict.HEALTHY:
            return f"{self.doubt} {self._seen}"
        return self._seen

    @property
    def _seen(self) -> str:
        by_address = " ".join(dict.fromkeys(map(_sentence, self.attempts)))
        if self.dns and not self.dns.ok:
            also = f" By its address: {by_address}" if by_address else ""
            return f"DNS: {outcome(self.dns)}.{also}"
        return by_address or "No request could be sent."


def lookup(answers: Sequence[ProbeAnswer]) -> tuple[RequestStep | None, tuple[str, ...]]:
    """The step of DNS, and the addresses that it found; None where it was not asked."""
    if not answers:
        return None, ()
    return _step(Leg.DNS, answers[0], answers[0].took), answers[0].addresses


def attempt(destination: Destination, address: str, answer: ProbeAnswer) -> Attempt:
    """What the answer of a prober says of each step, up to the one that failed."""
    return Attempt(
        address=authority(address, destination.port),
        steps=tuple(_steps(destination, answer)),
        status=answer.status,
        backend=answer.backend,
    )


def outcome(step: RequestStep) -> str:
    """How a step ended, with what is known of why."""
    errno = f" (errno {step.errno})" if step.errno else ""
    detail = f": {step.said}" if step.said else ""
    return f"{step.outcome.value}{errno}{detail}"


def _steps(destination: Destination, answer: ProbeAnswer) -> Iterator[RequestStep]:
    legs = [
        Leg.CONNECT,
        *([Leg.TLS] if destination.tls else []),
        *([Leg.HTTP] if destination.http else []),
    ]
    failed = _failed(destination, answer)
    for leg in legs:
        took = answer.connected if leg is Leg.CONNECT else None
        if leg is failed:
            yield _step(leg, answer, took if took is not None else answer.took)
            return
        if leg is Leg.HTTP or took is None:
            took = answer.took if leg is legs[-1] else None
        yield RequestStep(leg=leg, took=took)


def _step(leg: Leg, answer: ProbeAnswer, took: float) -> RequestStep:
    return RequestStep(
        leg=leg, outcome=answer.outcome, took=took, errno=answer.errno, said=answer.detail
    )


def _failed(destination: Destination, answer: ProbeAnswer) -> Leg | None:
    """Which part failed. Source: `bot.probe`, which says in `detail` what it did last."""
    match answer.outcome:
        case Outcome.OK:
            return None
        case Outcome.TLS:
            return Leg.TLS
        case Outcome.NOT_HTTP:
            return Leg.HTTP
    if answer.connected is None or answer.outcome in (Outcome.REFUSED, Outcome.TIMEOUT):
        return Leg.CONNECT
    return Leg.TLS if destination.tls and "TLS" in answer.detail else Leg.HTTP


def _sentence(attempt_: Attempt) -> str:
    bad = next((step for step in attempt_.steps if not step.ok), None)
    if bad:
        return f"`{attempt_.address}`: {bad.leg} {outcome(bad)}."
    if attempt_.status:
        return f"`{attempt_.address}` answers with HTTP {attempt_.status}."
    return f"`{attempt_.address}` takes the connection."
