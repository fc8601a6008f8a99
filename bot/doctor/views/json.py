"""The doctor's report as JSON, for scripts. The schema is published in docs/doctor.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.doctor.domain.diagnostic import Area, DiagnosticOutcome, DiagnosticReport
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/doctor/v1"


class JsonDiagnostic(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One examination: what was observed, and how to fix it; `fix` is empty where nothing is."""

    area: Area
    name: str
    outcome: DiagnosticOutcome
    observation: str
    fix: str


class JsonDiagnosticReport(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """All of them. `outcome` is the worst one, `headline` counts them."""

    schema: str
    outcome: DiagnosticOutcome
    headline: str
    diagnostics: tuple[JsonDiagnostic, ...]


def report(report: DiagnosticReport) -> bytes:
    """The report as indented JSON with a line end."""
    diagnostics = tuple(
        JsonDiagnostic(
            area=diagnostic.area,
            name=diagnostic.name,
            outcome=diagnostic.outcome,
            observation=diagnostic.observation,
            fix=diagnostic.fix,
        )
        for diagnostic in report.diagnostics
    )
    document = JsonDiagnosticReport(
        schema=VERSION, outcome=report.outcome, headline=report.headline, diagnostics=diagnostics
    )
    return indented(document)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report."""
    return schema_of(JsonDiagnosticReport, VERSION)
