"""The sites that do not answer because of a finding: what an alert and a report name it by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.routing.site_state import SiteState
from bot.sites.domain.site import Site, Sites


def failing_by(sites: Sites | None, routes: Collection[Ref]) -> Iterator[Site]:
    """The sites whose state one of these routes decided, and which do not answer."""
    for site in sites.of(SiteState.FAILS) if sites else ():
        if any(route in routes for route in site.decided_by):
            yield site


def failing_behind(root: Finding, report: Report) -> tuple[Site, ...]:
    """The sites that do not answer because of a root cause or one of its effects."""
    tree: Iterable[Finding] = (root, *report.downstream.get(root.key, ()))
    return tuple(failing_by(report.supplement(Sites), {finding.subject for finding in tree}))
