"""`/health` and `/why`: reports in each state, and the stories of findings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.finding import Evidence, Finding, Ref
from bot.domain.report import Report
from bot.domain.story import Event, LogTail, Story
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.offline import ObjectVerdict
from bot.health.service import Health
from bot.health.views import discord as health_cards
from bot.health.views import export, json, story_json, table, terminal
from bot.net.mesh.matrix import By
from bot.render import cards as discord
from bot.render.table import PIPE
from commands.health import controls
from tests.fakes import FakeCluster
from tests.golden import Pages
from tests.golden.moments import GAPS, NOW, by_rounds, report, rolling_out
from tests.golden.shapes import card, on_screens, page, pretty

AROUND = Finding(
    check="routes-ingressroute",
    subject=Ref("IngressRoute", "media", "jellyfin"),
    verdict=Verdict.HEALTHY,
    reason="WorkedAround",
    message="The route answers by the VIP (nativeLB), past a fault that stays: Refused on edge. "
    "Requests got through at 2026-11-23 11:00 UTC (the proof of a repair).",
)

REPORTS: dict[str, Callable[[], Report]] = {
    "healthy": lambda: report("healthy"),
    "healthy-with-a-note": lambda: replace(report("healthy"), notes=(AROUND,)),
    "healthy-but-gaps": lambda: report("healthy", *GAPS),
    "progressing": rolling_out,
    "degraded": lambda: by_rounds(By.LARGE),
    "cut-off": lambda: by_rounds(By.POD, By.UDP, By.LARGE),
    "failed": lambda: report("homelab"),
    "failed-with-downstream": lambda: report("flux-broken"),
    "failed-with-gaps": lambda: report("node-down", *GAPS),
    "certificates": lambda: report("certificates"),
    "secrets": lambda: report("secrets"),
    "hostile": lambda: report("hostile"),
    "empty": lambda: report("empty"),
}
"""The states of a report."""


def _pages() -> dict[str, Callable[[], str]]:
    made: dict[str, Callable[[], str]] = {}
    for name, build in REPORTS.items():
        made[f"{name}-discord.json"] = lambda build=build: _as_card(build())
        made[f"{name}-terminal.txt"] = lambda build=build: page(terminal.report(build()))
        made[f"{name}-table.txt"] = lambda build=build: on_screens(table.report, build())
        made[f"{name}.json"] = lambda build=build: json.report(build()).decode()
    for name, tell in STORIES.items():
        made[f"{name}-discord.json"] = lambda tell=tell: card(health_cards.story(tell()))
        made[f"{name}-terminal.txt"] = lambda tell=tell: page(terminal.story(tell()))
        made[f"{name}.json"] = lambda tell=tell: story_json.story(tell()).decode()
    return made


def _exported(whole: Report) -> str:
    _, text = export.files(whole)
    return text.content.decode()


def _as_card(whole: Report) -> str:
    rows = controls.rows(whole, "all")
    return card(health_cards.report(whole, rows))


def _of_a_root() -> Story:
    """What the bot tells of a crash, with what follows from it, events and the last log lines."""
    whole = report("homelab")
    (crash,) = (root for root in whole.roots if root.subject.kind == "Pod")
    cluster = FakeCluster(
        story={crash.subject: EVENTS},
        logs={crash.subject: LogTail(container="main", previous=True, lines=LINES)},
    )
    return asyncio.run(Health(cluster).story(whole, crash))


def _of_an_effect() -> Story:
    """The chain from the last effect to its cause."""
    whole = report("flux-broken")
    effect = max(whole.findings, key=lambda finding: (len(whole.chain(finding)), finding.key))
    return asyncio.run(Health(FakeCluster()).story(whole, effect))


def _unseen() -> Story:
    finding = Finding(
        check="pods",
        subject=Ref("Pod", "apps", "web-1"),
        verdict=Verdict.FAILED,
        reason="ImagePullBackOff",
        message='Back-off pulling image "web:lates"',
        evidence=(Evidence("container", "main"),),
    )
    return Story(
        taken_at=NOW,
        chain=(finding,),
        check=next(check for check in CHECKS if check.name == "pods"),
        unseen=("may not list events in apps", "the log of apps/web-1 cannot be read"),
    )


EARLIER = datetime(2026, 11, 23, 11, 55, tzinfo=UTC)
EVENTS = (
    Event(type="Warning", reason="BackOff", message="Back-off restarting", count=12, at=EARLIER),
    Event(type="Normal", reason="Pulled", message="Image was there already"),
)
LINES = ("loading the model", "password=hunter22", "Killed")

STORIES: dict[str, Callable[[], Story]] = {
    "story-of-a-crash": _of_a_root,
    "story-of-an-effect": _of_an_effect,
    "story-with-gaps": _unseen,
}

JUDGED = ObjectVerdict(
    api_version="v1",
    kind="Pod",
    namespace="apps",
    name="web-1",
    verdict=Verdict.FAILED,
    reason="CrashLoopBackOff",
    message="It crashes.",
)

PAGES: Pages = {
    **_pages(),
    "judged-table.txt": lambda: table.judgements([JUDGED], PIPE),
    "export.txt": lambda: _exported(report("homelab")),
    "export-files.json": lambda: card(
        discord.files("The whole report.", export.files(report("empty")))
    ),
    "suggestions.json": lambda: pretty(
        [health_cards.suggestion(finding) for finding in report("homelab").findings]
    ),
    "note.json": lambda: card(discord.note("Nothing is muted.")),
    "topic.json": lambda: card(discord.topic("Flux", "# Flux\n\nWhat to look at.")),
}
