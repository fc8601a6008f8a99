"""The runbook's own case: 502 before, an approved repair, and 200 after it."""

from __future__ import annotations

import asyncio
import re
import time

from bot.routing.native_lb import ANNOTATION
from tests.nodes.bot import Bot
from tests.nodes.cluster import RealNodes
from tests.nodes.faults import FAULTS, status_through_traefik
from tests.nodes.kubectl import get, kubectl
from tests.nodes.table import Table
from tests.wire.world import ADA, OLGA

ROUTE = "apps/web"
SERVICE = ("-n", "apps", "service", "web")
PROVING = 120.0
TOLD_WITHIN = 62.0
"""Seconds until a health check has read again what Traefik's log says."""

TAKEN_IN = 15.0
FAILS = r"(⚠️|❌) \*\*web\.lab\.example\.org(?s:.*)Traefik's log: 502"
"""A log tells of requests that failed, and not that others would."""

EVERY = 5.0
"""Seconds between requests that fail, for the log to hold, while it is asked for."""

NAME = re.compile(r"\b\d{8}-\d{4}-[a-z0-9-]+")
REDIRECT = next(fault for fault in FAULTS if fault.name == "REDIRECT on Traefik's node")


async def run(table: Table, cluster: RealNodes, bot: Bot) -> None:
    """Propose, approve, prove, roll back; nativeLB is never left behind."""
    await _status(table, cluster, "before the fault", 200)
    mend = await asyncio.to_thread(REDIRECT.make, cluster)
    try:
        await _told(table, cluster, bot)
        await _repaired(table, cluster, bot)
    finally:
        await asyncio.to_thread(mend)
        left = await asyncio.to_thread(_native_lb)
        table.row("nativeLB on the Service", left or "none", seconds=0, want="^none$")
        if left:
            await asyncio.to_thread(kubectl, "annotate", *SERVICE, f"{ANNOTATION}-")
    await _status(table, cluster, "once the fault is mended", 200)


async def _told(table: Table, cluster: RealNodes, bot: Bot) -> None:
    """The route fails, and within a minute /health says so by Traefik's log."""
    began = time.monotonic()
    while True:
        await _status(table, cluster, "before", 502)
        told = await bot.ask("health", "routes")
        if re.search(FAILS, told.text) or time.monotonic() - began > TOLD_WITHIN:
            break
        await asyncio.sleep(EVERY)
    took = time.monotonic() - began
    table.row("/health routes", told.text, seconds=took, want=FAILS)
    told = await bot.ask("traefik", "routes")
    table.row("/traefik routes", told.text, seconds=told.seconds, want="(⚠️|❌) `apps/web`")
    told = await bot.ask("traefik", "logs", route=ROUTE)
    table.row("/traefik logs", told.text, seconds=told.seconds, want="502")


async def _repaired(table: Table, cluster: RealNodes, bot: Bot) -> None:
    proposal = await bot.ask("fix", "route", route=ROUTE, user=OLGA)
    want = r"Fix proposed(?s:.*)nativeLB \(Service annotation\)(?s:.*)HTTP 502"
    if not table.row("/fix route", proposal.text, seconds=proposal.seconds, want=want):
        return
    card = proposal.answer.message
    assert card is not None
    approved = await bot.click(proposal, "Approve", user=ADA)
    table.row("Approve", approved.text, seconds=approved.seconds, want="Approved, progress")
    took = await bot.until_shown(
        card, r"(?m)^## \S+ (Works again|Fix failed|Fix rolled back)", PROVING
    )
    table.row(
        "approved", bot.shown(card), seconds=took, want=r"(?m)^## \S+ Works again(?s:.*)HTTP 200"
    )
    await _status(table, cluster, "after", 200)
    name = await _change(bot)
    told = await bot.ask("fix", "status", change=name)
    table.row("/fix status", told.text, seconds=told.seconds, want="Works again(?s:.*)apps/web")
    told = await bot.ask("fix", "rollback", change=name, user=ADA)
    table.row("/fix rollback", told.text, seconds=told.seconds, want="Rolling back")
    took = await bot.until_shown(card, r"(?m)^## \S+ (Fix failed|Fix rolled back)", PROVING)
    table.row("taken back", bot.shown(card), seconds=took, want=r"(?m)^## \S+ Fix rolled back")
    await _status(table, cluster, "once it is taken back", 502)


async def _change(bot: Bot) -> str:
    """The name of the newest change, as somebody copies it from the list."""
    told = await bot.ask("fix", "history")
    found = NAME.search(told.text)
    assert found, f"no name of a change in:\n{told.text}"
    return found[0]


def _native_lb() -> str:
    annotations = get(*SERVICE)["metadata"].get("annotations", {})
    return str(annotations.get(ANNOTATION, ""))


async def _status(table: Table, cluster: RealNodes, when: str, want: int) -> None:
    """Ask through Traefik, until it answers so: it takes a change in within seconds."""
    began = time.monotonic()
    while True:
        status = await asyncio.to_thread(status_through_traefik, cluster)
        took = time.monotonic() - began
        if status == want or took > TAKEN_IN:
            break
        await asyncio.sleep(0.5)
    table.row(f"a request {when}", f"HTTP {status}", seconds=took, want=f"HTTP {want}$")
