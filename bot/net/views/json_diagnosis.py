"""A diagnosis as JSON, for scripts. The schema is published in docs/diagnosis.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.domain.redaction.redact import redact
from bot.domain.verdict import Verdict
from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, Row, Seen
from bot.net.views import text_diagnosis as told
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/diagnosis/v1"


class JsonDiagnosis(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A diagnosis. `row` is the row of docs/diagnosis.md, `effect` what nativeLB would do."""

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


def diagnosis(each: Diagnosis) -> bytes:
    """The diagnosis as indented JSON with a line end."""
    whole = JsonDiagnosis(
        schema=VERSION,
        subject=redact(each.subject),
        verdict=told.verdict(each),
        row=each.row,
        confidence=each.confidence,
        because=redact(each.because),
        places=each.places,
        effect=each.effect,
        effect_because=redact(each.effect_because),
        advice=each.advice,
        next=each.next,
        evidence=tuple(
            Seen(redact(one.what), redact(one.result), one.bears) for one in told.evidence(each)
        ),
        untested=tuple(redact(one) for one in each.untested),
        prober=each.prober,
    )
    return indented(whole)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a diagnosis."""
    return schema_of(JsonDiagnosis, VERSION)
