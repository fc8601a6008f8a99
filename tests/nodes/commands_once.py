"""Every command of the bot once, by the bot in its pod."""

from __future__ import annotations

from tests.nodes.bot import Bot
from tests.nodes.table import Table
from tests.wire.world import ADA

SCOPES = (
    *("pods", "nodes", "flux", "certificates", "secrets", "endpoints", "routes", "workloads"),
)

COMMANDS = (
    *((("health", scope), {}, "judged|not installed|nothing") for scope in SCOPES),
    (("traefik", "routes"), {}, "ingress/apps/web"),
    (("traefik", "describe"), {"route": "apps/web"}, "web.lab.example.org"),
    (("traefik", "logs"), {}, "(?i)request|log"),
    (("net", "matrix"), {}, "All nodes reach each other"),
    (("net", "diagnose"), {"route": "apps/web"}, "The route works"),
    (("net", "test"), {"from": "n2", "to": "http://web.apps"}, "200"),
    (("net", "tool"), {"tool": "curl", "node": "n1", "target": "http://web.apps"}, "(?i)n3"),
    (("fix", "list"), {"route": "apps/web"}, "."),
    (("fix", "history"), {}, "."),
    (("digest", "now"), {}, "Digest"),
    (("digest", "list"), {}, "."),
    (("mute", "list"), {}, "."),
    (("doctor",), {}, "37 ok|ok"),
    (("runbook",), {"topic": "nativelb"}, "."),
)


async def run(table: Table, bot: Bot) -> None:
    """Ask each, and look for what it must say."""
    for path, options, want in COMMANDS:
        told = await bot.ask(*path, user=ADA, **options)
        seconds = told.seconds
        more = f" (acknowledged after {told.acknowledged * 1000:.0f} ms)"
        table.row(f"/{' '.join(path)}", told.text, seconds=seconds, want=want, more=more)
