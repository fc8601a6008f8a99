"""What was seen of the requests of a rule, from each source that costs nothing.

A further source is a function in SOURCES. Each says how long it shows how a site is:

- A test or a repair's proof counts for a day, as in the health checks: it tries every way that
  requests may take, and only while the route leads to the same endpoints.
- A route check counts until the next one is long overdue.
- A request in a log or in the metrics took one way, so a good one counts for an hour, as far back
  as the log is read, and a failed one for fifteen minutes, as in the health checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.domain.snapshot import Snapshot
from bot.net.diagnosis import recent
from bot.net.diagnosis.workaround import FRESH
from bot.net.route_checks import judging
from bot.net.route_checks.checks import CheckedHost, RouteChecks
from bot.routing import traefik_word
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import BY_METRICS, KEPT, RECENT, TraefikWord
from bot.sites.domain.hosts import SiteRule
from bot.sites.domain.site import EvidenceSource, SiteEvidence

Source = Callable[[SiteRule, Snapshot], Iterator[SiteEvidence]]


def tests(rule: SiteRule, snapshot: Snapshot) -> Iterator[SiteEvidence]:
    """Tests of the rule that passed, and repairs that were seen to help."""
    for test in recent.passed_tests(rule.route, snapshot):
        if test.match == rule.match:
            source = EvidenceSource.REPAIR if test.by_repair else EvidenceSource.TEST
            until = test.at + FRESH
            yield SiteEvidence(source=source, at=test.at, until=until, private=test.private)


def route_checks(rule: SiteRule, snapshot: Snapshot) -> Iterator[SiteEvidence]:
    """The route checks of a host, where they ask this rule of it."""
    checks, host = snapshot.supplement(RouteChecks), checked(rule, snapshot)
    if checks is None or host is None or host.outcome is SiteState.NOT_TESTED:
        return
    said, fails = host.worst.answer, host.outcome is SiteState.FAILS
    answer = f"HTTP {said.status}" if said.status else ""
    yield SiteEvidence(
        source=EvidenceSource.ROUTE_CHECK,
        at=host.worst.at,
        until=host.until(checks.interval),
        symptom=str(said.status or said.what) if fails else "",
        answer="" if fails else answer,
        why=said.what if answer and said.what != answer else "",
        since=host.since,
    )


def checked(rule: SiteRule, snapshot: Snapshot) -> CheckedHost | None:
    """What route checks know of a host by this rule; None where they ask another one, or none."""
    checks = snapshot.supplement(RouteChecks)
    if checks is None:
        return None
    hosts = snapshot.once(
        "sites.checked",
        lambda: {(host.host, host.route, host.match): host for host in checks.hosts},
    )
    return hosts.get((rule.host.removesuffix("."), rule.route, rule.match))


def answered_requests(rule: SiteRule, snapshot: Snapshot) -> Iterator[SiteEvidence]:
    """The last request in Traefik's access log that a server answered."""
    word = snapshot.supplement(TraefikWord)
    at = word.answered.get((rule.route, rule.match)) if word else None
    if at:
        yield SiteEvidence(source=EvidenceSource.ACCESS_LOG, at=at, until=at + KEPT)


def metered_requests(rule: SiteRule, snapshot: Snapshot) -> Iterator[SiteEvidence]:
    """Requests that a server answered, by Traefik's metrics, as late as one must have been."""
    word = snapshot.supplement(TraefikWord)
    at = word.metered.get((rule.route, rule.match)) if word else None
    if at:
        yield SiteEvidence(source=EvidenceSource.METRICS, at=at, until=at + KEPT)


def failed_requests(rule: SiteRule, snapshot: Snapshot) -> Iterator[SiteEvidence]:
    """Requests that did not reach a server by Traefik's log or metrics, as health checks count."""
    passed = (*recent.passed(rule.route, snapshot), *judging.passed(rule.route, snapshot))
    for requests in traefik_word.standing_failures(rule.route, snapshot, passed):
        if requests.match not in ("", rule.match):
            continue
        status, _, why = requests.what.partition(" ")
        known = status.isdecimal()
        by_metrics = requests.source == BY_METRICS
        why = f"{why}, by {BY_METRICS}" if by_metrics else why
        yield SiteEvidence(
            source=EvidenceSource.METRICS if by_metrics else EvidenceSource.TRAEFIK,
            at=requests.last,
            until=requests.last + RECENT if requests.last else None,
            symptom=status if known else "requests fail",
            why=why if known else requests.what,
            since=requests.first or requests.last,
        )


SOURCES: tuple[Source, ...] = (
    tests,
    route_checks,
    answered_requests,
    metered_requests,
    failed_requests,
)
