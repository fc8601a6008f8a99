"""What was seen of the requests of a rule, from each source that costs nothing.

A further source is a function in SOURCES, with the age in LIMITS up to which it shows anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from bot.domain.snapshot import Snapshot
from bot.net.diagnosis import recent
from bot.routing import traefik_word
from bot.routing.traefik_word import KEPT, TraefikWord
from bot.sites.domain.hosts import SiteRule
from bot.sites.domain.site import EvidenceSource, SiteEvidence

Source = Callable[[SiteRule, Snapshot], Iterator[SiteEvidence]]

LIMITS: Mapping[EvidenceSource, timedelta] = {
    EvidenceSource.TEST: recent.FRESH,
    EvidenceSource.REPAIR: recent.FRESH,
    EvidenceSource.ACCESS_LOG: KEPT,
}
"""How long a good request shows that a site answers.

A test counts for a day, as in the health checks: it tries every way that requests may take, and
only while the route leads to the same endpoints. One request in a log took one way, so it counts
for an hour: as far back as the log is read.
"""


def tests(rule: SiteRule, snapshot: Snapshot) -> Iterator[SiteEvidence]:
    """Tests of the rule that passed, and repairs that were seen to help."""
    for test in recent.passed_tests(rule.route, snapshot):
        if test.match == rule.match:
            source = EvidenceSource.REPAIR if test.by_repair else EvidenceSource.TEST
            yield SiteEvidence(source=source, at=test.at, private=test.private)


def answered_requests(rule: SiteRule, snapshot: Snapshot) -> Iterator[SiteEvidence]:
    """The last request in Traefik's access log that a server answered."""
    word = snapshot.supplement(TraefikWord)
    at = word.answered.get((rule.route, rule.match)) if word else None
    if at:
        yield SiteEvidence(source=EvidenceSource.ACCESS_LOG, at=at)


def failed_requests(rule: SiteRule, snapshot: Snapshot) -> Iterator[SiteEvidence]:
    """Requests in Traefik's log that did not reach a server, as the health checks count them."""
    passed = recent.passed(rule.route, snapshot)
    for requests in traefik_word.standing_failures(rule.route, snapshot, passed):
        status, _, why = requests.what.partition(" ")
        known = status.isdecimal()
        yield SiteEvidence(
            source=EvidenceSource.TRAEFIK,
            at=requests.last,
            symptom=status if known else "requests fail",
            why=why if known else requests.what,
            since=requests.first or requests.last,
        )


SOURCES: tuple[Source, ...] = (tests, answered_requests, failed_requests)
