"""The runbook's own case: 502 before, an approved repair, and 200 after it."""

from __future__ import annotations

import asyncio
import re

from tests.nodes.bot import Bot
from tests.nodes.cluster import RealNodes
from tests.nodes.faults import FAULTS, status_through_traefik
from tests.nodes.table import Table
from tests.wire.world import ADA, OLGA

ROUTE = "apps/web"
PROVING = 120.0
TOLD_WITHIN = 62.0
"""Seconds until a health check has read again what Traefik's log says."""

REDIRECT = next(fault for fault in FAULTS if fault.name == "REDIRECT on Traefik's node")


async def run(table: Table, cluster: RealNodes, bot: Bot) -> None:
    """Propose, approve, prove, roll back."""
    mend = await asyncio.to_thread(REDIRECT.make, cluster)
    try:
        for _ in range(3):
            await _status(table, cluster, "before", 502)
        await asyncio.sleep(TOLD_WITHIN)
        told = await bot.ask("health", "routes")
        table.row("/health routes", told.text, seconds=told.seconds, want="Failed")
        told = await bot.ask("traefik", "routes")
        table.row("/traefik routes", told.text, seconds=told.seconds, want="🔴 `ingress/apps/web`")
        proposal = await bot.ask("fix", "route", route=ROUTE, user=OLGA)
        want = "nativelb"
        table.row("/fix route", proposal.text.lower(), seconds=proposal.seconds, want=want)
        card = proposal.answer.message
        assert card is not None
        await bot.click(proposal, "Approve", user=ADA)
        took = await bot.until_shown(card, r"✅|🟢|Done", PROVING)
        table.row("approved", bot.shown(card), seconds=took, want="HTTP 200")
        await _status(table, cluster, "after", 200)
        change = re.search(r"fix-[a-z0-9-]+", bot.shown(card))
        name = change[0] if change else ""
        told = await bot.ask("fix", "rollback", change=name, user=ADA)
        table.row("/fix rollback", told.text, seconds=told.seconds, want=".")
        took = await bot.until_shown(card, "(?i)rolled back|taken back", PROVING)
        await _status(table, cluster, "once it is taken back", 502)
    finally:
        await asyncio.to_thread(mend)


async def _status(table: Table, cluster: RealNodes, when: str, want: int) -> None:
    status = await asyncio.to_thread(status_through_traefik, cluster)
    table.row(f"a request {when}", f"HTTP {status}", seconds=0, want=f"HTTP {want}")
