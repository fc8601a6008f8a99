"""`/sites` and `meshmedic sites`: sites of every state, and clusters without any."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from bot.domain.finding import Ref
from bot.routing.site_state import SiteState
from bot.sites.domain.site import (
    EvidenceSource,
    Site,
    SiteBackend,
    SiteEvidence,
    Sites,
)
from bot.sites.views import discord, json, table, terminal
from tests.golden import Pages
from tests.golden.moments import NOW
from tests.golden.shapes import card, on_screens, page

LONG = NOW - timedelta(days=2)


def _site(
    name: str, evidence: SiteEvidence | None = None, *, ends: int = 60, **rest: object
) -> Site:
    state = SiteState.NOT_TESTED
    if evidence:
        state = SiteState.FAILS if evidence.symptom else SiteState.ANSWERS
    route = Ref("IngressRoute", "apps", name)
    given = {
        "routes": (route,),
        "decided_by": (route,) if evidence else (),
        "backends": (SiteBackend(Ref("Service", "apps", name), ("home-1",)),),
        "certificate_ends": NOW + timedelta(days=ends),
        **rest,
    }
    return Site(host=f"{name}.example.org", state=state, evidence=evidence, **given)  # type: ignore[arg-type]


def _ago(minutes: float, source: EvidenceSource, symptom: str = "", why: str = "") -> SiteEvidence:
    at = NOW - timedelta(minutes=minutes)
    return SiteEvidence(source=source, at=at, symptom=symptom, why=why)


REFUSED = _ago(3, EvidenceSource.TRAEFIK, "502", "connection refused at 10.42.1.7:8080")
MISSING = _ago(0, EvidenceSource.OBJECTS, "service not found", "Service apps/gone does not exist.")


def _answered(answer: str, why: str = "") -> SiteEvidence:
    return replace(_ago(0.5, EvidenceSource.ROUTE_CHECK, why=why), answer=answer)


REFUSED_CHECK = _ago(0.5, EvidenceSource.ROUTE_CHECK, "502", "HTTP 502 of Traefik itself")
ANSWERED_CHECK = _answered("HTTP 200")
PHOTOS = Ref("IngressRoute", "apps", "photos")
OTHER = Ref("Ingress", "apps", "photos-api")

SOME = Sites(
    taken_at=NOW,
    all=(
        _site("photos", REFUSED, since=LONG, code="3k7q0zd", routes=(OTHER, PHOTOS)),
        _site("wiki", MISSING, since=NOW - timedelta(hours=3), backends=(), code="0abcdef"),
        _site("mail", _ago(12, EvidenceSource.ACCESS_LOG), ends=9),
        _site("music", _ago(180, EvidenceSource.TEST)),
        _site("notes", _ago(50, EvidenceSource.REPAIR), ends=-1, certificate_ends=None),
        _site("paste"),
        _site("feeds"),
    ),
    unseen=("Ingress",),
)
UNTESTED = Sites(taken_at=NOW, all=tuple(_site(f"site-{number}") for number in range(40)))
MANY = Sites(
    taken_at=NOW, all=tuple(_site(f"site-{number}", REFUSED, since=LONG) for number in range(40))
)
NOTHING = Sites(taken_at=NOW)
CHECKED = Sites(
    taken_at=NOW,
    checked=True,
    all=(
        _site("photos", REFUSED_CHECK, since=LONG, code="3k7q0zd", latency=8.4),
        _site("wiki", ANSWERED_CHECK, latency=12.2),
        _site(
            "archive",
            _answered("HTTP 503", "HTTP 503 of the backend itself, Retry-After 120 s"),
            latency=0.2,
        ),
        _site(
            "mail",
            _answered(
                "HTTP 401", "HTTP 401 of basicAuth or digestAuth, and its port is open behind it"
            ),
        ),
        _site("reports", ANSWERED_CHECK, latency=2345.6),
        _site("shop", ANSWERED_CHECK, certificate_fault="wrong name"),
        _site("paste", untested="its rule does not take /, and no other path is asked"),
        _site("feeds", untested="the annotation meshmedic.dev/route-check is off"),
        _site("admin", untested="its rule does not take /, and no other path is asked"),
    ),
)

SHOWN = {
    "some": SOME,
    "none-tested": UNTESTED,
    "many": MANY,
    "none": NOTHING,
    "checked": CHECKED,
}


def _pages(name: str, sites: Sites) -> Pages:
    return {
        f"{name}-discord.json": lambda: card(discord.sites(sites)),
        f"{name}-terminal.txt": lambda: page(terminal.sites(sites)),
        f"{name}-table.txt": lambda: on_screens(table.sites, sites),
        f"{name}.json": lambda: json.sites(sites).decode(),
    }


PAGES: Pages = {
    name: tell for shown in map(_pages, SHOWN, SHOWN.values()) for name, tell in shown.items()
}
