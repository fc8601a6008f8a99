"""An alert of a workload that crashes, its log lines by `/why`, and its end once it is mended."""

from __future__ import annotations

import asyncio
import json
import re

from tests.nodes.bot import Bot
from tests.nodes.kubectl import apply, kubectl, kubectl_succeeds, wait_until
from tests.nodes.table import Table
from tests.nodes.workload_faults import container, pod, workload
from tests.wire.world import ADA

NAMESPACE, NAME = "media", "ledger"
LAST_WORDS = "ledger: cannot open /data/ledger.db: read-only file system"
TOLD_WITHIN = 240.0
"""Seconds: a pod has two minutes before its crashes are told, and the kubelet takes its time."""

BEGUN_WITHIN = 120.0
"""Seconds: the first look comes once the objects were read."""

OVER_WITHIN = 300.0
"""Seconds: what recovered must stay so for two minutes."""


async def run(table: Table, bot: Bot) -> None:
    """Let it crash until the alert stands, ask why, mend it, and wait for the end.

    What fails at the first look of a new bot is known from then on, and alerts nobody.
    """
    await asyncio.to_thread(wait_until, "the first look for alerts", _looked, BEGUN_WITHIN)
    await asyncio.to_thread(_crash)
    try:
        alert, took = await bot.until_posted(rf"`{NAME}` .* · `{NAMESPACE}`", TOLD_WITHIN)
        table.row("the alert", alert, seconds=took, want=NAME)
        told = await bot.ask("why", finding=f"Pod {NAMESPACE}/{NAME}", user=ADA)
        events_and_log = rf"(?s){NAME}.*BackOff.*{re.escape(LAST_WORDS)}"
        table.row("/why", told.text, seconds=told.seconds, want=events_and_log)
        await asyncio.to_thread(_mend)
        over, took = await bot.until_posted(rf"`{NAME}` recovered after", OVER_WITHIN)
        table.row("its end", over, seconds=took, want="recovered")
    finally:
        await asyncio.to_thread(kubectl, "-n", NAMESPACE, "delete", f"deployment/{NAME}")


def _looked() -> bool:
    return kubectl_succeeds("-n", "meshmedic", "get", "configmap/meshmedic-alerts")


def _crash() -> None:
    command = f"echo '{LAST_WORDS}' >&2; exit 3"
    crashing = workload("Deployment", pod(container(command, NAME)), NAME)
    apply({**crashing, "metadata": {"name": NAME, "namespace": NAMESPACE}})


def _mend() -> None:
    patch = {"spec": {"template": {"spec": {"containers": [container(name=NAME)]}}}}
    kubectl("-n", NAMESPACE, "patch", f"deployment/{NAME}", "-p", json.dumps(patch))
