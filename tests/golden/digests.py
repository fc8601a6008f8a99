"""Digests: the whole one, the one line, what is set up, what was sent, and the drawn timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from bot.charts.spec import Timeline, Undrawn
from bot.digest.composer import BACK
from bot.digest.domain.diff import Base, KnownEntry
from bot.digest.domain.digest import Digest, compose
from bot.digest.domain.open_items import StandingItem, standing
from bot.digest.domain.records import DigestSchedule, RunRecord, RunStage
from bot.digest.domain.schedule import Timetable, following
from bot.digest.views import discord as discord_digest
from bot.digest.views import json as json_digest
from bot.digest.views import terminal as terminal_digest
from bot.digest.views import text as told
from bot.domain.verdict import Verdict
from bot.history.domain.record import History
from bot.history.domain.trends import Trends, trends
from bot.history.domain.uptime import RequestCount, UptimeRecord
from bot.history.views import chart as timeline
from bot.net.mesh.history import LinkHistory
from bot.render import cards as discord
from commands.digest import refresh_button as button
from tests.golden import Pages
from tests.golden.moments import GAPS, NOW, homelab, report, snapshot
from tests.golden.shapes import card, page, plain

BERLIN = ZoneInfo("Europe/Berlin")
YESTERDAY = NOW - timedelta(hours=22)
LINKS = LinkHistory(hour=int(NOW.timestamp()) // 3600, nodes={"edge": "hhhff", "home-1": "hhhhh"})

DAY, CLEAN = RequestCount(1439), (RequestCount(1439),) * 31
REQUESTS = UptimeRecord(
    day=int(NOW.timestamp()) // 86_400,
    hosts={
        "shop.example.com": (*CLEAN[:20], RequestCount(1438, 7), *CLEAN[:10]),
        "cloud.example.com": (*CLEAN[:28], RequestCount(1438, 1), DAY, DAY),
        "new.example.com": (RequestCount(1439, 144), DAY, RequestCount(720)),
        "gone.example.com": (*CLEAN[:5], *(RequestCount(),) * 9),
        "first.example.com": (RequestCount(1, 1),),
        **{f"site-{number}.example.com": CLEAN for number in range(7)},
    },
)


@cache
def _history() -> History:
    past = homelab("homelab").past
    assert past
    return past.history(NOW)


@cache
def _trends() -> Trends:
    return trends(_history(), NOW, BACK, LINKS, REQUESTS)


def _before() -> Base:
    past = homelab("homelab").past
    assert past
    base = past.base(NOW)
    gone = KnownEntry(Verdict.FAILED, "NotReady", YESTERDAY)
    return Base(YESTERDAY, {**base.known, "nodes/Node//attic": gone}, noted=())


def _digest(
    scenario: str = "homelab",
    before: Base | None = None,
    *,
    due: datetime | None = None,
    muted: bool = False,
    approvals: tuple[str, ...] = (),
    with_trends: bool = False,
    gaps: bool = False,
) -> Digest:
    seen = report(scenario, *GAPS) if gaps else report(scenario)
    stands = standing(snapshot(scenario, *GAPS) if gaps else snapshot(scenario))
    silent = {seen.roots[0].key: "muted by olga until 14:00"} if muted else {}
    return compose(
        "daily",
        seen,
        stands,
        before,
        due=due,
        muted=silent,
        approvals=approvals,
        trends=_trends() if with_trends else None,
    )


def _quiet() -> Digest:
    """A healthy day, on which nothing is open or ends soon either."""
    return compose("daily", report("healthy"), StandingItem(), Base(YESTERDAY, noted=()))


DIGESTS: dict[str, Callable[[], Digest]] = {
    "first": _digest,
    "whole": lambda: _digest(
        before=_before(),
        due=NOW - timedelta(hours=3),
        muted=True,
        approvals=("Change web-1a2b: Proposed, waits for an approver",),
        with_trends=True,
    ),
    "with-gaps": lambda: _digest("node-down", _before(), gaps=True),
    "healthy": _quiet,
}


def _rows() -> list[discord.Row]:
    return list(button.rows())


def _renewed() -> str:
    """A posted digest in which a later look writes its time."""
    made = discord_digest.digest(_digest(before=_before()), rows=_rows())
    assert discord_digest.renewed(made.view, NOW + timedelta(days=1))
    return card(replace(made, files=()))


WEEKLY = DigestSchedule(
    name="weekly",
    channel=7,
    when=Timetable(18, 0, (6,)),
    began=YESTERDAY,
    scopes=("pods", "flux"),
    namespace="apps",
    threshold=Verdict.DEGRADED,
    only_changes=True,
    trends=True,
)
DAILY = DigestSchedule(name="daily", channel=7, when=Timetable(8, 0), began=YESTERDAY)
PAUSED = DigestSchedule(
    name="monthly", channel=0, when=Timetable(8, 0, dates=(1,)), began=YESTERDAY, paused=True
)


def _turn(stage: RunStage, **rest: object) -> RunRecord:
    given: dict[str, object] = {"day": date(2026, 11, 22), "due": YESTERDAY, "at": YESTERDAY}
    return RunRecord(stage=stage, **(given | rest))  # type: ignore[arg-type]


def _listed() -> discord.Card:
    lines = [
        (DAILY, _turn(RunStage.SENT, message=5), following(DAILY.when, BERLIN, NOW)),
        (WEEKLY, None, following(WEEKLY.when, BERLIN, NOW)),
        (PAUSED, _turn(RunStage.LOST), following(PAUSED.when, BERLIN, NOW)),
    ]
    return discord_digest.listed(lines, "Europe/Berlin")


def _sent() -> discord.Card:
    turns = [("daily", _turn(stage)) for stage in RunStage]
    late = _turn(RunStage.SENT, message=6, findings=7, new=2, late=True)
    return discord_digest.history([*turns, ("weekly", late)], _trends())


def _timeline() -> Timeline:
    return timeline.timeline(_history(), NOW, BACK, BERLIN, LINKS)


def _pages() -> dict[str, Callable[[], str]]:
    made: dict[str, Callable[[], str]] = {}
    for name, tell in DIGESTS.items():
        made[f"{name}-discord.json"] = lambda tell=tell: card(
            discord_digest.digest(tell(), b"PNG", "Seven days.", _rows())
        )
        made[f"{name}-brief-discord.json"] = lambda tell=tell: card(
            discord_digest.brief(tell(), _rows())
        )
        made[f"{name}-terminal.txt"] = lambda tell=tell: page(terminal_digest.digest(tell()))
        made[f"{name}-file.txt"] = lambda tell=tell: told.text(tell())
        made[f"{name}.json"] = lambda tell=tell: json_digest.digest(tell()).decode()
    return made


PAGES: Pages = {
    **_pages(),
    "undrawn-discord.json": lambda: card(
        discord_digest.digest(_digest(), Undrawn("The picture took too long."))
    ),
    "renewed-discord.json": _renewed,
    "withheld-discord.json": lambda: card(discord_digest.withheld(_digest(), _rows())),
    "listed-discord.json": lambda: card(_listed()),
    "listed-nothing-discord.json": lambda: card(discord_digest.listed([], "UTC")),
    "history-discord.json": lambda: card(_sent()),
    "history-nothing-discord.json": lambda: card(
        discord_digest.history([], trends(History(), NOW, BACK))
    ),
    "timeline-drawing.json": lambda: plain(_timeline()),
    "timeline-alt.txt": lambda: f"{timeline.alt(_timeline())}\n",
}
