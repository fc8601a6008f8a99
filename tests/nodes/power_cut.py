"""A power cut of the leader's node: how soon the standby acts, and that it answers at once."""

from __future__ import annotations

import asyncio
import time

from tests.nodes import leader
from tests.nodes.bot import Bot
from tests.nodes.cluster import RealNodes
from tests.nodes.kubectl import rolled_out
from tests.nodes.table import Table

TAKEOVER = 45.0
BACK = 60.0
"""Seconds that the node's containers may take to start again."""

WORKS = r"The route works(?s:.*)\*\*Proven:"


async def run(table: Table, cluster: RealNodes, bot: Bot) -> float:
    """Cut the leader's node off, and bring it back; the seconds without a leader."""
    # The server's power is all of the cluster's.
    leads = await asyncio.to_thread(leader.away_from, cluster.server.name)
    node = await asyncio.to_thread(leader.node_of, leads)
    await asyncio.to_thread(cluster.nodes[node].power_off)
    try:
        took, told = await asyncio.gather(
            asyncio.to_thread(leader.until_another_than, leads), bot.ask("health", "pods")
        )
        table.row("the standby answers", told.text, seconds=told.seconds, want="healthy|problem")
        acknowledged = f"{told.acknowledged:.1f} s"
        table.row("and acknowledges", acknowledged, seconds=0, want=r"^[0-2]\.\d s$")
    finally:
        await asyncio.to_thread(cluster.start)
    began = time.monotonic()
    while True:
        told = await bot.ask("net", "diagnose", route="apps/web")
        back = time.monotonic() - began
        if WORKS in told.text or back > BACK:
            break
    table.row("once the node is back", told.text, seconds=back, want=WORKS)
    await asyncio.to_thread(rolled_out, "meshmedic", "deployment/meshmedic")
    return took
