"""A power cut of the leader's node: how soon the standby acts, and that it answers at once."""

from __future__ import annotations

import asyncio

from tests.nodes.bot import Bot
from tests.nodes.cluster import RealNodes
from tests.nodes.kubectl import get, wait_until
from tests.nodes.table import Table

TAKEOVER = 45.0


async def run(table: Table, cluster: RealNodes, bot: Bot) -> None:
    """Cut the leader's node off, unless the control plane is on it; then bring it back."""
    leader = await asyncio.to_thread(_leader)
    node = await asyncio.to_thread(_node_of, leader)
    if node == cluster.server.name:
        # The cluster's only server would be gone with it: its process alone is killed.
        table.row("the leader is on the server", "left out", seconds=0, want="left out")
        return
    await asyncio.to_thread(cluster.nodes[node].power_off)
    told = await bot.ask("health", "nodes")
    table.row("the standby answers", told.text, seconds=told.seconds, want="judged")
    took = await asyncio.to_thread(
        wait_until, "another leader", lambda: _leader() not in ("", leader), 120
    )
    table.figure("takeover after a power cut", took, "s", TAKEOVER)
    await asyncio.to_thread(cluster.start)


def _leader() -> str:
    lease = get("-n", "meshmedic", "lease", "meshmedic")
    return str(lease["spec"].get("holderIdentity") or "").partition("_")[0]


def _node_of(pod: str) -> str:
    found = get("-n", "meshmedic", "pods", "-l", "app.kubernetes.io/name=meshmedic")["items"]
    return next(
        each["spec"]["nodeName"] for each in found if pod.startswith(each["metadata"]["name"])
    )
