"""Which finding of a root cause's tree a reader asked about: it leads, and the cause follows."""

from __future__ import annotations

from bot.domain.check import SCOPES
from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.health.checks import ALL_CHECKS

SCOPE_OF = {check.name: check.scope for check in ALL_CHECKS}

LEADS = frozenset({"Certificate"})
"""Kinds whose own finding leads: a Certificate's says that it must be renewed, a request's not."""


def lead(root: Finding, report: Report) -> Finding:
    """The root itself, unless the question was about another scope, such as `/health endpoints`."""
    effects = report.downstream.get(root.key, ())
    own = root.known_as
    if own and own.kind in LEADS:
        return next((effect for effect in effects if effect.subject == own), root)
    if set(report.scopes) >= set(SCOPES) or SCOPE_OF.get(root.check) in (None, *report.scopes):
        return root
    return next((effect for effect in effects if SCOPE_OF.get(effect.check) in report.scopes), root)
