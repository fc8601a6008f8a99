"""The faults that tests proved, kept in the cluster so that a restart does not end them.

Only what a finding needs of a diagnosis is stored, in a record with its own field names, since
later versions read it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from bot.domain.finding import Evidence, Ref
from bot.domain.record import RecordType
from bot.domain.redaction.redact import redact
from bot.domain.shares import shared
from bot.domain.tenancy import party_of
from bot.net.diagnosis import recent
from bot.net.diagnosis.diagnosis import Confidence, Diagnosed, Diagnosis, Effect, Row, Seen
from bot.net.diagnosis.subject import EndpointAt, Native, Subject


class ProvenFault(msgspec.Struct, frozen=True, kw_only=True):
    """A proven fault of a route, and where the route led when it was tested.

    `subject` is how to ask for it again; `endpoints` are addresses and ports. `private` where it
    was only asked for in private. `places` are the nodes or pairs at fault.
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
    private: bool = False
    passed: bool = False
    worked: datetime | None = None
    places: tuple[str, ...] = ()


class Proofs(msgspec.Struct, frozen=True):
    """Those that stand, the oldest first."""

    proofs: tuple[ProvenFault, ...] = ()

    def latest(self, most: int) -> Proofs:
        """So many at the most; of whoever has the most the oldest are left out."""
        kept = shared(self.proofs[::-1], most, lambda proof: party_of(proof.route or proof.service))
        return Proofs(kept[::-1])


def _spare(value: Proofs) -> Proofs | None:
    return value.latest(len(value.proofs) - 1) if value.proofs else None


PROOFS: RecordType[Proofs] = RecordType("proofs", Proofs, spare=_spare)


OF_SUBJECT = ("service", "port", "route", "native", "endpoints_seen")
OF_DIAGNOSIS = ("row", "confidence", "because", "effect", "effect_because", "passed", "places")
"""What is kept under the name that it has there."""


def proof(diagnosed: Diagnosed) -> ProvenFault:
    """What is kept of a diagnosis that proved a fault."""
    subject, diagnosis = diagnosed.subject, diagnosed.diagnosis
    evidence = (Evidence(redact(row.what), redact(row.result)) for row in recent.bearing(diagnosis))
    said = {name: redact(getattr(diagnosis, name)) for name in ("because", "effect_because")}
    return ProvenFault(
        subject=subject.name,
        tested=diagnosed.taken_at,
        endpoints=tuple((endpoint.address, endpoint.port) for endpoint in subject.endpoints),
        evidence=tuple(evidence),
        private=diagnosed.private,
        worked=diagnosed.worked,
        **_picked(subject, OF_SUBJECT),
        **(_picked(diagnosis, OF_DIAGNOSIS) | said),
    )


def diagnosed(fault: ProvenFault) -> Diagnosed:
    """The diagnosis again: as much of it as a finding needs."""
    endpoints = (EndpointAt(address=address, port=port) for address, port in fault.endpoints)
    subject = Subject(name=fault.subject, endpoints=tuple(endpoints), **_picked(fault, OF_SUBJECT))
    diagnosis = Diagnosis(
        subject=fault.subject,
        evidence=tuple(Seen(row.label, row.value, bears=True) for row in fault.evidence),
        native=fault.native,
        **_picked(fault, OF_DIAGNOSIS),
    )
    return Diagnosed(fault.tested, subject, diagnosis, fault.private, fault.worked)


def _picked(source: msgspec.Struct, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}
