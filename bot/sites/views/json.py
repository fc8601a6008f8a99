"""The sites as JSON, for scripts. The schema is published in docs/sites.schema.json."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from bot.domain.finding import Ref
from bot.render.json_text import indented, schema_of
from bot.routing.site_state import SiteState
from bot.sites.domain.site import EvidenceSource, Site, SiteBackend, Sites
from bot.sites.views import text as sites_text

VERSION = "meshmedic.dev/sites/v1"


class JsonSite(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A host. `source` says how its state is known, and `seen` when; empty where it is not tested.

    `answer` is what was answered, such as `HTTP 200`. `why` says more of that or of the symptom,
    or why it is not tested. `latency` is the median of the last hour's checks, in milliseconds.
    `certificateFault` is why browsers refuse the certificate that is served.
    `decidedBy` are those of its routes that the state comes from. `code` is that of a finding.
    """

    host: str
    state: SiteState
    since: datetime | None
    symptom: str
    answer: str
    why: str
    source: EvidenceSource | None
    seen: datetime | None
    code: str
    routes: tuple[Ref, ...]
    decided_by: tuple[Ref, ...]
    backends: tuple[SiteBackend, ...]
    latency: float | None
    certificate_ends: datetime | None
    certificate_fault: str


class JsonSites(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """All sites. `tested` are those that answer or do not; `unseen` kinds of routes were not read.

    `headline` says so in words. `noTraefik` is why none was found that may serve them; empty where
    one runs.
    """

    schema: str
    taken_at: datetime
    headline: str
    tested: int
    answering: int
    unseen: tuple[str, ...]
    no_traefik: str
    sites: tuple[JsonSite, ...]


def sites(sites: Sites) -> bytes:
    """The sites as indented JSON with a line end."""
    document = JsonSites(
        schema=VERSION,
        taken_at=sites.taken_at,
        headline=sites_text.headline(sites),
        tested=sum(1 for _ in sites.tested),
        answering=len(sites.of(SiteState.ANSWERS)),
        unseen=sites.unseen,
        no_traefik=sites.no_traefik,
        sites=tuple(map(_site, sites.all)),
    )
    return indented(document)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the sites."""
    return schema_of(JsonSites, VERSION)


def _site(site: Site) -> JsonSite:
    seen = site.evidence
    return JsonSite(
        host=site.host,
        state=site.state,
        since=site.since,
        symptom=seen.symptom if seen else "",
        answer=seen.answer if seen else "",
        why=seen.why if seen else site.untested,
        source=seen.source if seen else None,
        seen=seen.at if seen else None,
        code=site.code,
        routes=site.routes,
        decided_by=site.decided_by,
        backends=site.backends,
        latency=site.latency,
        certificate_ends=site.certificate_ends,
        certificate_fault=site.certificate_fault,
    )
