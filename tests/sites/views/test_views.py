"""What is told of sites fits its place, whatever is in it, and JSON keeps its schema."""

import io
import json as stdlib_json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from bot.cli import sites as sites_cli
from bot.domain.finding import Ref
from bot.render import terminal as rendered
from bot.render.table import PIPE
from bot.routing.running import SETTING
from bot.routing.site_state import SiteState
from bot.sites.domain.site import (
    EvidenceSource,
    Site,
    SiteBackend,
    SiteEvidence,
    Sites,
)
from bot.sites.views import discord, json, table, terminal, text
from tests.golden.sites import MANY, SOME, UNTESTED
from tests.health.views.test_discord import assert_harmless, texts
from tests.json_schema import validate
from tests.render.discord_markdown import unescaped
from tests.traefik.views.test_views import REFS, WORDS

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TIMES = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
EVIDENCE = st.builds(
    SiteEvidence,
    source=st.sampled_from(EvidenceSource),
    at=TIMES,
    symptom=WORDS,
    answer=WORDS,
    why=WORDS,
    since=TIMES,
)
SITES = st.builds(
    Site,
    host=WORDS,
    state=st.sampled_from(SiteState),
    evidence=st.none() | EVIDENCE,
    since=TIMES,
    code=WORDS,
    routes=st.lists(REFS, max_size=5).map(tuple),
    decided_by=st.lists(REFS, max_size=5).map(tuple),
    backends=st.lists(
        st.builds(SiteBackend, REFS, st.lists(WORDS, max_size=5).map(tuple)), max_size=5
    ).map(tuple),
    untested=WORDS,
    latency=st.none() | st.floats(min_value=0, max_value=1e7),
    certificate_ends=TIMES,
    certificate_fault=WORDS,
)
WHOLE = st.builds(
    Sites,
    taken_at=TIMES.map(lambda at: at or NOW),
    all=st.lists(SITES, max_size=40).map(tuple),
    no_traefik=WORDS,
    unseen=st.lists(WORDS, max_size=3).map(tuple),
    checked=st.booleans(),
)


@given(WHOLE)
def test_any_sites_are_a_valid_card(sites: Sites) -> None:
    """Within Discord's limits, and no text of the cluster means anything there."""
    assert_harmless(discord.sites(sites))


@given(WHOLE)
def test_any_sites_fit_a_terminal_and_their_schema(sites: Sites) -> None:
    """At 80 columns, and as JSON."""
    out = io.StringIO()
    rendered.show(Console(file=out, width=80, color_system=None), terminal.sites(sites))
    assert all(cell_len(line) <= 80 for line in out.getvalue().splitlines())
    validate(stdlib_json.loads(json.sites(sites)), json.schema())


def test_the_first_line_counts_only_what_was_tested() -> None:
    """What nobody saw is neither good nor bad, and is said beside it."""
    assert text.headline(SOME) == (
        "2 of 5 sites don't answer · 2 not tested · not all routes could be read"
    )
    assert text.headline(UNTESTED) == "40 sites, none tested yet"
    assert text.headline(MANY) == "40 of 40 sites don't answer"
    one = replace(SOME, all=SOME.all[2:3], unseen=())
    assert text.headline(one) == "1 of 1 site answers"
    assert text.headline(replace(one, all=())) == text.headline(None) == ""


def test_a_site_that_does_not_answer_says_by_which_symptom_and_since_when() -> None:
    """In words that a newcomer reads at once."""
    failing, missing, seen, *_ = SOME.all

    def at(moment: datetime) -> str:
        return text.clock_time(moment, SOME.taken_at)

    assert text.state(failing, at).startswith("does not answer: 502 since 2026-")
    assert text.state(missing, at).startswith("does not answer: service not found since ")
    assert text.state(seen, at).startswith("answers: a request was answered at ")
    assert text.partial(failing) == "by IngressRoute apps/photos, of 2 routes"


def test_a_site_that_answers_says_by_what_that_was_seen_and_when() -> None:
    """Whatever showed it."""
    (site,) = SOME.all[2:3]
    for source, words in text.SEEN_BY.items():
        seen = SiteEvidence(source=source, at=NOW - timedelta(minutes=4))
        state = text.state(replace(site, evidence=seen), lambda moment: f"{moment:%H:%M}")
        assert state == f"answers: {words} at 11:56"
    assert text.SEEN_BY[EvidenceSource.METRICS] == "Traefik's metrics show an answer"


def test_times_of_today_need_no_date() -> None:
    """All are in UTC."""
    assert text.clock_time(NOW - timedelta(minutes=1), NOW) == "11:59"
    assert text.clock_time(NOW - timedelta(days=2), NOW) == "2026-11-21 12:00"


def test_what_was_not_tested_is_one_line_that_counts_what_has_no_room() -> None:
    """With how to test them."""
    line = text.untested(UNTESTED, "Test them.", 60)
    assert line.startswith("40 sites not tested: site-0.example.org, site-1.example.org")
    assert line.endswith(" and 37 more. Test them.")
    assert text.untested(MANY, "Test them.", 60) == ""


def test_many_sites_are_cut_with_a_count_and_the_file_has_them_all() -> None:
    """A message has room for some."""
    card = discord.sites(MANY)
    assert any("more in the file" in part for part in texts(card))
    (file,) = card.files
    assert file.content.decode().count("does not answer: 502") == 40


def test_a_service_on_many_nodes_names_some() -> None:
    """And says how many more there are."""
    nodes = tuple(f"node-{number}" for number in range(5))
    backend = SiteBackend(Ref("Service", "apps", "web"), nodes)
    site = replace(SOME.all[0], backends=(backend,))
    assert text.leads_to(site) == "apps/web on node-0, node-1, node-2 and 2 more"


def test_sites_that_are_not_tested_for_one_reason_stand_together() -> None:
    rest = {"host": "x", "state": SiteState.NOT_TESTED}
    three = (("a", "no host"), ("b", ""), ("c", "no host"))
    sites = Sites(
        taken_at=NOW, all=tuple(Site(**{**rest, "host": name}, untested=why) for name, why in three)
    )
    assert text.untested(sites, "Test them.", 100) == (
        "3 sites not tested: a, c (no host), b. Test them."
    )


def test_who_has_no_route_checks_is_told_how_to_turn_them_on() -> None:
    """Who has them is not."""
    card = "".join(texts(discord.sites(UNTESTED)))
    assert "set `MESHMEDIC_ROUTE_CHECKS`" in card
    assert "ROUTE_CHECKS" not in "".join(texts(discord.sites(replace(UNTESTED, checked=True))))


def test_a_terminal_says_how_to_test_by_the_same_words_in_each_output() -> None:
    """As a table and in full, with route checks and without."""
    for sites in (UNTESTED, replace(UNTESTED, checked=True)):
        assert text.how_in_terminal(sites) in " ".join(_as_table(sites).split())
        assert text.how_in_terminal(sites) in _in_full(sites)


def test_a_latency_has_a_unit_that_fits() -> None:
    site = Site(host="a", state=SiteState.ANSWERS)
    for took, said in ((None, ""), (0.3, "<1 ms"), (12.4, "12 ms"), (2340.0, "2.3 s")):
        assert text.latency(replace(site, latency=took)) == said


def test_a_certificate_that_ended_says_when_and_another_that_browsers_refuse_says_why() -> None:
    """A date alone would say that all is well with it."""
    refused = Site(host="a", state=SiteState.ANSWERS, certificate_fault="wrong name")
    ended = replace(refused, certificate_ends=NOW - text.DAY, certificate_fault="expired")
    later = replace(refused, certificate_ends=NOW + 90 * text.DAY)
    assert text.certificate(ended, NOW) == "certificate expired 1 day ago"
    for site in (refused, later):
        assert text.certificate(site, NOW) == "browsers reject its certificate: wrong name"


@pytest.mark.parametrize("gap", [{"unseen": ("IngressRoute",)}, {"no_traefik": "None was found."}])
def test_that_there_are_no_sites_is_said_only_of_all_that_may_have_them(gap: dict[str, Any]):
    """A kind that nobody may read, or a Traefik that nobody found, may have some."""
    none, partly = Sites(taken_at=NOW), Sites(taken_at=NOW, **gap)
    assert (sites_cli.code_of(none), sites_cli.code_of(partly)) == (0, 3)
    for view in (_in_discord, _as_table, _in_full):
        assert text.NONE in view(none)
        assert text.NONE not in view(partly)
        assert text.NOT_SEEN in view(partly)
    assert "❔" in _in_discord(partly)


def _in_discord(sites: Sites) -> str:
    return unescaped("".join(texts(discord.sites(sites))))


def _as_table(sites: Sites) -> str:
    return table.sites(sites, PIPE)


def _in_full(sites: Sites) -> str:
    return " ".join(rendered.plain(terminal.sites(sites)).split())


def test_that_no_traefik_was_seen_stands_in_every_output():
    """With the setting that takes it in: else nobody knows why no site is tested."""
    why = f"No running Traefik pod was found. If it is yours, set {SETTING}=kube-system,network."
    whole = replace(SOME, no_traefik=why)
    assert why in _in_discord(whole)
    assert why in _in_full(whole)
    assert stdlib_json.loads(json.sites(whole))["noTraefik"] == why
