"""The sites for a terminal: a line for each with its state, and what is known of it below."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from bot.domain.verdict import Verdict
from bot.render import terminal
from bot.render import text as words
from bot.routing.site_state import SiteState
from bot.sites.domain.site import Site, Sites
from bot.sites.views import text as sites_text

MOST = 500
"""Sites that are printed; JSON has them all."""

NAMES = 300
HOST = 100
WIDEST = 44
INDENT = 3
WHY = 75

VERDICT = {SiteState.FAILS: Verdict.FAILED, SiteState.ANSWERS: Verdict.HEALTHY}
"""The verdict whose sign and colour a state has."""


def sites(sites: Sites) -> RenderableType:
    """The answer to `meshmedic sites`."""
    title = sites_text.title(sites)
    shown = list(sites.tested)
    head = [Text(title, "bold"), Text(f"{sites.taken_at:%Y-%m-%d %H:%M:%S} UTC", "dim")]
    rows = [row for site in shown[:MOST] for row in _rows(site, sites, _width(shown[:MOST]))]
    return Group(*head, *([Text()] if rows else []), *rows, *_notes(sites, len(shown) - MOST))


def _width(shown: list[Site]) -> int:
    """The columns of the longest host; a very long one stands out."""
    return min(WIDEST, max((len(words.line(site.host, HOST)) for site in shown), default=0))


def _rows(site: Site, sites: Sites, width: int) -> Iterator[RenderableType]:
    now, verdict = sites.taken_at, VERDICT[site.state]
    state = sites_text.state(site, lambda at: sites_text.clock_time(at, now))
    host = words.line(site.host, HOST)
    yield Text.assemble(
        f"{words.MARK[verdict]} ",
        (f"{host:<{width}}", "bold"),
        "  ",
        (state, terminal.STYLE[verdict]),
    )
    if reason := words.brief(sites_text.why(site), WHY):
        yield terminal.indented(Text(reason), INDENT)
    parts = (
        sites_text.latency(site),
        sites_text.leads_to(site),
        sites_text.certificate(site, now),
        sites_text.partial(site),
    )
    if known := " · ".join(words.line(part, terminal.WIDE) for part in parts if part):
        yield terminal.indented(Text(known, "dim"), INDENT)


def _notes(sites: Sites, hidden: int) -> Iterator[Text]:
    if rest := words.rest_in_json(hidden):
        yield Text(rest)
    if untested := sites_text.untested(sites, sites_text.how_in_terminal(sites), NAMES):
        yield Text()
        yield Text(untested, "dim")
    if sites.unseen:
        yield terminal.labelled("not seen", "magenta", ", ".join(sites.unseen))
    if sites.no_traefik:
        yield terminal.labelled("not seen", "magenta", sites.no_traefik)
