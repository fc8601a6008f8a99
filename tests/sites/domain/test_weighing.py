"""Which state a site has, by the evidence that there is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.judging_budget import JudgingBudget
from bot.domain.report import examine
from bot.domain.resources.traefik import IngressRoute
from bot.domain.snapshot import Gap, Why
from bot.health.checks import CHECKS
from bot.net.diagnosis.recent import FRESH
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import (
    BY_METRICS,
    KEPT,
    RECENT,
    FailedRequests,
    TraefikWord,
    standing_failures,
)
from bot.sites.domain.site import EvidenceSource, SiteBackend
from bot.sites.domain.weighing import sites
from tests.builders import a_certificate
from tests.net.networks import MOMENT
from tests.net.test_route_resolution import an_ingress
from tests.sites.world import (
    HOST,
    ROUTE,
    RULE,
    a_cluster,
    a_site_route,
    a_test,
    answering,
    failing,
    minutes_ago,
    only,
    seen,
    sites_of,
)

HOUR = KEPT.total_seconds() / 60
DAY = FRESH.total_seconds() / 60


def test_objects_alone_never_make_a_site_answer() -> None:
    """Every reference is right, and nobody has seen a request: that is neither good nor bad."""
    site = only(seen(a_site_route()))
    assert (site.host, site.state, site.evidence) == (HOST, SiteState.NOT_TESTED, None)
    assert site.backends == (SiteBackend(Ref("Service", "apps", "web"), ("attic",)),)


def test_a_test_that_passed_shows_for_a_day_that_a_site_answers() -> None:
    """As in the health checks, and not longer."""
    route = a_site_route()
    now = a_cluster(route)
    fresh, old = (a_test(now, minutes=minutes) for minutes in (DAY - 1, DAY + 1))
    site = only(seen(route, tests=(fresh,)))
    assert site.state is SiteState.ANSWERS
    assert site.evidence is not None
    assert (site.evidence.source, site.evidence.at) == (EvidenceSource.TEST, fresh.taken_at)
    assert only(seen(route, tests=(old,))).state is SiteState.NOT_TESTED


def test_the_proof_of_a_repair_shows_that_a_site_answers() -> None:
    """Its requests went through Traefik to the route's servers."""
    route = a_site_route(RULE)
    route["spec"]["routes"][0]["services"][0]["nativeLB"] = True
    tested = a_test(a_cluster(route), passed=False, minutes=30, repaired=20)
    site = only(seen(route, tests=(tested,)))
    assert site.state is SiteState.ANSWERS
    assert site.evidence is not None
    assert (site.evidence.source, site.evidence.at) == (EvidenceSource.REPAIR, minutes_ago(20))


def test_a_good_request_in_the_access_log_counts_for_an_hour() -> None:
    """One request took one way, so it shows less than a test does."""
    route = a_site_route()
    site = only(seen(route, word=TraefikWord(answered=answering(HOUR - 1))))
    assert site.state is SiteState.ANSWERS
    assert site.evidence is not None
    assert site.evidence.source is EvidenceSource.ACCESS_LOG
    late = seen(route, word=TraefikWord(answered=answering(HOUR + 1)))
    assert only(late).state is SiteState.NOT_TESTED


def metering(last: float, match: str = RULE) -> FailedRequests:
    """Requests of one rule that failed by Traefik's metrics."""
    what, at = "502 Bad Gateway for 3 of 4 requests", minutes_ago(last)
    return FailedRequests(3, what, at, first=at, match=match, source=BY_METRICS)


def test_a_good_request_in_traefiks_metrics_counts_as_one_in_its_log() -> None:
    """For an hour since the earliest time at which it may have been."""
    site = only(seen(a_site_route(), word=TraefikWord(metered=answering(HOUR - 1))))
    assert site.state is SiteState.ANSWERS
    assert site.evidence is not None
    assert (site.evidence.source, site.evidence.at) == (
        EvidenceSource.METRICS,
        minutes_ago(HOUR - 1),
    )
    late = seen(a_site_route(), word=TraefikWord(metered=answering(HOUR + 1)))
    assert only(late).state is SiteState.NOT_TESTED


def test_failures_by_the_metrics_name_their_source() -> None:
    """Nothing else is known of them."""
    site = only(seen(a_site_route(), word=TraefikWord(failed={ROUTE: (metering(2),)})))
    assert (site.state, site.since) == (SiteState.FAILS, minutes_ago(2))
    assert site.evidence is not None
    assert site.evidence.source is EvidenceSource.METRICS
    assert site.evidence.symptom == "502"
    assert site.evidence.why == "Bad Gateway for 3 of 4 requests, by Traefik's metrics"


def test_failures_of_one_rule_are_none_of_another() -> None:
    """The metrics count each rule apart. A line of a log may be of any of them."""
    route = a_site_route(RULE, "Host(`b.example`)")
    by_host = sites_of(seen(route, word=TraefikWord(failed={ROUTE: (metering(2),)})))
    states = {site.host: site.state for site in by_host.all}
    assert states == {HOST: SiteState.FAILS, "b.example": SiteState.NOT_TESTED}
    by_host = sites_of(seen(route, word=failing(2)))
    assert {site.state for site in by_host.all} == {SiteState.FAILS}


def test_a_good_request_after_failures_by_the_metrics_ends_them() -> None:
    """For the health checks as for the sites: one truth."""
    for good, state in ((1, SiteState.ANSWERS), (3, SiteState.FAILS)):
        word = TraefikWord(failed={ROUTE: (metering(2),)}, metered=answering(good))
        snapshot = seen(a_site_route(), word=word)
        assert only(snapshot).state is state
        assert bool(standing_failures(ROUTE, snapshot)) is (state is SiteState.FAILS)


def test_a_failed_request_is_told_by_its_status_and_its_beginning() -> None:
    """The symptom is what a visitor sees, and why is what Traefik says of it."""
    site = only(seen(a_site_route(), word=failing(2, first=18)))
    assert (site.state, site.since) == (SiteState.FAILS, minutes_ago(18))
    assert site.evidence is not None
    assert site.evidence.symptom == "502"
    assert site.evidence.why == "connection refused at 10.42.1.5:80"
    assert site.decided_by == (ROUTE,)
    assert site.code


@pytest.mark.parametrize(
    ("good", "state"), [(1, SiteState.ANSWERS), (2, SiteState.FAILS), (30, SiteState.FAILS)]
)
def test_a_good_request_beats_only_failures_before_it(good: float, state: SiteState) -> None:
    """The failure was two minutes ago; of one moment, the failure counts."""
    word = failing(2, first=40, answered=answering(good))
    assert only(seen(a_site_route(), word=word)).state is state


def test_a_site_that_answered_meanwhile_does_not_fail_since_before_that() -> None:
    """What failed an hour ago was over when a request was answered."""
    word = failing(2, first=40, answered=answering(10))
    assert only(seen(a_site_route(), word=word)).since == minutes_ago(10)


def test_a_failure_of_some_time_ago_shows_nothing_of_now() -> None:
    """The health checks call such a route unknown."""
    word = failing(RECENT.total_seconds() / 60 + 1)
    assert only(seen(a_site_route(), word=word)).state is SiteState.NOT_TESTED


def test_what_a_report_calls_failed_does_not_answer_whatever_was_seen() -> None:
    """One truth with the health checks, also where an old configuration still serves."""
    route = a_site_route(to="gone")
    site = only(seen(route, word=TraefikWord(answered=answering(1))))
    assert site.state is SiteState.FAILS
    assert site.evidence is not None
    assert site.evidence.symptom == "service not found"
    assert site.evidence.why == "Service apps/gone does not exist."
    assert site.evidence.source is EvidenceSource.OBJECTS


def test_a_test_that_proved_a_fault_makes_a_site_fail_with_what_requests_showed() -> None:
    """The test says why, and Traefik's log what a visitor sees."""
    route = a_site_route()
    tested = a_test(a_cluster(route), passed=False, minutes=9)
    alone = only(seen(route, tests=(tested,)))
    assert (alone.state, alone.since) == (SiteState.FAILS, minutes_ago(9))
    assert alone.evidence is not None
    assert alone.evidence.symptom == "backend not reached"
    assert alone.evidence.source is EvidenceSource.TEST
    both = only(seen(route, tests=(tested,), word=failing(2, first=18)))
    assert both.evidence is not None
    assert (both.evidence.symptom, both.since) == ("502", minutes_ago(18))
    assert both.evidence.why.startswith("Refused on edge.")


def test_a_test_of_one_rule_says_nothing_of_another_host() -> None:
    """One route has two rules, and each is tested by itself."""
    route = a_site_route("Host(`a.example`)", "Host(`b.example`)")
    route["spec"]["routes"][1]["services"][0]["scheme"] = "h2c"
    now = a_cluster(route)
    states = {
        passed: [
            (site.host, site.state)
            for site in sites_of(seen(route, tests=(a_test(now, "a.example", passed=passed),))).all
        ]
        for passed in (True, False)
    }
    untested = ("b.example", SiteState.NOT_TESTED)
    assert states[True] == [("a.example", SiteState.ANSWERS), untested]
    assert states[False] == [("a.example", SiteState.FAILS), untested]


def test_what_somebody_switched_off_is_not_tested() -> None:
    """A good request from before that shows nothing of now, and nothing is wrong either."""
    replicas = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "apps"},
        "spec": {**replicas, "template": {"metadata": {"labels": {"app": "web"}}}},
    }
    word = TraefikWord(answered=answering(1, Ref("Ingress", "apps", "web"), f"{HOST}/"))
    snapshot = seen(an_ingress(), deployment, word=word)
    objects = {
        kind: () if kind.__name__ in ("EndpointSlice", "Pod") else its
        for kind, its in snapshot.objects.items()
    }
    off = type(snapshot)(MOMENT, objects, supplements=snapshot.supplements)
    (finding,) = (one for one in examine(off, CHECKS).findings if one.subject.kind == "Ingress")
    assert finding.verdict == "suspended"
    assert only(off).state is SiteState.NOT_TESTED


def test_the_worst_route_of_a_host_counts_and_is_named() -> None:
    """Another route of the same host answers, which a visitor of this one does not care for."""
    broken = a_site_route(f"{RULE} && PathPrefix(`/api`)", name="api", to="gone")
    word = TraefikWord(answered=answering(1))
    site = only(seen(a_site_route(), broken, word=word))
    assert site.state is SiteState.FAILS
    assert site.decided_by == (Ref("IngressRoute", "apps", "api"),)
    assert site.routes == (Ref("IngressRoute", "apps", "api"), ROUTE)


def test_a_route_that_nobody_tested_says_nothing_against_another() -> None:
    """Such as the one that only sends a visitor from http to https."""
    redirect = a_site_route(f"{RULE} && PathPrefix(`/old`)", name="redirect")
    word = TraefikWord(answered=answering(1))
    site = only(seen(a_site_route(), redirect, word=word))
    assert (site.state, site.decided_by) == (SiteState.ANSWERS, (ROUTE,))


def test_what_hurts_most_comes_first() -> None:
    """What has failed for longest, then a certificate that ends soon, then names."""
    certificate = a_certificate()
    ends = MOMENT + timedelta(days=9)
    certificate["status"]["notAfter"] = ends.isoformat()
    routes = [a_site_route(f"Host(`{name}.example`)", name=name) for name in "abcde"]
    routes[2]["spec"]["tls"] = {"secretName": "site-tls"}
    refs = [Ref("IngressRoute", "apps", name) for name in "abcde"]
    (requests,) = failing(1, first=5).failed[ROUTE]
    (longer,) = failing(1, first=9).failed[ROUTE]
    good = {}
    for ref in refs[:3]:
        good |= answering(3, ref, f"Host(`{ref.name}.example`)")
    word = TraefikWord(failed={refs[3]: (requests,), refs[4]: (longer,)}, answered=good)
    hosts = [site.host for site in sites_of(seen(*routes, certificate, word=word)).all]
    assert hosts == [f"{name}.example" for name in "edcab"]
    ending = sites_of(seen(*routes, certificate, word=word)).all[2]
    assert ending.certificate_ends == ends


def test_what_only_a_test_in_private_shows_is_not_public() -> None:
    """Neither that a site fails, nor that it answers."""
    route = a_site_route()
    now = a_cluster(route)
    for passed, state in ((True, SiteState.ANSWERS), (False, SiteState.FAILS)):
        whole = sites_of(seen(route, tests=(a_test(now, passed=passed, private=True),)))
        assert [site.state for site in whole.all] == [state]
        assert [site.state for site in whole.public.all] == [SiteState.NOT_TESTED]
        assert whole.public.by_public is None
    public = sites_of(seen(route, tests=(a_test(now),)))
    assert public.public is public


def test_a_namespace_has_its_own_sites_and_what_was_not_read_is_named() -> None:
    """Nothing seen is not the same as no site."""
    gap = Gap("IngressRoute", Why.FORBIDDEN)
    snapshot = seen(an_ingress(), unseen=(IngressRoute,), gaps=(gap,))
    assert sites_of(snapshot).unseen == ("IngressRoute",)
    assert [site.host for site in sites_of(snapshot, "apps").all] == [HOST]
    assert sites_of(snapshot, "other").all == ()


@given(
    good=st.none() | st.floats(0, 120),
    failed=st.none() | st.floats(0, 120),
    tested=st.none() | st.floats(0, 3000),
    fails=st.booleans(),
)
def test_a_site_answers_only_by_a_good_request_that_is_newer_than_any_failure(
    good: float | None, failed: float | None, tested: float | None, fails: bool
) -> None:
    """Whatever was seen, and in whatever order."""
    route = a_site_route()
    word = TraefikWord(answered=answering(good) if good is not None else {})
    if failed is not None:
        word = failing(failed, answered=word.answered)
    tests = ()
    if tested is not None:
        tests = (a_test(a_cluster(route), minutes=tested, passed=not fails),)
    snapshot = seen(route, word=word, tests=tests)
    site = only(snapshot)
    if site.state is not SiteState.ANSWERS:
        return
    assert site.evidence is not None
    assert site.evidence.at is not None
    assert not site.evidence.symptom
    assert failed is None or failed >= HOUR or site.evidence.at >= minutes_ago(failed)
    report = examine(snapshot, CHECKS)
    assert all(one.verdict != "failed" for one in report.findings if one.subject == ROUTE)


def test_sites_are_those_of_the_report() -> None:
    """The moment is the report's, and a superseded route makes no second one."""
    younger = a_site_route()
    elder = {**a_site_route(), "apiVersion": "traefik.containo.us/v1alpha1"}
    snapshot = seen(younger, elder)
    whole = sites(snapshot, examine(snapshot, CHECKS))
    assert whole.taken_at == MOMENT
    assert len(whole.all) == 1
    assert whole.all[0].routes == (ROUTE,)


def test_sites_say_which_routes_were_not_judged() -> None:
    """Nothing else is known of it than what was seen of its requests."""
    known = an_ingress("known", "known.example") | {"metadata": {"namespace": "bank", "name": "a"}}
    snapshot = seen(an_ingress("web", "a.example"), known)
    budget = JudgingBudget(lambda: 0.0, to_the_end={"bank"}, share=0.0)
    report = examine(snapshot, CHECKS, budget=budget)
    found = sites(snapshot, report)
    assert found.unseen == ("Ingress in apps",)
