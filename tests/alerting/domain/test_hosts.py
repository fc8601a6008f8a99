"""An incident names the sites that do not answer because of it, as long as that is so."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.alerting.domain.hosts import NAMED, NO_SITES, FailingSites, SiteNames, failing_sites
from bot.alerting.domain.incident import (
    ALERTS,
    SITE_LINES,
    SITES_EVERY,
    Alerts,
    Incident,
)
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.alerting.views import discord as cards
from bot.domain.finding import Finding, Ref
from bot.domain.record import read, written
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.routing.site_state import SiteState
from bot.sites.domain.site import Site, Sites
from tests.alerting.domain.test_transitions import START
from tests.golden.shapes import card

RULES = Rules(routes=(AlertRoute(1),))
FAULT = Finding(
    check="route-faults",
    subject=Ref("Fault", "", "edge: redirect"),
    verdict=Verdict.FAILED,
    reason="Redirect",
    message="A rule catches them.",
)


def a_ref(name: str) -> Ref:
    return Ref("Ingress", "apps", name)


def a_route(name: str, *, private: bool = False) -> Finding:
    return Finding(
        check="routes-ingress",
        subject=a_ref(name),
        verdict=Verdict.FAILED,
        reason="Redirect",
        message="",
        cause=FAULT.key,
        private=private,
    )


def a_site(name: str, state: SiteState = SiteState.FAILS) -> Site:
    return Site(host=f"{name}.example", state=state, decided_by=(a_ref(name),))


def a_report(minutes: float, *names: str, **others: SiteState) -> Report:
    """These routes fail by the fault, and other sites are in these states."""
    sites = (*map(a_site, names), *(a_site(name, state) for name, state in others.items()))
    now = START + timedelta(minutes=minutes)
    findings = (FAULT, *map(a_route, names)) if names else ()
    known = {Sites: Sites(taken_at=now, all=sites)}
    return Report(now, findings, (), {"Ingress": 9, "Node": 1}, supplements=known)


def after(*reports: Report) -> Incident:
    state: Alerts | None = None
    for report in (a_report(0), *reports):
        state = advance(state, report, RULES)
    assert state is not None
    (incident,) = state.incidents
    return incident


def lasting(*names: str) -> list[Report]:
    """Long enough for an alert."""
    return [a_report(minute, *names) for minute in range(1, 6)]


def test_an_incident_names_the_sites_that_follow_from_it() -> None:
    incident = after(*lasting("shop", "blog"))
    assert incident.head == FAULT
    assert incident.sites == FailingSites(("shop.example", "blog.example"), 2)


def test_the_sites_are_the_first_line_before_the_cause() -> None:
    """Whoever looks wants to know which site it is."""
    said = card(cards.incident(after(*lasting("shop", "blog"))))
    first, cause = said.index("## ❌ `shop.example` and `blog.example` do not"), said.index("Fault")
    assert first < cause
    assert "**Failed: Fault `edge: redirect`**" in said


def test_one_more_site_is_told_and_opens_no_other_incident() -> None:
    before = lasting("shop")
    incident = after(*before, a_report(6, "shop", "blog"))
    assert incident.id == after(*before).id
    assert incident.head.key == FAULT.key
    assert incident.timeline[-1].what == "shop.example and blog.example do not answer"


def test_a_site_that_nobody_looks_at_any_more_is_named_still() -> None:
    """Not seeing it fail is no answer; seeing it answer is."""
    before = lasting("shop", "blog")
    unseen = after(*before, a_report(6, "shop", blog=SiteState.NOT_TESTED))
    assert unseen.sites.count == 2
    well = after(*before, a_report(6, "shop", blog=SiteState.ANSWERS))
    assert well.sites == FailingSites(("shop.example",), 1)
    assert well.timeline[-1].what == "shop.example does not answer"


def test_the_end_names_the_sites_that_were_concerned() -> None:
    calm = [a_report(minute, shop=SiteState.ANSWERS) for minute in range(6, 16)]
    incident = after(*lasting("shop"), *calm)
    assert incident.ended
    assert "**Recovered** `shop.example` after" in card(cards.end(incident))
    assert "`shop.example` did not answer" in card(cards.incident(incident))
    assert cards.thread_name(incident) == "shop.example · Redirect · Fault edge: redirect"


def test_what_only_a_test_in_private_shows_is_not_named() -> None:
    public = Sites(
        taken_at=START, all=(a_site("shop"), a_site("blog")), by_public=(a_site("shop"),)
    )
    report = Report(START, (a_route("shop"),), supplements={Sites: public})
    findings = (a_route("shop"), a_route("blog", private=True))
    assert failing_sites(NO_SITES, findings, SiteNames(report)).named == ("shop.example",)


def test_many_sites_are_counted() -> None:
    incident = after(*lasting(*(f"site-{number:02}" for number in range(40))))
    assert (len(incident.sites.named), incident.sites.count) == (NAMED, 40)
    assert "and 35 more do not answer" in card(cards.incident(incident))


@given(
    st.lists(st.text(max_size=300), max_size=8, unique=True),
    st.lists(st.text(max_size=300), max_size=8),
)
def test_hostile_names_stay_names_and_within_limits(hosts: list[str], before: list[str]) -> None:
    """In any words, stored and read again, and the same look changes nothing."""
    sites = tuple(
        Site(host=host, state=SiteState.FAILS, decided_by=(a_ref("shop"),)) for host in hosts
    )
    report = Report(START, supplements={Sites: Sites(taken_at=START, all=sites)})
    known = FailingSites(tuple(before[:NAMED]), len(before))
    now = failing_sites(known, (a_route("shop"),), SiteNames(report))
    assert failing_sites(now, (a_route("shop"),), SiteNames(report)) == now
    assert len(now.named) <= NAMED
    assert all(len(name) <= 100 for name in now.named if name not in before)
    incident = Incident(
        id="0" * 16, head=FAULT, keys=(FAULT.key,), opened=START, worst=Verdict.FAILED, sites=now
    )
    said = card(cards.incident(incident))
    assert "@everyone" not in said.replace("`@everyone", "")
    assert read(ALERTS, written(ALERTS, Alerts((incident,)))) == Alerts((incident,))


def test_an_end_speaks_of_no_site_that_fails_by_something_else_still():
    """The fault is over, and one of its sites does not answer all the same."""
    state = None
    for minute in range(30):
        fails = a_report(minute, "shop", "wiki") if 0 < minute < 10 else None
        over = a_report(minute, shop=SiteState.ANSWERS, wiki=SiteState.FAILS)
        state = advance(state, fails or over, RULES)
    assert state
    (incident,) = state.incidents
    assert incident.ended
    assert incident.sites == FailingSites(("shop.example",), 1)


def test_a_site_that_comes_and_goes_fills_no_thread_of_anybodys_incident() -> None:
    """At once three times, then every ten minutes; what is told is how it is then."""
    flips = [
        a_report(minute, "shop", "blog")
        if minute % 2
        else a_report(minute, "shop", blog=SiteState.ANSWERS)
        for minute in range(6, 66)
    ]
    incident = after(*lasting("shop"), *flips)
    told = [line.at for line in incident.timeline if line.of_sites]
    assert len(told) == SITE_LINES + 5
    for earlier, later in pairwise(told[SITE_LINES - 1 :]):
        assert later - earlier >= SITES_EVERY
    calm = after(*lasting("shop"), *flips, a_report(90, "shop", "blog", "wiki"))
    assert calm.sites.count == 3


def test_the_sites_of_one_namespace_take_no_name_of_another_ones() -> None:
    """Of 600 hosts that failed before, the first is named, and then the next namespace's."""
    crowd = [a_site(f"crowd-{number}") for number in range(600)]
    bank = Ref("Ingress", "bank", "ledger")
    sites = (*crowd, Site(host="bank.example", state=SiteState.FAILS, decided_by=(bank,)))
    report = Report(START, (), supplements={Sites: Sites(taken_at=START, all=sites)})
    subjects = [*(ref for site in crowd for ref in site.decided_by), bank]
    findings = [replace(FAULT, subject=subject) for subject in subjects]
    before = failing_sites(NO_SITES, findings[:600], SiteNames(report))
    assert len(before.named) == NAMED
    now = failing_sites(before, findings, SiteNames(report))
    assert now.named[:2] == ("crowd-0.example", "bank.example")
    assert now.count == 601
