"""A report as JSON, for scripts. The schema is published in docs/report.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.domain.finding import Evidence, Finding
from bot.domain.redaction.redact import redact
from bot.domain.report import Report
from bot.domain.resources.base import Time
from bot.domain.snapshot import Gap
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/report/v1"


class JsonFinding(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One finding. `cause` is the code of the finding that it follows from."""

    code: str
    check: str
    kind: str
    namespace: str
    name: str
    verdict: Verdict
    reason: str
    message: str
    since: Time | None
    evidence: tuple[Evidence, ...]
    cause: str | None
    downstream: int
    documented_as: str


class JsonReport(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A report. `seen` says how many objects of each kind were judged, `gaps` what was not seen."""

    schema: str
    taken_at: Time
    verdict: Verdict
    scopes: tuple[str, ...]
    namespace: str | None
    seen: dict[str, int]
    findings: tuple[JsonFinding, ...]
    gaps: tuple[Gap, ...]


def report(each: Report) -> bytes:
    """The report as indented JSON with a line end."""
    documented = {check.name: check.documented_as for check in CHECKS}
    whole = JsonReport(
        schema=VERSION,
        taken_at=each.taken_at,
        verdict=each.verdict,
        scopes=each.scopes,
        namespace=each.namespace,
        seen=dict(sorted(each.counts.items())),
        findings=tuple(
            _finding(finding, each, documented.get(finding.check, "")) for finding in each.findings
        ),
        gaps=tuple(msgspec.structs.replace(gap, detail=redact(gap.detail)) for gap in each.gaps),
    )
    return indented(whole)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report."""
    return schema_of(JsonReport, VERSION)


def _finding(finding: Finding, whole: Report, documented_as: str) -> JsonFinding:
    cause = whole.by_key.get(finding.cause or "")
    return JsonFinding(
        code=finding.code,
        check=finding.check,
        **msgspec.structs.asdict(finding.subject),
        verdict=finding.verdict,
        reason=finding.reason,
        message=redact(finding.message),
        since=finding.since,
        evidence=tuple(
            Evidence(evidence.label, redact(evidence.value)) for evidence in finding.evidence
        ),
        cause=cause.code if cause else None,
        downstream=len(whole.downstream.get(finding.key, ())),
        documented_as=documented_as,
    )
