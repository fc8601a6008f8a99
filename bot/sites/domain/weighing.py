"""From a report and its evidence to the state of each site.

One truth with the health checks: a route that a report calls failed does not answer, whatever else
was seen. Beside that, the newest of good and failed requests counts, and a good one only for as
long as `bot.sites.domain.sources` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec.structs import replace

from bot.domain.finding import Finding, Ref
from bot.domain.grouping import grouped
from bot.domain.report import Report
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net.diagnosis import recent
from bot.net.diagnosis.diagnosis import DIAGNOSES, Diagnoses
from bot.net.route_checks.checks import CheckedHost, RouteChecks, is_current
from bot.net.route_checks.judging import ROUTE_CHECKS
from bot.routing.running import configs, why_none
from bot.routing.secrets import certificate_of
from bot.routing.service_endpoints import ready_endpoints
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import TRAEFIK_WORD
from bot.sites.domain import hosts
from bot.sites.domain.hosts import SiteRule
from bot.sites.domain.site import (
    SOON,
    EvidenceSource,
    Site,
    SiteBackend,
    SiteEvidence,
    Sites,
)
from bot.sites.domain.sources import SOURCES, checked

SOURCE_OF = {
    DIAGNOSES: EvidenceSource.TEST,
    TRAEFIK_WORD: EvidenceSource.TRAEFIK,
    ROUTE_CHECKS: EvidenceSource.ROUTE_CHECK,
}
"""By the fact that shows a finding; others rest on objects."""

OVERDUE = "its last route check is long ago"
"""The process that made it leads no more, or nobody could ask since."""

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+")
DISTANT = datetime.max.replace(tzinfo=UTC)
WORST_FIRST = (SiteState.FAILS, SiteState.ANSWERS, SiteState.NOT_TESTED)


class _Ruling(NamedTuple):
    """The state of one rule, and what decided it."""

    rule: SiteRule
    state: SiteState
    evidence: SiteEvidence | None = None
    since: datetime | None = None
    code: str = ""


def sites(snapshot: Snapshot, report: Report) -> Sites:
    """All sites of a report, by it and by what was seen beside it."""
    rules, left_out = hosts.site_rules(snapshot, report.namespace)
    every = _sites(rules, snapshot, report, private=True)
    diagnoses = snapshot.supplement(Diagnoses)
    private = any(test.private for test in diagnoses.standing) if diagnoses else False
    kinds = {kind.kind_name() for kind in hosts.READS}
    unseen = (gap.kind for gap in report.unseen if (gap.part_of or gap.kind) in kinds)
    return Sites(
        taken_at=report.taken_at,
        all=every,
        unseen=tuple(sorted({*unseen, *left_out})),
        no_traefik=_no_traefik(snapshot) if every else "",
        checked=snapshot.supplement(RouteChecks) is not None,
        by_public=_sites(rules, snapshot, report.public, private=False) if private else None,
    )


def _no_traefik(snapshot: Snapshot) -> str:
    """Why none was found, wherever it may be; empty where one was, or where nobody could look."""
    known = bool(configs(snapshot)) or not snapshot.sees(core.Pod)
    return "" if known else why_none(snapshot)


def _sites(
    rules: Iterable[SiteRule], snapshot: Snapshot, report: Report, *, private: bool
) -> tuple[Site, ...]:
    findings: dict[Ref, Finding] = {}
    for finding in sorted(report.findings, key=lambda finding: finding.verdict.rank):
        findings[finding.subject] = finding
    rulings = (
        _ruling(rule, findings.get(rule.route), report.facts, snapshot, private=private)
        for rule in rules
    )
    by_host = grouped((ruling.rule.host, ruling) for ruling in rulings)
    unordered = (_site(host, its, snapshot) for host, its in by_host.items())
    return tuple(sorted(unordered, key=lambda site: _hurting_first(site, snapshot.taken_at)))


def _hurting_first(site: Site, now: datetime) -> tuple[int, datetime, str]:
    """What has not answered for longest, then what answers with a certificate that ends soon."""
    ends = site.certificate_ends
    soon = ends if ends and ends - now <= SOON else None
    when = site.since if site.state is SiteState.FAILS else soon
    return WORST_FIRST.index(site.state), when or DISTANT, site.host


def _ruling(
    rule: SiteRule,
    finding: Finding | None,
    facts: Mapping[str, str],
    snapshot: Snapshot,
    *,
    private: bool,
) -> _Ruling:
    now = snapshot.taken_at
    seen = [one for source in SOURCES for one in source(rule, snapshot)]
    seen = [one for one in seen if private or not one.private]
    good = _newest(one for one in seen if not one.symptom)
    failed = _newest(one for one in seen if one.symptom)
    code = finding.code if finding else ""
    if finding and finding.verdict is Verdict.FAILED:
        proven = _by_finding(rule, finding, facts, seen, snapshot)
        if proven:
            symptom = failed.symptom if failed else proven.symptom
            begun = (proven.since, failed.since if failed else None)
            first = min(filter(None, begun), default=None)
            evidence = replace(proven, symptom=symptom)
            return _Ruling(rule, SiteState.FAILS, evidence, first, code)
    if finding and finding.verdict is Verdict.SUSPENDED:
        return _Ruling(rule, SiteState.NOT_TESTED, code=code)
    if failed and not (good and failed.at and good.at and good.at > failed.at):
        if failed.until and failed.until < now:
            return _Ruling(rule, SiteState.NOT_TESTED, code=code)
        since = max(filter(None, (failed.since, good.at if good else None)), default=None)
        return _Ruling(rule, SiteState.FAILS, failed, since, code)
    if good and good.until and now <= good.until:
        return _Ruling(rule, SiteState.ANSWERS, good, code=code)
    return _Ruling(rule, SiteState.NOT_TESTED, code=code)


def _newest(evidence: Iterable[SiteEvidence]) -> SiteEvidence | None:
    """What has no time may be of now."""
    return max(evidence, key=lambda one: one.at or DISTANT, default=None)


def _by_finding(
    rule: SiteRule,
    finding: Finding,
    facts: Mapping[str, str],
    seen: Iterable[SiteEvidence],
    snapshot: Snapshot,
) -> SiteEvidence | None:
    """What a failed finding says of a rule; None where only others were seen to fail."""
    source = SOURCE_OF.get(facts.get(finding.key, ""), EvidenceSource.OBJECTS)
    tested = None
    if source is EvidenceSource.ROUTE_CHECK:
        return next((one for one in seen if one.source is source and one.symptom), None)
    if source is EvidenceSource.TEST:
        failing = recent.failing_rules(rule.route, snapshot)
        if failing and rule.match not in failing:
            return None
        tested = failing.get(rule.match)
    return SiteEvidence(
        source=source,
        at=tested or snapshot.taken_at,
        symptom="backend not reached" if tested else _words(finding.reason),
        why=finding.message,
        since=finding.since or tested,
        private=finding.private,
    )


def _words(reason: str) -> str:
    """A reason such as `ServiceNotFound` in words."""
    parts = WORDS.findall(reason)
    return " ".join(part if part.isupper() else part.lower() for part in parts) or "it fails"


def _site(host: str, rulings: Iterable[_Ruling], snapshot: Snapshot) -> Site:
    """The worst of its rules counts; one that was not tested says nothing against another."""
    ordered = sorted(rulings, key=_worst_first)
    worst = ordered[0]
    rules = [ruling.rule for ruling in ordered]
    services = sorted({service for rule in rules for service in rule.services})
    known = [host for host in (checked(rule, snapshot) for rule in rules) if host]
    decided = [ruling.rule.route for ruling in ordered if ruling.state is worst.state]
    return Site(
        host=host,
        state=worst.state,
        evidence=worst.evidence,
        untested=_untested(rules, snapshot) if worst.state is SiteState.NOT_TESTED else "",
        since=worst.since,
        code=worst.code,
        routes=tuple(sorted({rule.route for rule in rules})),
        decided_by=tuple(dict.fromkeys(decided)),
        backends=tuple(SiteBackend(service, _nodes(service, snapshot)) for service in services),
        latency=next((host.latency for host in known if host.latency is not None), None),
        certificate_ends=_certificate_ends(rules, known, snapshot),
        certificate_fault=next((host.refused for host in known if host.refused), ""),
    )


def _certificate_ends(
    rules: Iterable[SiteRule], known: Iterable[CheckedHost], snapshot: Snapshot
) -> datetime | None:
    served = [host.certificate.ends for host in known if host.certificate and host.certificate.ends]
    if served:
        return datetime.fromtimestamp(min(served), UTC)
    certificates = (
        certificate_of(snapshot, secret.namespace, secret.name)
        for rule in rules
        for secret in rule.certificates
    )
    ends = (certificate.status.not_after for certificate in certificates if certificate)
    return min(filter(None, ends), default=None)


def _untested(rules: Iterable[SiteRule], snapshot: Snapshot) -> str:
    """Why route checks tell nothing of a site's rules; empty where none are made."""
    checks = snapshot.supplement(RouteChecks)
    if checks is None:
        return ""
    left_out = snapshot.once(
        "sites.left_out", lambda: {item.host or item.route: item.why for item in checks.left_out}
    )
    for rule in rules:
        if host := checked(rule, snapshot):
            return host.worst.answer.what if is_current(host, snapshot) else OVERDUE
        if why := left_out.get(rule.host.removesuffix(".")) or left_out.get(rule.route):
            return why
    return ""


def _worst_first(ruling: _Ruling) -> tuple[int, datetime, SiteRule]:
    return WORST_FIRST.index(ruling.state), ruling.since or DISTANT, ruling.rule


def _nodes(service: Ref, snapshot: Snapshot) -> tuple[str, ...]:
    """The nodes on which the Service's ready endpoints are."""
    endpoints = ready_endpoints(service, snapshot)
    return tuple(sorted({endpoint.node_name for endpoint in endpoints if endpoint.node_name}))
