"""A small cluster with sites, and what was seen of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.domain.finding import Ref
from bot.domain.report import examine
from bot.domain.snapshot import Snapshot
from bot.health.checks import CHECKS
from bot.net.diagnosis.diagnosis import (
    Confidence,
    Diagnosed,
    Diagnoses,
    Diagnosis,
    Effect,
    Row,
)
from bot.net.diagnosis.subject import Subject
from bot.net.route_resolution import resolve
from bot.routing.traefik_word import FailedRequests, TraefikWord
from bot.sites.domain.site import Site, Sites
from bot.sites.domain.weighing import sites
from tests.builders import Plain, an_object
from tests.net.networks import MOMENT, TRAEFIK, a_service, a_slice, a_snapshot, ago
from tests.net.test_route_resolution import a_backend, a_traefik, placed

ROUTE = Ref("IngressRoute", "apps", "site")
HOST = "web.example"
RULE = f"Host(`{HOST}`)"
REFUSED = "502 connection refused at 10.42.1.5:80"


def minutes_ago(minutes: float) -> datetime:
    """A moment before the report."""
    return MOMENT - timedelta(minutes=minutes)


def a_served_cluster() -> list[Plain]:
    """A Service whose pod has been ready for a day, and Traefik."""
    pod = a_backend()
    pod["status"]["conditions"][0]["lastTransitionTime"] = ago(days=1)
    return [a_service(clusterIP="10.43.0.9"), a_slice("web", placed()), pod, a_traefik()]


def a_cluster(*more: Plain, **rest: Any) -> Snapshot:
    """The same as a snapshot, with more objects."""
    return a_snapshot(*a_served_cluster(), *more, **rest)


def a_site_route(*matches: str, name: str = "site", to: str = "web", **spec: Any) -> Plain:
    """An IngressRoute with these rules, all to one Service."""
    services = [{"name": to, "port": 80}]
    rules = [{"match": match, "services": services} for match in matches or (RULE,)]
    return an_object("IngressRoute", name, TRAEFIK, spec={"routes": rules, **spec})


def failing(last: float = 2, first: float | None = None, **others: Any) -> TraefikWord:
    """Traefik's log with a request of the route that failed so many minutes ago."""
    begun = minutes_ago(last if first is None else first)
    requests = FailedRequests(1, REFUSED, minutes_ago(last), first=begun)
    return TraefikWord(failed={ROUTE: (requests,)}, **others)


def answering(minutes: float, route: Ref = ROUTE, match: str = RULE) -> dict[Any, datetime]:
    """A request of the rule that a server answered so many minutes ago."""
    return {(route, match): minutes_ago(minutes)}


def a_test(
    snapshot: Snapshot,
    host: str = HOST,
    *,
    minutes: float = 1,
    passed: bool = True,
    private: bool = False,
    repaired: float | None = None,
) -> Diagnosed:
    """A test of that host that passed, or that proved a fault."""
    subject = resolve(snapshot, host)
    assert isinstance(subject, Subject), subject
    diagnosis = Diagnosis(
        row=Row.HEALTHY if passed else Row.REDIRECT,
        confidence=Confidence.PROVEN,
        because="All requests got through." if passed else "Refused on edge.",
        effect=Effect.NEEDLESS if passed else Effect.HELPS,
        effect_because="It works.",
        passed=passed,
    )
    worked = None if repaired is None else minutes_ago(repaired)
    return Diagnosed(minutes_ago(minutes), subject, diagnosis, private, worked)


def seen(
    *objects: Plain,
    word: TraefikWord | None = None,
    tests: tuple[Diagnosed, ...] = (),
    **rest: Any,
) -> Snapshot:
    """A cluster with what Traefik says and what was tested."""
    snapshot = a_cluster(*objects, **rest)
    known: dict[type, object] = {Diagnoses: Diagnoses(tests)}
    if word:
        known[TraefikWord] = word
    return Snapshot(snapshot.taken_at, snapshot.objects, gaps=snapshot.gaps, supplements=known)


def sites_of(snapshot: Snapshot, namespace: str | None = None) -> Sites:
    """The sites of a report by all checks."""
    return sites(snapshot, examine(snapshot, CHECKS, namespace=namespace))


def only(snapshot: Snapshot) -> Site:
    """The only site."""
    (site,) = sites_of(snapshot).all
    return site
