"""A site, its state, and what shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

import msgspec

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.routing.site_state import SiteState

SOON = timedelta(days=21)
"""Overdue: cert-manager renews a certificate of 90 days 30 days before it ends."""


class EvidenceSource(StrEnum):
    """Where a request, or what keeps requests from their backend, was seen."""

    TEST = "test"
    REPAIR = "repair"
    """Requests through Traefik that proved a repair."""
    ROUTE_CHECK = "route check"
    ACCESS_LOG = "access log"
    METRICS = "metrics"
    """Traefik's own, for Prometheus."""
    TRAEFIK = "Traefik"
    """Its log or its API."""
    OBJECTS = "objects"


class SiteEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was seen of a route.

    at: When it was seen last; None where a log has no times.
    until: How long it shows how the site is; None for as long as it is known.
    symptom: How requests fail, such as `502`; empty where one reached its backend.
    answer: What was answered, such as `HTTP 200`, where that is known.
    why: More of the symptom or the answer, as far as it is known.
    since: When it was first seen so.
    private: Only who asked for the test saw it.
    """

    source: EvidenceSource
    at: datetime | None = None
    until: datetime | None = None
    symptom: str = ""
    answer: str = ""
    why: str = ""
    since: datetime | None = None
    private: bool = False


class SiteBackend(msgspec.Struct, frozen=True, order=True):
    """A Service of a site, and the nodes on which its ready endpoints are."""

    service: Ref
    nodes: tuple[str, ...] = ()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A host of one or more routes.

    host: Its name. For a rule without a host, or with a pattern, words that say so.
    evidence: What decided the state; None where it is not tested.
    untested: Why route checks do not ask it, or what they could not tell; empty without them.
    since: Since when it does not answer, as far as that is known.
    routes, decided_by: All of its routes, and those that the state comes from.
    code: The code of the finding that tells more, if any.
    latency: The median of the last hour in milliseconds, by route checks; None without any.
    certificate_ends: When the certificate ends that is served, else the first of those that
        Certificates keep; None where neither is known.
    certificate_fault: Why browsers refuse the one that is served, by route checks; empty for none.
    """

    host: str
    state: SiteState
    evidence: SiteEvidence | None = None
    untested: str = ""
    since: datetime | None = None
    code: str = ""
    routes: tuple[Ref, ...] = ()
    decided_by: tuple[Ref, ...] = ()
    backends: tuple[SiteBackend, ...] = ()
    latency: float | None = None
    certificate_ends: datetime | None = None
    certificate_fault: str = ""


class Sites(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All sites at one moment, what hurts most first.

    unseen: The kinds of routes that could not be read, so that there may be more.
    no_traefik: Why no Traefik was found that may serve them, with the setting that shows it; empty
        where one runs.
    checked: Whether route checks are made, as far as this process knows.
    by_public: The same sites by public evidence alone; None where all of it is public.
    """

    taken_at: datetime
    all: tuple[Site, ...] = ()
    unseen: tuple[str, ...] = ()
    no_traefik: str = ""
    checked: bool = False
    by_public: tuple[Site, ...] | None = None

    @property
    def seen_whole(self) -> bool:
        """Whether all routes were read, and a Traefik runs that may serve them."""
        return not self.unseen and not self.no_traefik

    @property
    def public(self) -> Sites:
        """What everybody may see."""
        if self.by_public is None:
            return self
        return msgspec.structs.replace(self, all=self.by_public, by_public=None)

    def of(self, state: SiteState) -> tuple[Site, ...]:
        """The sites in one state, in their order."""
        return tuple(site for site in self.all if site.state is state)

    def failing_by(self, routes: Iterable[Ref]) -> tuple[Site, ...]:
        """The sites whose state one of these routes decided, and which do not answer."""
        places = {place for route in routes for place in self._failing.get(route, ())}
        return tuple(self.all[place] for place in sorted(places))

    @cached_property
    def _failing(self) -> Mapping[Ref, Sequence[int]]:
        """The places of those that do not answer, by each route that decided it."""
        return grouped(
            (route, place)
            for place, site in enumerate(self.all)
            if site.state is SiteState.FAILS
            for route in site.decided_by
        )

    @property
    def tested(self) -> Iterator[Site]:
        """Those of which something was seen."""
        return (site for site in self.all if site.state is not SiteState.NOT_TESTED)
