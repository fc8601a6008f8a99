"""Alerts: an incident from its begin to its end, what was held back, the board, a lost channel."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from bot.alerting.domain import outage
from bot.alerting.domain.hosts import FailingSites
from bot.alerting.domain.incident import (
    Alerts,
    Incident,
    MessageRecord,
    Moment,
    Silence,
    Thread,
)
from bot.alerting.domain.silences import Mute
from bot.alerting.views import discord as discord_alert
from bot.alerting.views import outage as outage_view
from bot.alerting.views import silences
from bot.chat.channel import complaint
from bot.domain.finding import Ref
from bot.domain.outage import OutageReason
from bot.domain.story import LogTail
from bot.domain.verdict import Verdict
from bot.routing.traefik_word import REQUESTS_FAIL
from commands.alerts import controls as alert_controls
from tests.golden import Pages
from tests.golden.moments import GAPS, NOW, report
from tests.golden.shapes import card, plain

MARK = "0123456789abcdef"
ROLE = 300_000_000_000_000_011
HEAD = next(root for root in report("homelab").roots if root.subject.kind == "Pod")
BEGAN = NOW - timedelta(minutes=90)
TIMELINE = (
    Moment(BEGAN, "CrashLoopBackOff: degraded"),
    Moment(BEGAN + timedelta(minutes=20), "failed"),
    Moment(BEGAN + timedelta(minutes=80), "one more follows from it"),
)
STARTED = Incident(
    id=MARK,
    head=HEAD,
    keys=(HEAD.key, "endpoints/Service/media/immich-machine-learning"),
    opened=BEGAN,
    worst=Verdict.FAILED,
    timeline=TIMELINE,
    revision=3,
)
TOLD_IN_THREAD = replace(
    STARTED, thread=Thread(told=1, post=MessageRecord(1, MARK, BEGAN, 2), upto=3)
)
WITH_SITES = replace(
    STARTED,
    head=replace(
        HEAD,
        check="route-faults",
        subject=Ref("Fault", "", "edge: redirect"),
        reason="Redirect",
        message="On edge, connections of pods to port 8080 of a pod on attic are refused.",
        known_as=None,
        evidence=(),
        follows=(),
    ),
    keys=(
        "route-faults/Fault//edge: redirect",
        "routes-ingressroute/IngressRoute/media/shop",
        "routes-ingress/Ingress/media/blog",
        "routes-ingress/Ingress/media/wiki",
    ),
    sites=FailingSites(("shop.example.com", "blog.example.com"), 5),
)
FLAPPING = replace(STARTED, flapping=True)
ENDED = replace(
    STARTED, ended=NOW, timeline=(*TIMELINE, Moment(NOW, "recovered")), worst=Verdict.FAILED
)
SILENT = replace(
    STARTED,
    head=replace(
        HEAD,
        check="routes-ingressroute",
        subject=Ref("IngressRoute", "media", "immich"),
        reason=REQUESTS_FAIL,
        message="7 requests did not reach a server, by Traefik's log: 502 timeout.",
        known_as=Ref("Site", "", "immich.example.org"),
    ),
    keys=("routes-ingressroute/IngressRoute/media/immich",),
    ended=NOW,
    timeline=(*TIMELINE, Moment(NOW, "no longer seen failing")),
)


def _outage(reason: OutageReason, error: str) -> Incident:
    id_ = outage.outage_id(outage.stem("meshmedic/meshmedic", 4), 1)
    seen = "3 problems · 117 of 120 healthy"
    return outage.incident_of(id_, BEGAN, reason=reason, error=error, seen=seen)


OUTAGE = _outage(
    OutageReason.UNREACHABLE,
    "The API server at https://10.43.0.1:443 cannot be reached: Connection refused",
)
OUTAGE_OF_ERRORS = _outage(
    OutageReason.ERRORS, "The API server answered 500: etcdserver: mvcc: database space exceeded"
)
OUTAGE_OF_REFUSALS = _outage(OutageReason.NOT_ALLOWED, "The API server answered 401: Unauthorized")
OUTAGE_ENDED = replace(OUTAGE.with_line(NOW, "recovered"), ended=NOW)


QUIET = {
    "muted": Silence(by="olga", until=NOW + timedelta(hours=4), reason="the new disk comes today"),
    "acknowledged": Silence(by="anna", until=NOW + timedelta(hours=8), acknowledged=True),
    "muted-namespace": Silence(by="olga", until=NOW + timedelta(days=2), within="namespace media"),
    "muted-annotation": Silence(
        reason="muted by the annotation of Namespace media until 2026-12-24 00:00 UTC: holidays"
    ),
}
TAIL = LogTail(
    container="immich",
    previous=True,
    lines=(
        "loading the model",
        "",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "  what():  std::bad_alloc",
        "Aborted (core dumped)",
    ),
)
REPAIRABLE = replace(WITH_SITES, repairs=("ingressroute/media/shop",))


def _incident(one: Incident, role: int | None = None, log: str = "") -> str:
    return card(discord_alert.incident(one, alert_controls.rows(one), role, log))


def _many(number: int) -> tuple[Incident, ...]:
    heads = (replace(HEAD, subject=Ref("Pod", "apps", f"web-{n}")) for n in range(number))
    return tuple(
        replace(STARTED, id=f"{n:016x}", head=head, keys=(head.key,))
        for n, head in enumerate(heads)
    )


MUTES = (
    Mute(by="olga", since=BEGAN, until=NOW, finding=HEAD.key, reason="the new disk comes today"),
    Mute(by="olga", since=BEGAN, until=NOW, namespace="media"),
    Mute(by="anna", since=BEGAN, until=NOW, check="pods", acknowledged=True),
)


ANNOTATED = {HEAD: "muted by the annotation of Namespace media until 2026-12-24 00:00 UTC"}


def _mutes() -> str:
    """As a digest says them."""
    return "".join(f"{mute.name} · {mute.shown}: {mute.line()}\n" for mute in MUTES)


PAGES: Pages = {
    "incident.json": lambda: _incident(STARTED),
    "incident-with-role.json": lambda: _incident(STARTED, ROLE),
    "incident-told-in-thread.json": lambda: _incident(TOLD_IN_THREAD),
    "incident-with-sites.json": lambda: _incident(WITH_SITES),
    "incident-with-sites-ended.json": lambda: _incident(replace(WITH_SITES, ended=NOW)),
    "incident-flapping.json": lambda: _incident(FLAPPING),
    **{
        f"incident-{name}.json": partial(_incident, replace(STARTED, silence=silence))
        for name, silence in QUIET.items()
    },
    "incident-with-log.json": lambda: _incident(STARTED, log=discord_alert.last_lines(TAIL)),
    "incident-with-a-fix.json": lambda: _incident(REPAIRABLE),
    "incident-with-fixes.json": lambda: _incident(
        replace(REPAIRABLE, repairs=("ingressroute/media/shop", "ingress/media/blog"))
    ),
    "incident-ended-still-muted.json": lambda: _incident(
        replace(ENDED, silence=QUIET["acknowledged"])
    ),
    "incident-worked-around.json": lambda: _incident(
        replace(WITH_SITES, ended=NOW, worked_around=True)
    ),
    "incident-ended.json": lambda: _incident(ENDED),
    "incident-no-longer-seen.json": lambda: _incident(SILENT),
    "outage.json": lambda: card(outage_view.incident(OUTAGE, ROLE)),
    "outage-of-errors.json": lambda: card(outage_view.incident(OUTAGE_OF_ERRORS)),
    "outage-of-refusals.json": lambda: card(outage_view.incident(OUTAGE_OF_REFUSALS)),
    "outage-ended.json": lambda: card(outage_view.incident(OUTAGE_ENDED)),
    "outage-board.json": lambda: card(outage_view.board(OUTAGE)),
    "outage-end.json": lambda: card(outage_view.end(OUTAGE_ENDED)),
    "end.json": lambda: card(discord_alert.end(ENDED)),
    "end-no-longer-seen.json": lambda: card(discord_alert.end(SILENT)),
    "thread.json": lambda: card(discord_alert.timeline(TIMELINE, ROLE)),
    "thread-not-kept.json": lambda: card(discord_alert.timeline(())),
    "end-with-sites.json": lambda: card(discord_alert.end(replace(WITH_SITES, ended=NOW))),
    "thread-name-with-sites.json": lambda: plain(discord_alert.thread_name(WITH_SITES)),
    "thread-name.json": lambda: plain(discord_alert.thread_name(STARTED)),
    "summary.json": lambda: card(discord_alert.summary(_many(2))),
    "summary-of-many.json": lambda: card(discord_alert.summary(_many(17))),
    "board-healthy.json": lambda: card(discord_alert.board(report("healthy"), Alerts())),
    "board-with-incidents.json": lambda: card(
        discord_alert.board(report("homelab"), Alerts((WITH_SITES, *_many(16), ENDED)))
    ),
    "board-not-all-seen.json": lambda: card(
        discord_alert.board(report("node-down", *GAPS), Alerts())
    ),
    "lost.json": lambda: card(complaint(7, "403 Forbidden: Missing Access")),
    "withheld.json": lambda: card(discord_alert.withheld((STARTED, ENDED))),
    "mutes.txt": _mutes,
    "mutes.json": lambda: plain(silences.listed(MUTES, ANNOTATED)),
    "mutes-none.json": lambda: plain(silences.listed((), {})),
    "muted.json": lambda: plain(silences.muted(MUTES[0])),
    "acknowledged.json": lambda: plain(silences.muted(MUTES[2])),
    "unmuted.json": lambda: plain(silences.unmuted(MUTES[1])),
}
