"""What other programs read, or later versions of this one: kinds, jobs, lines, keys, leases, words.

The JSON schemas are not here: tests/test_docs.py holds those of docs/ against the code.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from bot.alerting.domain.incident import identify
from bot.digest.domain.records import RunStage, mark
from bot.domain import posting
from bot.domain.election import LeaseSpec
from bot.domain.finding import Ref, Target, code_of
from bot.domain.mute_annotation import MUTE
from bot.domain.snapshot import Why
from bot.domain.verdict import Verdict
from bot.gitops.domain import file_edit
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit
from bot.kube import change_codec as change_objects
from bot.kube import change_events, lease
from bot.kube import change_writer as approver
from bot.net.diagnosis.diagnosis import Confidence, Effect, Row
from bot.net.mesh.matrix import By
from bot.net.probing import agent_configmaps, manifests, signed_job
from bot.net.probing.protocol import (
    CertificateFault,
    Heard,
    Listen,
    ListenerAddress,
    Outcome,
    Probe,
    ProbeAnswer,
    ProbeJob,
    ProbeKind,
    ProberLine,
    ServedCertificate,
    WebFacts,
)
from bot.probe import job as prober
from bot.probe.output import encoded
from bot.remediation.change.change import (
    Change,
    ChangeCard,
    Notes,
    PullRequest,
    RepositoryAttempts,
    Undoing,
    change_name,
)
from bot.remediation.change.fields import PUT_BACK, Action
from bot.remediation.change.history import BOT, ChangeHistory, HistoryEntry
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.proof import Count, Sample, Sort
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step
from bot.routing.native_lb import ANNOTATION, FIELD
from tests.golden import Pages
from tests.golden.shapes import plain, pretty

AT = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 13, tzinfo=UTC)
ANNA, BELA = "100000000000000001", "100000000000000002"

CHANGE = Change(
    name="20261123-1200-web-1a2b",
    requester=ANNA,
    expires=LATER,
    plan=RepairPlan(
        target="IngressRoute apps/web",
        way=Method.NATIVE_LB,
        asked="ingressroute/apps/web web.example",
        host="web.example",
        path="/api",
        row=Row.REDIRECT,
        effect=Effect.HELPS,
        trial=True,
        cures=("endpoints/Service/apps/web",),
        evidence=("redirect (proven): Refused on edge.",),
        risks=("Traefik sees one server.",),
        steps=(
            Step(
                Action.SET_NATIVE_LB,
                Target("IngressRoute", "apps", "web", "traefik.io"),
                was='[{"nativeLB":null}]',
                to='[{"nativeLB":true}]',
            ),
        ),
        returns_after=60,
        preview="+nativeLB: true",
    ),
    history=ChangeHistory(
        (
            HistoryEntry(0, AT, ANNA, ChangeState.PROPOSED, "asked"),
            HistoryEntry(1, LATER, BELA, ChangeState.APPROVED),
        )
    ),
    notes=Notes(
        card=ChangeCard(7, 8),
        baseline=Sample((Count(Sort.FAILED, "HTTP 502", 20),)),
        proof=("After: 30 requests: 30 HTTP 200.",),
        undoing=Undoing(ANNA, LATER, "It did not help."),
        pull_request=PullRequest(12, "https://git.example/homelab/pulls/12"),
        attempts=RepositoryAttempts(3, LATER, "The host does not answer."),
    ),
    version="7",
)
PROBE = Probe(
    id="far/10.42.2.20",
    kind=ProbeKind.HTTP,
    address="10.42.2.20",
    port=80,
    name="web.example",
    path="/api",
    tls=True,
    size=8192,
    tries=4,
    seconds=1.5,
    again=2,
    settle=2.5,
)
JOB = ProbeJob(
    id="meshmedic-probe-1a2b",
    expires=1_795_435_200.5,
    probes=(PROBE, Probe(id="name", kind=ProbeKind.DNS, name="web.apps")),
    listen=Listen(name="edge", port=8474, seconds=90.0),
)
ANSWER = ProbeAnswer(
    id=PROBE.id,
    outcome=Outcome.NO_ROUTE,
    at=1.5,
    took=12.25,
    connected=6.5,
    errno=113,
    status=502,
    size=512,
    backend="web-1",
    source="10.42.0.98",
    addresses=("10.43.0.9",),
    retried=True,
    unsettled=True,
    detail="No route to host",
    web=WebFacts(
        server="shop",
        content_type="text/html",
        length=5,
        login=True,
        location="login.example",
        retry_after="120",
        latency=3.5,
        certificate=ServedCertificate(ends=1795435200, faults=(CertificateFault.EXPIRED,)),
    ),
)
LINE = ProberLine(
    job=JOB.id,
    answer=ANSWER,
    heard=Heard(source="10.42.0.98", tcp=2, udp=3),
    listening="10.42.0.99:8474",
    done=True,
    refused="its time is over",
)
EDITS = {
    "file-edit-native-lb.json": FileEdit(
        kind=EditKind.NATIVE_LB,
        object=Target("IngressRoute", "apps", "web", "traefik.io"),
        services=(Chosen(0, 1, "web"),),
    ),
    "file-edit-replace.json": FileEdit(
        kind=EditKind.REPLACE,
        object=Target("Ingress", "apps", "web", "networking.k8s.io"),
        manifests=(
            {
                "apiVersion": "traefik.io/v1alpha1",
                "kind": "IngressRoute",
                "metadata": {"namespace": "apps", "name": "web"},
            },
        ),
    ),
}
"""A plan holds them as text."""

LEASE = LeaseSpec("meshmedic-1_a", 30, "2026-11-23T12:00:00.000000Z", "2026-11-23T12:00:05Z", 3)
BODY = msgspec.json.encode(JOB)
ISSUED = 1_795_435_200_000

WRITTEN: dict[str, Any] = {
    "job": JOB,
    "line": LINE,
    "edits of files": EDITS,
    "lease": LEASE,
    "change": CHANGE,
}
"""What has to have every field set."""


def _signed() -> str:
    """The bytes that are signed, and the request with what stands for a signature."""
    signed = signed_job.signed_bytes("edge", ISSUED, BODY)
    request = signed_job.request("edge", ISSUED, BODY, bytes(range(8)))
    return pretty(
        {
            "path": signed_job.PATH,
            "port": signed_job.PORT,
            "listenerPort": signed_job.LISTENER_PORT,
            "headers": request.headers,
            "body": request.body.decode(),
            "signed": signed.decode(),
            "publicKey": signed_job.public_key(0xC0FFEE, 1_795_442_400.5).decode(),
            "ids": [signed_job.AGENT, signed_job.STANDING, signed_job.ROUND],
        }
    )


def _lines() -> str:
    """A line of each kind, as the prober writes them and the bot reads them."""
    whole = msgspec.to_builtins(LINE)
    parts = [{"job": JOB.id, key: value} for key, value in whole.items() if key != "job"]
    return "".join(encoded(part).decode() for part in parts)


def _agents() -> str:
    return pretty(
        {
            "keys": agent_configmaps.KEYS,
            "renewed": agent_configmaps.renewed_keys(
                {"key-a": '{"not_after":0}'}, "key-b", "{}", 1.0
            ),
            "peers": agent_configmaps.PEERS,
            "file": agent_configmaps.PEERS_FILE,
            "text": agent_configmaps.peers_file((ListenerAddress("edge", "10.42.0.99", 8474),)),
        }
    )


def _prober() -> str:
    """What the prober makes of a job: its own words for it."""
    return plain(prober.read(BODY, now=0))


def _names() -> str:
    """Annotations, identities and marks: what is written on objects and messages."""
    day = date(2026, 11, 23)
    return pretty(
        {
            "annotations": {"mute": MUTE, "putBack": PUT_BACK, "nativeLB": ANNOTATION},
            "field": FIELD,
            "lease": lease.NAME,
            "by": BOT,
            "approver": [approver.USER, approver.GROUP, approver.FIELD_MANAGER],
            "headers": dict(approver.headers(ANNA)),
            "change": change_name("Ingress apps/My.Web", AT, "1a2b"),
            "incident": identify("pods/Pod/apps/web", AT),
            "code": code_of("pods/Pod/apps/web"),
            "subject": str(Ref("Pod", "apps", "web")),
            "digest": {
                "carried": mark("daily", day),
                "nonce": posting.nonce(mark("daily", day)),
                "component": posting.component_id(mark("daily", day)),
            },
        }
    )


ENUMS: tuple[type[StrEnum], ...] = (
    Verdict, Why, RunStage, ChangeState, Method, Action, Sort, EditKind, ProbeKind, Outcome, By,
    Row, Confidence, Effect, CertificateFault,
)  # fmt: skip
"""Words that are stored, sent or published."""


def _enums() -> str:
    # The file has the names that these had when it was written.
    first = {ChangeState: "State", Method: "Way", ProbeKind: "Kind", RunStage: "Stage"}
    return pretty(
        {first.get(kind, kind.__name__): [member.value for member in kind] for kind in ENUMS}
    )


def _manifests() -> dict[str, Callable[[], str]]:
    """The objects that are made for a test."""
    place: dict[str, Any] = {"node": "edge", "image": "registry.example/meshmedic:1", "seconds": 60}
    return {
        "probe-job.json": lambda: pretty(manifests.probe_job(JOB, **place, host_network=True)),
        "tool-job.json": lambda: pretty(
            manifests.tool_job("meshmedic-tool-1a2b", ("ping", "-c", "5", "$(HOME)"), **place)
        ),
        "tool-job-raw.json": lambda: pretty(
            manifests.tool_job("meshmedic-tool-1a2b", ("mtr", "home-1"), **place, raw=True)
        ),
        "anchor-job.json": lambda: pretty(
            manifests.anchor_job("meshmedic-anchor-1a2b", place["image"], 60)
        ),
    }


PAGES: Pages = {
    "change.json": lambda: pretty(change_objects.manifest(CHANGE)),
    "change-with-status.json": lambda: pretty(change_objects.status(CHANGE)),
    "change-event.json": lambda: pretty(change_events.event(CHANGE, LATER)),
    **{name: lambda edit=edit: f"{file_edit.encoded(edit)}\n" for name, edit in EDITS.items()},
    "lease.json": lambda: plain(LEASE),
    "probe-request.json": lambda: plain(JOB),
    "probe-request-as-read.json": _prober,
    "probe-lines.txt": _lines,
    "signed-job.json": _signed,
    "agents.json": _agents,
    "names.json": _names,
    "words.json": _enums,
    **_manifests(),
}
