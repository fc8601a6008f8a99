"""An alert of a workload that crashes, its log lines by `/why`, and its end once it is mended."""

from __future__ import annotations

import asyncio
import json
import re
import time

from tests.nodes.bot import Bot
from tests.nodes.images import BUSYBOX
from tests.nodes.kubectl import apply, kubectl
from tests.nodes.table import Table
from tests.wire.world import ADA

NAMESPACE, NAME = "media", "ledger"
LAST_WORDS = "ledger: cannot open /data/ledger.db: read-only file system"
TOLD_WITHIN = 240.0
"""Seconds: a pod has two minutes before its crashes are told, and the kubelet takes its time."""

OVER_WITHIN = 300.0
"""Seconds: what recovered must stay so for two minutes."""

CODE = re.compile(r"^-# since \S+ · (\w{7}) ", re.MULTILINE)


async def run(table: Table, bot: Bot) -> None:
    """Let it crash until the alert stands, ask why, mend it, and wait for the end."""
    await asyncio.to_thread(_crash)
    try:
        alert, took = await _post(bot, rf"(Failed|Degraded): \w+ `{NAMESPACE}/{NAME}", TOLD_WITHIN)
        table.row("the alert", alert, seconds=took, want=NAME)
        (code,) = CODE.findall(alert)[:1] or [""]
        told = await bot.ask("why", finding=code, user=ADA)
        events_and_log = rf"(?s){NAME}.*BackOff.*{re.escape(LAST_WORDS)}"
        table.row("/why", told.text, seconds=told.seconds, want=events_and_log)
        await asyncio.to_thread(_mend)
        over, took = await _post(bot, rf"\*\*Recovered\*\* .*{NAME}", OVER_WITHIN)
        table.row("its end", over, seconds=took, want="Recovered")
    finally:
        await asyncio.to_thread(kubectl, "-n", NAMESPACE, "delete", f"deployment/{NAME}")


async def _post(bot: Bot, pattern: str, seconds: float) -> tuple[str, float]:
    """The newest post of the channel with the pattern, else all posts; and how long it took."""
    began = time.monotonic()
    while True:
        took = time.monotonic() - began
        posts = bot.posts()
        if found := next((post for post in posts if re.search(pattern, post)), ""):
            return found, took
        if took > seconds:
            return "\n\n".join(posts), took
        await asyncio.sleep(1)


def _crash() -> None:
    labels = {"app": NAME}
    container = {
        "name": NAME,
        "image": BUSYBOX,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", f"echo '{LAST_WORDS}' >&2; exit 3"],
    }
    apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": NAME, "namespace": NAMESPACE},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
    )


def _mend() -> None:
    container = {"name": NAME, "command": ["sleep", "1000000"]}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    kubectl("-n", NAMESPACE, "patch", f"deployment/{NAME}", "-p", json.dumps(patch))
