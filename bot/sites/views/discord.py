"""The card of the sites: what does not answer first, and everything as a file."""

from __future__ import annotations

from datetime import datetime

from bot.domain.verdict import Verdict
from bot.render import cards, terminal
from bot.render import text as words
from bot.routing.site_state import SiteState
from bot.sites.domain.site import Site, Sites
from bot.sites.views import terminal as sites_terminal
from bot.sites.views import text as sites_text

MOST = 24
HOST = 80
DETAIL = 160
WHY = 120
NAMES = 600
TRAEFIK = 600
FILE = "sites.txt"
LARGEST_FILE = 8 * 1024 * 1024

HOW = "Test one with `/net diagnose`."
TURN_ON = "To test all of them, set `MESHMEDIC_ROUTE_CHECKS`. To test one: `/net diagnose`"


def sites(sites: Sites) -> cards.Card:
    """The answer to `/sites`: a line for each that was tested, and one for all others."""
    verdict = verdict_of(sites)
    title = sites_text.title(sites)
    plain = sites.seen_whole and not sites.all
    head = f"## Sites\n{title}" if plain else f"## {words.MARK[verdict]} {title}"
    shown = list(sites.tested)
    tail = "\n".join(_tail(sites))
    room = cards.TEXT - len(head) - len(tail) - 100
    lines = list(words.fitting([_line(site, sites.taken_at) for site in shown[:MOST]], room))
    if hidden := len(shown) - len(lines):
        lines.append(f"-# … and {hidden:,} more in the file")
    parts = [head, "\n".join(lines), tail]
    page = terminal.plain(sites_terminal.sites(sites))
    card = cards.card(verdict, parts, ())
    return cards.with_files(card, (cards.Attachment.of_text(FILE, page, LARGEST_FILE),))


def verdict_of(sites: Sites) -> Verdict:
    """Only for the colour and the sign: failed, healthy, or unknown where nothing was tested."""
    if sites.of(SiteState.FAILS):
        return Verdict.FAILED
    return Verdict.HEALTHY if any(sites.tested) and sites.seen_whole else Verdict.UNKNOWN


def _line(site: Site, now: datetime) -> str:
    mark = words.MARK[sites_terminal.VERDICT[site.state]]
    state = sites_text.state(
        site, lambda at: _moment(at, now), lambda symptom: cards.code(symptom, sites_text.NAME)
    )
    details = (
        words.brief(sites_text.why(site), WHY),
        sites_text.latency(site),
        sites_text.leads_to(site),
        sites_text.certificate(site, now),
        sites_text.partial(site),
    )
    more = " · ".join(cards.prose(detail, DETAIL) for detail in details if detail)
    return f"{mark} {cards.code(site.host, HOST)} {state}" + (f"\n-# {more}" if more else "")


def _moment(at: datetime, now: datetime) -> str:
    """Each reader sees it in their own time zone."""
    return cards.stamp(at, "t" if now - at < sites_text.DAY else "f")


def _tail(sites: Sites) -> list[str]:
    lines = []
    if untested := sites_text.untested(sites, "", NAMES):
        how = HOW if sites.checked else TURN_ON
        lines.append(f"-# {cards.prose(untested, NAMES + 200)} {how}")
    if sites.unseen:
        kinds = cards.code(", ".join(sites.unseen), 100)
        lines.append(f"{words.MARK[Verdict.UNKNOWN]} The bot couldn't read all routes: {kinds}")
    if sites.no_traefik:
        lines.append(f"{words.MARK[Verdict.UNKNOWN]} {cards.prose(sites.no_traefik, TRAEFIK)}")
    lines.append(f"-# checked {cards.stamp(sites.taken_at, 'R')}")
    return lines
