"""Everything that is kept in the cluster, with every field set: names and tags are wire formats."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from bot.alerting.domain.hosts import FailingSites
from bot.alerting.domain.incident import (
    ALERTS,
    Alerts,
    Incident,
    MessageRecord,
    Moment,
    Pending,
    Sent,
    Silence,
    Thread,
    WellTime,
)
from bot.alerting.domain.incident import KnownFinding as KnownAlert
from bot.alerting.domain.silences import MUTES, Mute, Mutes
from bot.app.leader_tasks import COMMANDS, CommandDigest
from bot.chat.lost_channels import LOST, Lost
from bot.digest.domain.diff import BASES, Base, Bases, KnownEntry
from bot.digest.domain.records import DIGESTS, DigestSchedule, DigestState, RunRecord, RunStage
from bot.digest.domain.schedule import Timetable
from bot.domain import record
from bot.domain.finding import Evidence, Finding, Ref
from bot.domain.record import PREFIX, RecordType
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import LETTER, Verdict
from bot.health.report_store import REPORT, Remembered
from bot.history.domain import record as history
from bot.history.domain.record import HISTORY, History, Point
from bot.history.domain.uptime import UPTIME, RequestCount, UptimeRecord
from bot.kube.configmap_store import KEY, LABELS
from bot.net.diagnosis.diagnosis import Confidence, Effect, Row
from bot.net.diagnosis.proofs import PROOFS, Proofs, ProvenFault
from bot.net.diagnosis.subject import Native
from bot.net.mesh import history as links
from bot.net.mesh.history import LINKS, LinkHistory
from bot.net.mesh.matrix import By
from bot.net.mesh.rounds import Fault
from bot.net.probing.protocol import CertificateFault, Outcome, ServedCertificate
from bot.net.route_checks.answered import Answerer, Need, RouteAnswer
from bot.net.route_checks.checks import CheckedHost, LatencySample, NodeAnswer, RouteChecks
from bot.net.route_checks.plan import LeftOut
from bot.net.route_checks.record import CHECKS as ROUTE_CHECKS
from bot.routing.site_state import SiteState
from bot.setup.domain.choices import CHOICES, ChannelPurpose, Choices
from bot.setup.domain.first_look import WELCOME, WelcomeRecord
from tests.golden import Pages
from tests.golden.shapes import pretty

AT = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 13, tzinfo=UTC)
NODE = Ref("Node", "", "edge")
FINDING = Finding(
    check="pods",
    subject=Ref("Pod", "apps", "web-1"),
    verdict=Verdict.FAILED,
    reason="CrashLoopBackOff",
    message="it crashes",
    since=AT,
    evidence=(Evidence("container", "main"),),
    follows=(NODE,),
    private=True,
    cause="nodes/Node//edge",
    known_as=Ref("Deployment", "apps", "web"),
)
POST = MessageRecord(channel=7, nonce="0123456789abcdef", begun=AT, message=8)
TURN = RunRecord(
    day=date(2026, 11, 23),
    due=AT,
    stage=RunStage.SENT,
    at=LATER,
    by="meshmedic-1_a",
    message=9,
    brief=True,
    findings=5,
    new=2,
    fixed=1,
    late=True,
)
SCHEDULE = DigestSchedule(
    name="weekly",
    channel=7,
    when=Timetable(18, 30, (6,), (1,), (1, 7)),
    began=AT,
    scopes=("pods",),
    namespace="apps",
    threshold=Verdict.DEGRADED,
    only_changes=True,
    trends=True,
    paused=True,
)
WELL = WellTime(began=AT, seen=timedelta(seconds=45), looked=LATER)
INCIDENT = Incident(
    id="0123456789abcdef",
    head=FINDING,
    keys=(FINDING.key,),
    opened=AT,
    worst=Verdict.FAILED,
    since=AT,
    ended=LATER,
    clear=LATER,
    well=WELL,
    flapping=True,
    timeline=(Moment(AT, "CrashLoopBackOff", of_sites=True),),
    revision=4,
    shown=3,
    posted=POST,
    ended_post=POST,
    held=True,
    seen_well=True,
    thread=Thread(told=2, post=POST, upto=3, refused=True, role=11),
    roles=(11,),
    worked_around=True,
    sites=FailingSites(("shop.example.com",), 4),
    silence=Silence("olga", LATER, acknowledged=True, within="namespace apps", reason="a new disk"),
    repairs=("ingressroute/apps/shop",),
)

RECORDS: tuple[tuple[RecordType[Any], Any], ...] = (
    (
        REPORT,
        Remembered(
            taken_at=AT,
            findings=(FINDING,),
            gaps=(
                Gap("Secret in apps", Why.FORBIDDEN, "may not list secrets", AT, "Secret", "apps"),
            ),
            counts={"Pod": 1},
            scopes=("pods",),
            dropped=3,
            notes=(
                msgspec.structs.replace(FINDING, verdict=Verdict.HEALTHY, reason="WorkedAround"),
            ),
        ),
    ),
    (COMMANDS, CommandDigest("0" * 64)),
    (
        HISTORY,
        History(
            points=(Point(499_000, "hps?df-", 4),),
            incidents=(history.PastIncident(FINDING.key, AT, LATER, Verdict.FAILED),),
            dropped=2,
        ),
    ),
    (
        LINKS,
        LinkHistory(
            hour=499_000,
            nodes={"edge": "hdf?"},
            faults=(Fault("edge", "home-1", By.POD, Outcome.TIMEOUT, AT, LATER),),
        ),
    ),
    (
        UPTIME,
        UptimeRecord(
            day=20_780,
            hosts={"shop.example.com": (RequestCount(1440, 2), RequestCount(720))},
            batches=("0123456789ab",),
            owners={"shop.example.com": "shop"},
        ),
    ),
    (
        DIGESTS,
        DigestState(
            schedules={"weekly": SCHEDULE},
            turns={"weekly": (TURN,)},
            removed=("daily",),
            began={"daily": AT},
        ),
    ),
    (
        BASES,
        Bases(
            {
                "weekly": Base(
                    taken_at=AT,
                    known={
                        FINDING.key: KnownEntry(
                            Verdict.FAILED,
                            "Crash",
                            AT,
                            "nodes/Node//edge",
                            FINDING.known_as,
                        )
                    },
                    dropped=1,
                    noted=("a1b2c3d4e5",),
                    hidden=("Secret",),
                )
            }
        ),
    ),
    (
        MUTES,
        Mutes(
            (
                Mute(by="olga", since=AT, until=LATER, finding=FINDING.key, reason="the disk"),
                Mute(by="olga", since=AT, until=LATER, namespace="apps", acknowledged=True),
                Mute(by="olga", since=AT, until=LATER, check="pods"),
            )
        ),
    ),
    (
        PROOFS,
        Proofs(
            (
                ProvenFault(
                    subject="ingress/apps/web web.example/",
                    tested=AT,
                    route=Ref("Ingress", "apps", "web"),
                    service=Ref("Service", "apps", "web"),
                    port=80,
                    native=Native.OFF,
                    endpoints=(("10.42.1.25", 8080),),
                    endpoints_seen=True,
                    row=Row.REDIRECT,
                    confidence=Confidence.PROVEN,
                    because="Refused on edge.",
                    effect=Effect.HELPS,
                    effect_because="The VIP worked 8 of 8 times.",
                    evidence=(Evidence("edge -> 10.42.1.25", "refused 8 of 8"),),
                    private=True,
                    passed=True,
                    worked=AT,
                    places=("edge",),
                ),
            )
        ),
    ),
    (CHOICES, Choices({ChannelPurpose.ALERTS: 7, ChannelPurpose.AUDIT: 8}, "Europe/Berlin")),
    (WELCOME, WelcomeRecord(owed=True, channel=7, at=AT, message=9, renewed=AT)),
    (
        ROUTE_CHECKS,
        RouteChecks(
            interval=timedelta(minutes=1),
            hosts=(
                CheckedHost(
                    host="web.example",
                    route=Ref("Ingress", "apps", "web"),
                    match="web.example/",
                    answers=(
                        NodeAnswer(
                            "edge",
                            LATER,
                            RouteAnswer(
                                Answerer.TRAEFIK,
                                SiteState.NOT_TESTED,
                                "HTTP 404, perhaps of Traefik itself",
                                404,
                                Need.CONTROL,
                            ),
                            ServedCertificate(1_800_000_000, (CertificateFault.EXPIRED,)),
                            12.5,
                        ),
                    ),
                    since=AT,
                    sole=True,
                    failed=AT,
                    latencies=(LatencySample(LATER, 12.5),),
                    kept=True,
                    asked=3,
                    answered=2,
                ),
            ),
            left_out=(LeftOut(NODE, "api.example", "its rule does not take /"),),
        ),
    ),
    (LOST, Lost({7: "Missing Access"})),
    (
        ALERTS,
        Alerts(
            incidents=(INCIDENT,),
            pending=(Pending(FINDING.key, AT, WELL),),
            known=(KnownAlert(FINDING.key, Verdict.DEGRADED, WELL),),
            ends=(Pending(FINDING.key, LATER),),
            messages=(Sent(7, AT, "apps@8"),),
            board=POST,
            refused=("Secret",),
            unread=("Lease",),
        ),
    ),
)
"""Each record with a value that uses all of it."""


def stored(record_type: RecordType[Any], value: Any) -> str:
    """The text as it is kept, over several lines."""
    text = record.written(record_type, value)
    assert isinstance(text, str)
    return msgspec.json.format(text, indent=2) + "\n"


def unused(value: Any) -> Iterator[str]:
    """The fields that no struct in a value sets to anything but its default."""
    used: dict[type[msgspec.Struct], set[str]] = {}
    for struct in _structs(value):
        names = used.setdefault(type(struct), set())
        names |= {field.name for field in msgspec.structs.fields(struct) if _is_set(struct, field)}
    for kind, names in used.items():
        for field in msgspec.structs.fields(kind):
            if field.name not in names:
                yield f"{kind.__name__}.{field.name}"


def _is_set(struct: msgspec.Struct, field: msgspec.structs.FieldInfo) -> bool:
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    return bool(getattr(struct, field.name) != default)


def _structs(value: Any) -> Iterator[msgspec.Struct]:
    match value:
        case msgspec.Struct():
            yield value
            for field in msgspec.structs.fields(value):
                yield from _structs(getattr(value, field.name))
        case dict():
            for inner in value.values():
                yield from _structs(inner)
        case list() | tuple():
            for inner in value:
                yield from _structs(inner)


def _places() -> str:
    """Where records are: a ConfigMap each, one key in it, and how large it may be."""
    places = {
        f"{PREFIX}{record_type.name}": {
            "key": KEY,
            "schema": record_type.schema,
            "most": record_type.most,
        }
        for record_type, _ in RECORDS
    }
    letters = LETTER | {"absent": history.ABSENT, "unseen": links.UNSEEN}
    return pretty({"labels": LABELS, "configMaps": places, "letters": letters})


PAGES: Pages = {
    **{
        f"{record_type.name}.json": lambda record_type=record_type, value=value: stored(
            record_type, value
        )
        for record_type, value in RECORDS
    },
    "places.json": _places,
}
