"""Nobody searches more of a text for secrets than costs little, whoever wrote it."""

from __future__ import annotations

import ast
import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bot.alerting import silences
from bot.alerting.domain import hosts, outage, transitions
from bot.doctor.domain import own_pods
from bot.domain import event_reasons, mute_annotation, typed
from bot.domain.finding import Evidence, Finding, Ref
from bot.domain.redaction.redact import FILE, LONGEST, MARGIN, redact
from bot.domain.report import Report
from bot.domain.resources.flux import HELM_RELEASE
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.gitops import markdown
from bot.health import report_store
from bot.health.next_steps import fields
from bot.kube import events_and_logs
from bot.net.diagnosis import proofs
from bot.net.tools.command import ToolRun
from bot.net.views import discord as net_discord
from bot.remediation import traefik_view
from bot.remediation.change import history
from bot.remediation.change.history import ChangeState
from bot.remediation.views import text as remediation_text
from bot.render import json_text, text
from bot.runtime.memory_store import Unkept
from bot.traefik import logged_refusals, word
from bot.traefik.domain import log_parser
from bot.traefik.domain.log_entry import Entry
from bot.traefik.domain.log_events import ProviderError
from bot.traefik.domain.log_summary import Counted, LogSummary, Times
from tests.golden.changes import a_change
from tests.net.diagnosis.test_recent import PROVEN, remembered
from tests.places import ROOT

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIZE = 256 * 1024
HOSTILE = ("x " + r"token \\%25\%25 " * SIZE)[:SIZE]
"""Of what was tried, each search takes the longest for this one."""

FINDING = Finding(
    check="endpoints",
    subject=Ref("Service", "tenant", "web"),
    verdict=Verdict.FAILED,
    reason=HOSTILE,
    message=HOSTILE,
    evidence=(Evidence(HELM_RELEASE, HOSTILE), Evidence("container", HOSTILE)),
)


def _refused() -> object:
    """Lines of Traefik's log about a route."""
    label = "ingressroute/tenant/web"
    event = ProviderError(HOSTILE, namespace="tenant", name="web")
    summary = LogSummary(refusals=(Counted(event, Times(1, NOW, NOW)),))
    ref = Ref("IngressRoute", "tenant", "web")
    views: Any = [SimpleNamespace(label=label, ref=ref, rules=(), backends=())]
    return logged_refusals.logged_refusals({"a": summary}, Snapshot(NOW), views)[ref]


def _missing() -> object:
    """A rule of which no replica has a router."""
    rule = SimpleNamespace(match=HOSTILE)
    view = SimpleNamespace(ref=Ref("IngressRoute", "tenant", "web"), rules=(rule, rule))
    served = SimpleNamespace(rules=frozenset(), of_rule=lambda *_: ())
    part: Any = SimpleNamespace(routes=(view,), served=(served,), is_known=True)
    return list(word._missing((part,)))


def _tail() -> object:
    """The last lines of a container, of which a kubelet sends more than it was asked for."""

    async def get(*_: object, **__: object) -> bytes:
        return HOSTILE.encode()

    api: Any = SimpleNamespace(get=get)
    details = events_and_logs.Details(api)
    return asyncio.run(details.last_log_lines(Ref("Pod", "tenant", "web"), "app"))


def _mute() -> object:
    """A reason that somebody typed."""

    async def look() -> Report:
        return Report(NOW)

    health: Any = SimpleNamespace(look=look)
    held = silences.Silences(Unkept(), health, lambda: ("tenant",))
    return asyncio.run(held.mute("endpoints", "1h", "anna", HOSTILE))


def _proof() -> object:
    diagnosed = remembered(PROVEN, hours=1)
    hostile = replace(diagnosed.diagnosis, because=HOSTILE, effect_because=HOSTILE)
    return proofs.proof(replace(diagnosed, diagnosis=hostile))


def _whole_change() -> object:
    change = a_change(ChangeState.PROPOSED)
    plan = replace(change.plan, preview=HOSTILE)
    return remediation_text.full_text(replace(change, plan=plan))


CALLERS: dict[str, Callable[[], object]] = {
    "bot/alerting/domain/hosts.py:of": lambda: hosts.SiteNames(Report(NOW)).of(HOSTILE),
    "bot/alerting/domain/incident.py:with_line": lambda: outage.incident_of("a", NOW).with_line(
        NOW, HOSTILE
    ),
    "bot/alerting/domain/outage.py:finding": lambda: outage.finding(
        outage.OutageReason.ERRORS, HOSTILE
    ),
    "bot/alerting/domain/outage.py:incident_of": lambda: outage.incident_of("a", NOW, seen=HOSTILE),
    "bot/alerting/domain/transitions.py:_stored": lambda: transitions._stored(FINDING),
    "bot/alerting/silences.py:mute": _mute,
    "bot/doctor/domain/own_pods.py:_last_line": lambda: own_pods._last_line(HOSTILE),
    "bot/domain/event_reasons.py:told": lambda: event_reasons.told(HOSTILE, HOSTILE, NOW),
    "bot/domain/mute_annotation.py:_read": lambda: mute_annotation._read(HOSTILE, NOW),
    "bot/domain/typed.py:quoted": lambda: typed.quoted(HOSTILE),
    "bot/gitops/markdown.py:fenced": lambda: markdown.fenced(HOSTILE),
    "bot/health/next_steps/fields.py:_from_message": lambda: list(
        fields._from_message(f'image "{HOSTILE}')
    ),
    "bot/health/report_store.py:_short": lambda: report_store._short(HOSTILE),
    "bot/health/report_store.py:_shortened": lambda: report_store._shortened(FINDING),
    "bot/kube/events_and_logs.py:_tail": _tail,
    "bot/net/diagnosis/proofs.py:proof": _proof,
    "bot/net/views/discord.py:tool": lambda: net_discord.tool(
        ToolRun(node="a", argv=("curl",), output=HOSTILE)
    ),
    "bot/remediation/change/history.py:_entry": lambda: history._entry(
        0, NOW, "anna", ChangeState.PROPOSED, HOSTILE
    ),
    "bot/remediation/traefik_view.py:unseen": lambda: traefik_view.unseen(HOSTILE),
    "bot/remediation/views/text.py:full_text": _whole_change,
    "bot/render/json_text.py:_redacted": lambda: json_text.indented({HOSTILE: HOSTILE}),
    "bot/render/text.py:line": lambda: text.line(HOSTILE, 1500),
    "bot/traefik/domain/log_parser.py:_unread": lambda: log_parser._unread(
        Entry(f"failed to list *v1.Secret: {HOSTILE}")
    ),
    "bot/traefik/logged_refusals.py:logged_refusals": _refused,
    "bot/traefik/word.py:_missing": _missing,
}

FILES = ("bot/gitops/", "bot/net/views/", "bot/remediation/views/", "bot/render/json_text.py")
"""Who searches the whole of a text that a person asked for."""


def callers() -> Iterator[str]:
    """Every function that searches a text for secrets."""
    for package in ("bot", "commands"):
        for source in sorted((ROOT / package).rglob("*.py")):
            if "redaction" not in source.parts:
                yield from (f"{source.relative_to(ROOT)}:{name}" for name in _redacting(source))


def _redacting(source: Path) -> Iterator[str]:
    written = source.read_text()
    for function in ast.walk(ast.parse(written)) if "redact(" in written else ():
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = [call.func for call in ast.walk(function) if isinstance(call, ast.Call)]
            if any(isinstance(call, ast.Name) and call.id == "redact" for call in calls):
                yield function.name


def test_every_caller_is_tried():
    """A new one is added to the table."""
    assert sorted(callers()) == sorted(CALLERS)


@cache
def whole() -> float:
    """Seconds that this machine takes to search all of the text."""
    return _took(lambda: redact(HOSTILE, SIZE))


def _took(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


@pytest.mark.parametrize("caller", CALLERS)
def test_a_quarter_of_a_megabyte_costs_a_caller_little(caller: str):
    """Far less than a search of the whole text; who shows a file searches it at most thrice."""
    assert _took(CALLERS[caller]) < whole() * (4 if caller.startswith(FILES) else 0.5)


def test_a_text_that_is_cut_shows_no_half_of_a_secret():
    """What stands at the cut cannot be recognized, so it is not shown."""
    token = "ghp_" + "A" * 36
    for before in range(LONGEST - 60, LONGEST + 5, 5):
        shown = redact("a " * (before // 2) + token + " b" * 200)
        assert "ghp_" not in shown
        assert shown.endswith("…")
    assert redact("a" * LONGEST) == "a" * LONGEST
    assert len(redact("a" * (LONGEST + 1))) == LONGEST - MARGIN + 1
    assert redact("a" * FILE, FILE) == "a" * FILE
