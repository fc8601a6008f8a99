"""What route checks say of a route: whether its hosts answer, and with which certificate.

A host that answered shows that its rule works. It says nothing of other rules of the route, unless
all of them lead to the same Services.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.sentences import moment
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net.route_checks.checks import CheckedHost, RouteChecks, checked_hosts, is_current
from bot.routing.site_state import DOES_NOT_ANSWER, SiteState
from bot.routing.traefik_word import WORKS_AGAIN

ROUTE_CHECKS = "route checks"
"""What shows a finding of these, beside objects."""

NAMED = 3
"""Hosts that a message names."""


def judgement(route: Ref, snapshot: Snapshot) -> Judgement | None:
    """The verdict that route checks support; None where they say nothing of a route."""
    hosts = checked_hosts(route, snapshot)
    if not hosts:
        return None
    seen = [host for host in hosts if is_current(host, snapshot)]
    if failing := [host for host in seen if host.outcome is SiteState.FAILS]:
        return _failing(failing)
    answer = len(seen) == len(hosts) and all(host.outcome is SiteState.ANSWERS for host in hosts)
    if answer and any(host.sole or host.failed for host in hosts):
        return WORKS_AGAIN
    return None


def passed(route: Ref, snapshot: Snapshot) -> Iterator[datetime]:
    """The time before which every failure of a route is over, by what was seen since."""
    checks, hosts = snapshot.supplement(RouteChecks), checked_hosts(route, snapshot)
    if checks and hosts and all(host.sole for host in hosts):
        times = [host.well_before(checks.interval) for host in hosts]
        known = [time for time in times if time]
        if len(known) == len(times):
            yield min(known)


def _failing(hosts: list[CheckedHost]) -> Judgement:
    first, more = hosts[0], len(hosts) - 1
    do = "does" if more == 1 else "do"
    others = f" Nor {do} {more:,} more of its hosts." if more else ""
    return Judgement(
        Verdict.FAILED,
        DOES_NOT_ANSWER,
        f"{first.host} does not answer: {first.worst.answer.what}.{others}",
        since=min(host.since for host in hosts),
        evidence=tuple(
            Evidence(f"request for {host.host}{_by(host)}", _said(host)) for host in hosts[:NAMED]
        ),
        fact=ROUTE_CHECKS,
    )


def _by(host: CheckedHost) -> str:
    return f" by Traefik on {host.worst.node}" if host.worst.node else ""


def _said(host: CheckedHost) -> str:
    return f"{host.worst.answer.what}, at {moment(host.worst.at)}"
