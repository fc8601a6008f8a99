"""A report as JSON, for scripts. The schema is published in docs/report.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.domain.finding import Evidence, Finding
from bot.domain.report import Report
from bot.domain.resources.base import Time
from bot.domain.snapshot import Gap
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.next_steps import steps
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/report/v1"

DOCUMENTED = {check.name: check.documented_as for check in CHECKS}
"""The command of each check, by its name."""


class JsonNextStep(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What to do next: in words, and as lines for a shell."""

    text: str
    commands: tuple[str, ...]


class JsonLink(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A finding, as another one refers to it."""

    code: str
    check: str
    kind: str
    namespace: str
    name: str
    verdict: Verdict
    reason: str
    message: str
    since: Time | None


class JsonFinding(JsonLink, frozen=True, kw_only=True):
    """One finding. `cause` is the code of the finding that it follows from."""

    evidence: tuple[Evidence, ...]
    cause: str | None
    downstream: int
    documented_as: str
    next_step: JsonNextStep


class JsonReport(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A report. `seen` says how many objects of each kind were judged, `gaps` what was not seen.

    `notes` are what is good to know of healthy objects.
    """

    schema: str
    taken_at: Time
    verdict: Verdict
    scopes: tuple[str, ...]
    namespace: str | None
    seen: dict[str, int]
    findings: tuple[JsonFinding, ...]
    gaps: tuple[Gap, ...]
    notes: tuple[JsonFinding, ...]


def report(report: Report) -> bytes:
    """The report as indented JSON with a line end."""
    document = JsonReport(
        schema=VERSION,
        taken_at=report.taken_at,
        verdict=report.verdict,
        scopes=report.scopes,
        namespace=report.namespace,
        seen=dict(sorted(report.counts.items())),
        findings=tuple(_finding(finding, report) for finding in report.findings),
        gaps=report.gaps,
        notes=tuple(_finding(note, report) for note in report.notes),
    )
    return indented(document)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report."""
    return schema_of(JsonReport, VERSION)


def _finding(finding: Finding, report: Report) -> JsonFinding:
    cause = report.by_key.get(finding.cause or "")
    return JsonFinding(
        **msgspec.structs.asdict(link(finding)),
        evidence=finding.evidence,
        cause=cause.code if cause else None,
        downstream=len(report.downstream.get(finding.key, ())),
        documented_as=DOCUMENTED.get(finding.check, ""),
        next_step=next_step(finding),
    )


def link(finding: Finding) -> JsonLink:
    """A finding, without what is beside it in a report."""
    return JsonLink(
        code=finding.code,
        check=finding.check,
        **msgspec.structs.asdict(finding.subject),
        verdict=finding.verdict,
        reason=finding.reason,
        message=finding.message,
        since=finding.since,
    )


def next_step(finding: Finding) -> JsonNextStep:
    """What to do next about a finding."""
    step = steps.next_step(finding)
    return JsonNextStep(text=step.text, commands=step.commands)
