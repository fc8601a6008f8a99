"""Route checks as evidence of sites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from bot.domain.finding import Ref
from bot.domain.report import examine
from bot.domain.snapshot import Snapshot
from bot.health.checks import CHECKS, served_certificates
from bot.net.probing.protocol import CertificateFault
from bot.net.route_checks.checks import REFUSED, RouteChecks
from bot.net.route_checks.plan import LeftOut
from bot.net.route_checks.roots import NO_HOST
from bot.routing.site_state import SiteState
from bot.sites.domain.site import EvidenceSource
from bot.sites.domain.weighing import OVERDUE
from tests.net.networks import MOMENT
from tests.net.route_checks.checked import (
    BAD,
    GOOD,
    SILENT,
    UNKNOWN,
    a_certificate,
    a_check,
    a_host,
    checks_of,
)
from tests.sites.world import (
    HOST,
    RULE,
    a_cluster,
    a_site_route,
    a_test,
    failing,
    minutes_ago,
    only,
    seen,
    sites_of,
)


def checked(*objects: Any, checks: RouteChecks, **rest: Any) -> Snapshot:
    """A cluster of which route checks know this."""
    snapshot = seen(*objects, **rest)
    known = {**snapshot.supplements, RouteChecks: checks}
    return Snapshot(snapshot.taken_at, snapshot.objects, gaps=snapshot.gaps, supplements=known)


def site_by(*answers: Any, **rest: Any) -> Any:
    return only(checked(a_site_route(), checks=checks_of(a_host(*answers, **rest))))


def test_a_site_that_answered_a_route_check_answers() -> None:
    site = site_by(GOOD)
    assert (site.state, site.latency) == (SiteState.ANSWERS, 12.0)
    assert site.evidence.source is EvidenceSource.ROUTE_CHECK
    assert (site.evidence.answer, site.evidence.at) == ("HTTP 200", MOMENT)


def test_a_site_that_did_not_answer_one_does_not_answer_since_its_first_failure() -> None:
    site = site_by(GOOD, BAD, BAD)
    assert (site.state, site.since) == (SiteState.FAILS, minutes_ago(1))
    assert (site.evidence.symptom, site.evidence.why) == ("502", "HTTP 502 of Traefik itself")
    assert site.code


def test_the_symptom_is_the_words_where_there_is_no_status() -> None:
    assert site_by(SILENT).evidence.symptom == "no answer in time"


def test_what_could_not_be_told_is_not_tested_and_says_why() -> None:
    site = site_by(UNKNOWN)
    assert (site.state, site.untested) == (SiteState.NOT_TESTED, UNKNOWN.what)


def test_a_check_that_is_long_overdue_shows_nothing_any_more() -> None:
    """Whether it answered or not."""
    for answer in (GOOD, BAD):
        site = site_by(answer, minutes=10)
        assert (site.state, site.untested) == (SiteState.NOT_TESTED, OVERDUE)


def test_a_site_that_is_left_out_says_why() -> None:
    route = a_site_route("PathPrefix(`/x`)")
    left_out = (LeftOut(Ref("IngressRoute", "apps", "site"), "", NO_HOST),)
    site = only(checked(route, checks=checks_of(left_out=left_out)))
    assert (site.state, site.untested) == (SiteState.NOT_TESTED, NO_HOST)


def test_a_check_says_nothing_of_another_rule_of_its_host() -> None:
    """That one is not tested, which says nothing against the site."""
    rules = (RULE, f"{RULE} && PathPrefix(`/api`)")
    (site,) = sites_of(checked(a_site_route(*rules), checks=checks_of(a_host(GOOD)))).all
    assert site.state is SiteState.ANSWERS
    snapshot = checked(
        a_site_route(rules[1]), checks=checks_of(a_host(GOOD, check=a_check(match=rules[0])))
    )
    assert only(snapshot).state is SiteState.NOT_TESTED


def test_only_the_host_that_failed_does_not_answer_of_several_in_one_rule() -> None:
    both = f"Host(`{HOST}`) || Host(`b.example`)"
    hosts = (
        a_host(GOOD, check=a_check(match=both)),
        a_host(BAD, check=a_check("b.example", match=both)),
    )
    states = {
        site.host: site.state
        for site in sites_of(checked(a_site_route(both), checks=checks_of(*hosts))).all
    }
    assert states == {HOST: SiteState.ANSWERS, "b.example": SiteState.FAILS}


def test_a_failed_request_after_the_check_counts_more_until_the_next_one() -> None:
    route, word = a_site_route(), failing(last=1)
    before = checked(route, checks=checks_of(a_host(GOOD, minutes=2)), word=word)
    after = checked(route, checks=checks_of(a_host(GOOD)), word=word)
    assert only(before).state is SiteState.FAILS
    assert only(after).state is SiteState.ANSWERS


def test_failed_requests_are_over_for_everybody_after_three_good_checks() -> None:
    """The health checks and the sites say the same."""
    route, word = a_site_route(), failing(last=3)
    snapshot = checked(route, checks=checks_of(a_host(GOOD, GOOD, GOOD)), word=word)
    report = examine(snapshot, CHECKS)
    assert report.findings == ()
    assert any("site" in key for key in report.seen_well)
    one_less = checked(route, checks=checks_of(a_host(GOOD, GOOD)), word=word)
    assert [finding.reason for finding in examine(one_less, CHECKS).findings] == ["RequestsFail"]


def test_a_private_test_is_no_part_of_what_route_checks_show_to_all() -> None:
    route = a_site_route()
    test = a_test(a_cluster(route), private=True)
    snapshot = checked(route, checks=checks_of(a_host(BAD)), tests=(test,))
    (site,) = sites_of(snapshot).public.all
    assert site.state is SiteState.FAILS


def test_the_certificate_that_is_served_counts_and_not_what_an_object_says() -> None:
    ends = datetime(2026, 12, 24, tzinfo=UTC)
    site = site_by(GOOD, certificate=a_certificate(ends=ends))
    assert site.certificate_ends == ends


def test_a_certificate_that_browsers_refuse_is_a_finding_of_its_own() -> None:
    """The site answers all the same, as whoever clicks the warning away sees."""
    route = a_site_route(tls={"certResolver": "le"})
    for fault, reason in (
        (CertificateFault.EXPIRED, "ServedCertificateExpired"),
        (CertificateFault.WRONG_NAME, "ServedCertificateOfAnotherName"),
        (CertificateFault.NOT_YET, "ServedCertificateNotYetValid"),
    ):
        host = a_host(GOOD, certificate=a_certificate(fault))
        snapshot = checked(route, checks=checks_of(host))
        report = examine(snapshot, CHECKS)
        assert [finding.reason for finding in report.findings] == [reason]
        site = only(snapshot)
        assert (site.state, site.certificate_fault) == (SiteState.ANSWERS, fault)


def test_every_fault_that_browsers_refuse_has_words_of_its_own() -> None:
    assert set(served_certificates.FAULTS) == set(REFUSED)


def test_the_default_certificate_of_a_route_that_names_none_is_a_note() -> None:
    host = a_host(
        GOOD, certificate=a_certificate(CertificateFault.WRONG_NAME, CertificateFault.SELF_SIGNED)
    )
    report = examine(checked(a_site_route(tls={}), checks=checks_of(host)), CHECKS)
    assert report.findings == ()
    assert [note.reason for note in report.notes] == ["ServedCertificateOfAnotherName"]


def test_a_private_authority_is_no_fault() -> None:
    route = a_site_route(tls={"certResolver": "le"})
    faults = (
        CertificateFault.UNKNOWN_ISSUER,
        CertificateFault.SELF_SIGNED,
        CertificateFault.UNCHECKED,
    )
    for fault in faults:
        host = a_host(GOOD, certificate=a_certificate(fault))
        report = examine(checked(route, checks=checks_of(host)), CHECKS)
        assert (report.findings, report.notes) == ((), ())
        assert host.refused is None


def test_a_route_check_that_is_over_says_nothing_of_the_certificate() -> None:
    route = a_site_route(tls={"certResolver": "le"})
    host = a_host(GOOD, certificate=a_certificate(CertificateFault.EXPIRED), minutes=10)
    assert examine(checked(route, checks=checks_of(host)), CHECKS).findings == ()


def test_how_long_a_check_counts_grows_with_its_interval_and_traefiks_nodes() -> None:
    day = timedelta(days=1)
    one = a_host(GOOD)
    two = a_host(GOOD, GOOD, check=a_check(nodes=("edge", "attic")))
    assert one.until(day) - one.worst.at > 2 * day
    assert two.until(day) > one.until(day) > replace(one).until(day / 2)
