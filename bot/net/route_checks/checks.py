"""What is known of each host by its route checks: a supplement of the snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median

import msgspec
from msgspec.structs import replace

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.snapshot import Snapshot
from bot.net.probing.protocol import CertificateFault, ServedCertificate
from bot.net.route_checks.answered import TRAEFIK_IS_GONE, Answerer, RouteAnswer
from bot.net.route_checks.plan import LeftOut, RouteCheck
from bot.routing.site_state import SiteState

HOUR = timedelta(hours=1)
MOST_SAMPLES = 60
"""Latencies of a host that are kept: one a minute at most, for an hour."""

MOST_NODES = 16
"""Nodes of Traefik by which the latest answer of a host is kept."""

OVERDUE, SLACK = 1.2, timedelta(minutes=1)
"""How late an answer may be: the interval is longer by a tenth at random, and an agent may wait."""

KEEP_EVERY = timedelta(minutes=5)
"""What did not change is stored again after this time."""

REFUSED = (
    CertificateFault.EXPIRED,
    CertificateFault.NOT_YET,
    CertificateFault.WRONG_NAME,
    CertificateFault.UNFIT,
    CertificateFault.UNREADABLE,
)
"""Why browsers refuse a certificate, the gravest reason first. They may know its authority."""

BY_WEIGHT = (SiteState.NOT_TESTED, SiteState.ANSWERS, SiteState.FAILS)
"""Of what several of Traefik's nodes say of a host, the last of these holds."""


class LatencySample(msgspec.Struct, frozen=True, gc=False):
    """Milliseconds from a request to the head of its answer."""

    at: datetime
    took: float


class NodeAnswer(msgspec.Struct, frozen=True):
    """The latest answer by Traefik on one node.

    `certificate` is the one that was served; None without TLS. `latency` is in milliseconds, and
    None where the answer was not the site's own.
    """

    node: str
    at: datetime
    answer: RouteAnswer
    certificate: ServedCertificate | None = None
    latency: float | None = None


class CheckedHost(msgspec.Struct, frozen=True, kw_only=True):
    """A host: the latest answers by each of Traefik's nodes, and the last hour's latencies.

    match: The rule that was asked, as `bot.routing.candidates` names it.
    sole: Whether all rules of its route lead to the same Services.
    since: When its outcome became what it is now, as far as this process saw it.
    failed: When it did not answer last, as far as this process saw it.
    kept: It was stored, so it may be older by as long as nothing was stored.
    asked: The requests since this process began that showed whether the site answers.
    answered: Those of them that it answered.
    """

    host: str
    route: Ref
    match: str
    answers: tuple[NodeAnswer, ...]
    since: datetime
    sole: bool = False
    failed: datetime | None = None
    latencies: tuple[LatencySample, ...] = ()
    kept: bool = False
    asked: int = 0
    answered: int = 0

    @property
    def worst(self) -> NodeAnswer:
        """The answer that says most against the host; the newest one of these."""
        return max(self.answers, key=lambda item: (BY_WEIGHT.index(item.answer.outcome), item.at))

    @property
    def outcome(self) -> SiteState:
        """What the checks say of the host."""
        return self.worst.answer.outcome

    @property
    def certificate(self) -> ServedCertificate | None:
        """The certificate that was served last; None without TLS."""
        latest = max(self.answers, key=lambda item: (item.certificate is not None, item.at))
        return latest.certificate

    @property
    def refused(self) -> CertificateFault | None:
        """Why browsers refuse that certificate; None where they take it, or there is none."""
        faults = self.certificate.faults if self.certificate else ()
        return next((fault for fault in REFUSED if fault in faults), None)

    def until(self, interval: timedelta) -> datetime:
        """How long this shows how the host is: until its next answers are long overdue.

        Traefik's nodes are asked in turn.
        """
        late = KEEP_EVERY if self.kept else timedelta()
        return self.worst.at + interval * (len(self.answers) + 1) * OVERDUE + SLACK + late

    def well_before(self, interval: timedelta, count: int = 3) -> datetime | None:
        """The time before which every failure is over: `count` checks were answered since.

        A check takes one way of those that requests may take, to one of up to three endpoints.
        """
        if self.outcome is not SiteState.ANSWERS:
            return None
        before = min(item.at for item in self.answers) - (count - 1) * interval
        return before if before >= self.since else None

    @property
    def latency(self) -> float | None:
        """The median of the last hour, in milliseconds."""
        return median(sample.took for sample in self.latencies) if self.latencies else None


class RouteChecks(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot's supplement: every host that was checked, by name, and what is not checked.

    Without it, route checks are off, or none was made yet. `interval` is the time between two
    checks of a host: what is much older was not looked at since.
    """

    interval: timedelta
    hosts: tuple[CheckedHost, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def checked_hosts(route: Ref, snapshot: Snapshot) -> Sequence[CheckedHost]:
    """What is known of the hosts of a route; nothing where none was checked."""
    checks = snapshot.supplement(RouteChecks)
    by_route = snapshot.once(
        "route checks.hosts",
        lambda: grouped((host.route, host) for host in checks.hosts) if checks else {},
    )
    return by_route.get(route, ())


def is_current(host: CheckedHost, snapshot: Snapshot) -> bool:
    """Whether a host's checks show how it is now, and are not long overdue."""
    checks = snapshot.supplement(RouteChecks)
    return checks is not None and snapshot.taken_at <= host.until(checks.interval)


def noted(before: CheckedHost | None, check: RouteCheck, news: NodeAnswer) -> CheckedHost:
    """What is known of a host after one more answer.

    Where its rule is another one, nothing earlier but how often it was asked.
    """
    asked, answered = (before.asked, before.answered) if before else (0, 0)
    if before and (before.route, before.match) != (check.route, check.match):
        before = None
    by = {at.node for at in check.by}
    kept = [item for item in before.answers if item.node in by] if before else []
    samples = [item for item in before.latencies if news.at - item.at < HOUR] if before else []
    if news.latency is not None:
        samples.append(LatencySample(news.at, news.latency))
    outcome = news.answer.outcome
    now = CheckedHost(
        host=check.host,
        route=check.route,
        match=check.match,
        sole=check.sole,
        answers=(*(item for item in kept if item.node != news.node), news)[-MOST_NODES:],
        since=news.at,
        latencies=tuple(samples[-MOST_SAMPLES:]),
        asked=asked + (outcome is not SiteState.NOT_TESTED),
        answered=answered + (outcome is SiteState.ANSWERS),
    )
    fails = now.outcome is SiteState.FAILS
    failed = news.at if fails else before.failed if before else None
    same = before and before.outcome is now.outcome
    return replace(now, failed=failed, since=before.since if before and same else news.at)


def without_traefik(before: CheckedHost, at: datetime) -> CheckedHost:
    """What is known of a host that was checked before, once no Traefik pod is running any more."""
    gone = NodeAnswer("", at, RouteAnswer(Answerer.NOBODY, SiteState.FAILS, TRAEFIK_IS_GONE))
    since = before.since if before.outcome is SiteState.FAILS else at
    return replace(before, answers=(gone,), since=since, failed=at, kept=False)


def supplement(
    interval: timedelta, hosts: Iterable[CheckedHost], left_out: tuple[LeftOut, ...]
) -> RouteChecks:
    """All of it, in the order of the names."""
    ordered = sorted(hosts, key=lambda item: item.host)
    return RouteChecks(interval=interval, hosts=tuple(ordered), left_out=left_out)
