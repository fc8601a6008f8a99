"""The sites that do not answer because of a finding: what an alert and a report name it by."""

from __future__ import annotations

from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.sites.domain.site import Site, Sites


def failing_behind(root: Finding, report: Report) -> tuple[Site, ...]:
    """The sites that do not answer because of a root cause or one of its effects."""
    sites = report.supplement(Sites)
    tree = (root, *report.downstream.get(root.key, ()))
    return sites.failing_by(finding.subject for finding in tree) if sites else ()
