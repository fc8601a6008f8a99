"""The next step of a finding, for every view: alerts, digests, `/health`, `/why`, `check`, JSON."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.finding import Finding
from bot.health.checks import ALL_CHECKS
from bot.health.next_steps import (
    any_kind,
    certificates,
    fields,
    flux,
    nodes,
    pods,
    routes,
    secrets,
    services,
    workloads,
)
from bot.health.next_steps.template import NextStep, Table

TABLES: Mapping[str, Table] = {
    **certificates.TABLES,
    **flux.TABLES,
    **nodes.TABLES,
    **pods.TABLES,
    **routes.TABLES,
    **secrets.TABLES,
    **services.TABLES,
    **workloads.TABLES,
}
"""The table of each check, by the check's name."""

ADVICE = {check.name: check.advice for check in ALL_CHECKS}


def next_step(finding: Finding) -> NextStep:
    """What fits the reason, else the general advice of the check."""
    known, said = fields.of(finding), fields.said(finding)
    table = TABLES.get(finding.check, {})
    templates = (*table.get(finding.reason, ()), *any_kind.TABLE.get(finding.reason, ()))
    filled = (template.filled(known, said) for template in templates)
    general = NextStep(ADVICE.get(finding.check, "Ask `/why` for what is known of it."))
    return next((step for step in filled if step), general)
