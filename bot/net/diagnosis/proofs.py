"""The faults that tests proved, kept in the cluster so that a restart does not end them.

Of a diagnosis no more is kept than its finding needs, under names of its own: what is stored is
read by later versions.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain.finding import Evidence, Ref
from bot.domain.record import Shelf
from bot.net.diagnosis import recent as lasting
from bot.net.diagnosis.diagnosis import Confidence, Diagnosed, Diagnosis, Effect, Row, Seen
from bot.net.diagnosis.subject import EndpointAt, Native, Subject


class ProvenFault(msgspec.Struct, frozen=True, kw_only=True):
    """A proven fault of a route, and where the route led when it was tested.

    `subject` is how to ask for it again; `endpoints` are addresses and ports.
    """

    subject: str
    tested: datetime
    route: Ref | None
    service: Ref
    port: int
    native: Native
    endpoints: tuple[tuple[str, int], ...]
    endpoints_seen: bool
    row: Row
    confidence: Confidence
    because: str
    effect: Effect
    effect_because: str
    evidence: tuple[Evidence, ...]


class Proofs(msgspec.Struct, frozen=True):
    """Those that stand, the oldest first."""

    proofs: tuple[ProvenFault, ...] = ()


def _spare(value: Proofs) -> Proofs | None:
    return Proofs(value.proofs[1:]) if value.proofs else None


PROOFS: Shelf[Proofs] = Shelf("proofs", Proofs, spare=_spare)


def proof(diagnosed: Diagnosed) -> ProvenFault:
    """What is kept of a diagnosis that proved a fault."""
    subject, diagnosis = diagnosed.subject, diagnosed.diagnosis
    return ProvenFault(
        subject=subject.name,
        tested=diagnosed.taken_at,
        route=subject.route,
        service=subject.service,
        port=subject.port,
        native=subject.native,
        endpoints=tuple((endpoint.address, endpoint.port) for endpoint in subject.endpoints),
        endpoints_seen=subject.endpoints_seen,
        row=diagnosis.row,
        confidence=diagnosis.confidence,
        because=diagnosis.because,
        effect=diagnosis.effect,
        effect_because=diagnosis.effect_because,
        evidence=tuple(Evidence(row.what, row.result) for row in lasting.bearing(diagnosis)),
    )


def diagnosed(kept: ProvenFault) -> Diagnosed:
    """The diagnosis again: as much of it as a finding needs."""
    subject = Subject(
        name=kept.subject,
        service=kept.service,
        port=kept.port,
        route=kept.route,
        native=kept.native,
        endpoints=tuple(EndpointAt(address=address, port=port) for address, port in kept.endpoints),
        endpoints_seen=kept.endpoints_seen,
    )
    diagnosis = Diagnosis(
        row=kept.row,
        confidence=kept.confidence,
        because=kept.because,
        effect=kept.effect,
        effect_because=kept.effect_because,
        evidence=tuple(Seen(row.label, row.value, bears=True) for row in kept.evidence),
        subject=kept.subject,
    )
    return Diagnosed(kept.tested, subject, diagnosis)
