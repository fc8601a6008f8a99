"""The sites as a table: one line a site that was tested."""

from __future__ import annotations

from bot.render import text as words
from bot.render.table import Column, Screen, TableRow, TextPage
from bot.routing.site_state import SiteState
from bot.sites.domain.site import Site, Sites
from bot.sites.views import text as sites_text

MOST = 1000
"""Sites that are listed; JSON has them all."""

NAMES, ALL_NAMES = 300, 100_000
"""Characters for the sites that were not tested: on a terminal, and in a pipe."""

COLUMNS = (
    Column("STATUS", 8),
    Column("HOST", 24),
    Column("SINCE", 5),
    Column("LATENCY", 7),
    Column("SERVER", 12),
    Column("WHY"),
)
WORD = {SiteState.ANSWERS: ("answers", "green"), SiteState.FAILS: ("fails", "red")}


def sites(sites: Sites, screen: Screen) -> str:
    """The answer to `meshmedic sites`."""
    page = TextPage(screen)
    page.line(sites_text.title(sites), "bold")
    page.space()
    shown = list(sites.tested)
    if shown:
        page.table(COLUMNS, [_row(site, sites) for site in shown[:MOST]])
    if rest := words.rest_in_json(len(shown) - MOST):
        page.line(rest)
    page.space()
    room = ALL_NAMES if screen.width is None else NAMES
    if untested := sites_text.untested(sites, sites_text.how_in_terminal(sites), room):
        page.line(untested, "dim")
    if sites.unseen:
        page.line(", ".join(sites.unseen), "magenta", label="not seen")
    if sites.no_traefik:
        page.line(sites.no_traefik, "magenta", label="not seen")
    return page.text()


def _row(site: Site, sites: Sites) -> TableRow:
    now, seen = sites.taken_at, site.evidence
    word, style = WORD[site.state]
    said = (seen.symptom if site.state is SiteState.FAILS else seen.answer) if seen else ""
    because = sites_text.why(site)
    facts = (
        "" if said in because else said,
        because,
        sites_text.certificate(site, now),
        sites_text.partial(site),
    )
    why = " · ".join(words.line(fact, 4000) for fact in facts if fact)
    latency = sites_text.latency(site).replace(" ", "")
    server = ",".join(f"{at.service.namespace}/{at.service.name}" for at in site.backends)
    cells = (word, site.host, words.short_age(site.since, now), latency, server, why)
    return TableRow(cells, f"bold {style}")
