"""How many sites answer is the first that every view says, in one line of one function."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts
from bot.alerting.views.discord import board
from bot.digest.domain.digest import Digest, compose
from bot.digest.domain.open_items import StandingItem
from bot.digest.views import discord as digest_cards
from bot.digest.views import text as digest_text
from bot.domain.report import Report
from bot.health.service import Health
from bot.health.views import discord as health_cards
from bot.health.views import terminal as health_terminal
from bot.render.terminal import plain
from bot.routing.site_state import SiteState
from bot.sites.domain.site import Sites
from bot.sites.views import text
from tests.fakes import FakeCluster
from tests.golden.moments import NOW
from tests.golden.sites import SOME
from tests.health.views.test_discord import texts
from tests.sites.world import a_served_cluster, a_site_route

PUBLIC = replace(SOME, all=SOME.all[2:], unseen=())
"""What fails was only seen in private."""

WHOLE = replace(SOME, by_public=PUBLIC.all, unseen=())


def a_report(sites: Sites | None) -> Report:
    return Report(NOW, counts={"Pod": 2}, supplements={Sites: sites} if sites else {})


def a_digest(report: Report) -> Digest:
    return compose("digest", report, StandingItem(), None)


TO_ALL: dict[str, Callable[[Report], str]] = {
    "board": lambda report: texts(board(report, Alerts()))[0],
    "digest": lambda report: texts(digest_cards.digest(a_digest(report)))[0],
    "digest in one line": lambda report: texts(digest_cards.brief(a_digest(report)))[0],
    "digest as text": lambda report: digest_text.text(a_digest(report)),
}
TO_ONE: dict[str, Callable[[Report], str]] = {
    "/health": lambda report: texts(health_cards.report(report))[0],
    "check": lambda report: plain(health_terminal.report(report)),
}


@pytest.mark.parametrize("view", [*TO_ALL, *TO_ONE])
def test_it_stands_in_every_view(view: str) -> None:
    """In the words of the sites' own views; without sites there is no such line."""
    tell = (TO_ALL | TO_ONE)[view]
    assert text.headline(SOME) in tell(a_report(SOME))
    assert "site" not in tell(a_report(None))


@pytest.mark.parametrize("view", TO_ALL)
def test_what_everybody_sees_rests_on_public_evidence(view: str) -> None:
    """A test in private that failed is nobody else's business."""
    shown = TO_ALL[view](a_report(WHOLE))
    assert "3 of 3 sites answer" in shown
    assert "do not" not in shown


@pytest.mark.parametrize("view", TO_ONE)
def test_who_asks_is_told_what_the_findings_below_say(view: str) -> None:
    """They show what was seen in private, too."""
    assert "2 of 5 sites don't answer" in TO_ONE[view](a_report(WHOLE))


async def test_only_a_report_that_judges_routes_has_sites() -> None:
    """Of the others nobody looked at them."""
    health = Health(FakeCluster(objects=[*a_served_cluster(), a_site_route()]))
    assert (await health.check(("pods",))).supplement(Sites) is None
    for scopes in ((), ("routes",), ("routes", "pods")):
        sites = (await health.check(scopes)).supplement(Sites)
        assert sites is not None
        assert [site.state for site in sites.all] == [SiteState.NOT_TESTED]
    assert (await health.sites()).all
    assert not (await health.sites("elsewhere")).all
