"""What the network tests found, as JSON for scripts.

The schemas are published: docs/diagnosis.schema.json, diagnoses.schema.json, matrix.schema.json and
net-test.schema.json.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from bot.domain.verdict import Verdict
from bot.net.diagnosis.all_routes import CommonCause, DiagnosedRoutes, Unreached
from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, RouteFault, Row, Seen
from bot.net.mesh.matrix import By, Matrix, findings
from bot.net.probing.protocol import Outcome
from bot.net.request.result import Attempt, Leg, RequestResult, RequestStep
from bot.net.views import text
from bot.render.json_text import indented, schema_of

DIAGNOSIS = "meshmedic.dev/diagnosis/v1"
DIAGNOSES = "meshmedic.dev/diagnoses/v1"
MATRIX = "meshmedic.dev/matrix/v1"
REQUEST = "meshmedic.dev/net-test/v1"

T = TypeVar("T", bound=msgspec.Struct)


class JsonDiagnosis(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A diagnosis. `row` is the row of docs/diagnosis.md, `effect` what nativeLB would do.

    `by_objects` is what the health checks find wrong with the route's objects.
    """

    schema: str
    subject: str
    verdict: Verdict
    row: Row
    confidence: Confidence
    because: str
    places: tuple[str, ...]
    effect: Effect
    effect_because: str
    advice: tuple[str, ...]
    next: str
    evidence: tuple[Seen, ...]
    untested: tuple[str, ...]
    prober: str
    by_objects: RouteFault | None = None


class JsonCause(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What was found of several routes: one row of docs/diagnosis.md, at the same places.

    `routes` are their subjects.
    """

    row: Row
    places: tuple[str, ...]
    verdict: Verdict
    because: str
    routes: tuple[str, ...]


class JsonDiagnoses(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The diagnoses of all routes, and of one `namespace` where it is not empty.

    `causes` are what they have in common, the worst first; `untested` are the routes that were not
    tested, each with the reason.
    """

    schema: str
    verdict: Verdict
    namespace: str
    causes: tuple[JsonCause, ...]
    diagnoses: tuple[JsonDiagnosis, ...]
    untested: tuple[Unreached, ...]


class JsonCell(msgspec.Struct, frozen=True, rename="camel"):
    """One test of one pair; `took` in milliseconds."""

    source: str
    target: str
    test: By
    tries: int
    well: int
    ended: Outcome
    took: float | None


class JsonMatrix(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A matrix. `findings` says in words what is broken; `dns` has a cell a node."""

    schema: str
    verdict: Verdict
    findings: tuple[str, ...]
    nodes: tuple[str, ...]
    cells: tuple[JsonCell, ...]
    dns: tuple[JsonCell, ...]
    unseen: tuple[tuple[str, str], ...]
    prober: str


class JsonStep(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One part of the request; `took` in milliseconds, null where nobody measured it."""

    leg: Leg
    outcome: Outcome
    took: float | None
    errno: int
    said: str


class JsonAttempt(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The request to one address; `status` is 0 where no answer came, or none was asked for."""

    address: str
    verdict: Verdict
    steps: tuple[JsonStep, ...]
    status: int
    backend: str


class JsonReached(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One request. `way` says by what it was tested, `untested` what that misses."""

    schema: str
    start: str
    goal: str
    verdict: Verdict
    because: str
    way: str
    dns: JsonStep | None
    addresses: tuple[str, ...]
    attempts: tuple[JsonAttempt, ...]
    untested: tuple[str, ...]


SCHEMAS: dict[str, type[msgspec.Struct]] = {
    DIAGNOSIS: JsonDiagnosis,
    DIAGNOSES: JsonDiagnoses,
    MATRIX: JsonMatrix,
    REQUEST: JsonReached,
}


def diagnosis(diagnosis: Diagnosis) -> bytes:
    """A diagnosis as indented JSON with a line end."""
    return indented(_diagnosis(diagnosis))


def diagnoses(found: DiagnosedRoutes) -> bytes:
    """The diagnoses of all routes as indented JSON with a line end."""
    return _encoded(
        found,
        JsonDiagnoses,
        schema=DIAGNOSES,
        causes=tuple(map(_cause, found.causes)),
        diagnoses=tuple(_diagnosis(one.diagnosis) for one in found.diagnosed),
    )


def matrix(measured: Matrix) -> bytes:
    """A matrix as indented JSON with a line end."""
    return _encoded(
        measured,
        JsonMatrix,
        schema=MATRIX,
        findings=findings(measured),
        cells=tuple(_published(cell, JsonCell) for cell in measured.cells),
        dns=tuple(_published(cell, JsonCell) for cell in measured.dns),
    )


def request(result: RequestResult) -> bytes:
    """A tested request as indented JSON with a line end."""
    return _encoded(
        result,
        JsonReached,
        schema=REQUEST,
        dns=_step(result.dns) if result.dns else None,
        attempts=tuple(map(_attempt, result.attempts)),
    )


def schema(version: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what is published under this name."""
    return schema_of(SCHEMAS[version], version)


def _diagnosis(diagnosis: Diagnosis) -> JsonDiagnosis:
    evidence = tuple(text.evidence(diagnosis))
    return _published(diagnosis, JsonDiagnosis, schema=DIAGNOSIS, evidence=evidence)


def _cause(cause: CommonCause) -> JsonCause:
    return _published(
        cause.diagnosis,
        JsonCause,
        verdict=cause.verdict,
        routes=tuple(one.subject.name for one in cause.routes),
    )


def _step(step: RequestStep) -> JsonStep:
    return _published(step, JsonStep)


def _attempt(attempt: Attempt) -> JsonAttempt:
    steps = tuple(map(_step, attempt.steps))
    return _published(attempt, JsonAttempt, steps=steps)


def _encoded(source: object, kind: type[msgspec.Struct], **changed: object) -> bytes:
    return indented(_published(source, kind, **changed))


def _published(source: object, kind: type[T], **changed: object) -> T:
    """What is published of a value: its attributes, besides those that are given here."""
    same = {name: getattr(source, name) for name in kind.__struct_fields__ if name not in changed}
    return kind(**same, **changed)
