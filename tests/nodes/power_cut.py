"""A power cut of the leader's node: how soon the standby acts, and that it answers at once."""

from __future__ import annotations

import asyncio
import time

from tests.nodes.bot import Bot
from tests.nodes.cluster import RealNodes
from tests.nodes.kubectl import get, kubectl, rolled_out, wait_until
from tests.nodes.table import Table

TAKEOVER = 45.0
BACK = 60.0
"""Seconds that the node's containers may take to start again."""

WORKS = "The route works · proven"


async def run(table: Table, cluster: RealNodes, bot: Bot) -> float:
    """Cut the leader's node off, and bring it back; the seconds without a leader."""
    leader = await asyncio.to_thread(_leader_beside_the_server, cluster)
    node = await asyncio.to_thread(_node_of, leader)
    await asyncio.to_thread(cluster.nodes[node].power_off)
    try:
        took, told = await asyncio.gather(
            asyncio.to_thread(_until_another_than, leader), bot.ask("health", "pods")
        )
        table.row("the standby answers", told.text, seconds=told.seconds, want="judged")
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


def _leader_beside_the_server(cluster: RealNodes) -> str:
    """The leader's pod, on a node whose power can be cut: the server's is all of the cluster's.

    Two of the bot's pods are never on one node, so where the leader is on the server, the standby
    is not, and takes over once the leader's pod is deleted.
    """
    leader = _leader()
    if _node_of(leader) == cluster.server.name:
        kubectl("-n", "meshmedic", "delete", "pod", leader)
        _until_another_than(leader)
    rolled_out("meshmedic", "deployment/meshmedic")
    return _leader()


def _until_another_than(leader: str) -> float:
    return wait_until("another leader", lambda: _leader() not in ("", leader), 120)


def _leader() -> str:
    lease = get("-n", "meshmedic", "lease", "meshmedic")
    return str(lease["spec"].get("holderIdentity") or "").partition("_")[0]


def _node_of(pod: str) -> str:
    return str(get("-n", "meshmedic", "pod", pod)["spec"]["nodeName"])
