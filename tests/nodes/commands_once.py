"""Every command of the bot once, by the bot in its pod."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Iterator, Mapping

from tests.nodes.bot import Bot, Told
from tests.nodes.kubectl import apply, kubectl, node_names
from tests.nodes.manifests import web
from tests.nodes.table import Table
from tests.wire.world import ADA, Json

TOLD_WITHIN = 60.0
ABSENT = "localhost/absent:1"
BROKEN = "gallery"
"""A workload whose image no node has, so that there is a finding to ask about."""

CODE = "{code}"
"""Stands for the finding's code, as the first answer shows it."""

FIRST, LAST = "{first}", "{last}"
"""Stand for the names of the first node and the last, where the application is."""

Options = Mapping[str, str]

COMMANDS: tuple[tuple[str, Options, str], ...] = (
    ("health pods", {}, "problem(?s:.*)image"),
    ("health nodes", {}, "healthy"),
    ("health flux", {}, "not installed|healthy"),
    ("health certificates", {}, "not installed|healthy"),
    ("health secrets", {}, "not installed|healthy"),
    ("health endpoints", {}, "healthy"),
    ("health routes", {}, "healthy"),
    ("health workloads", {}, "healthy"),
    ("why", {"finding": CODE}, f"(?s){BROKEN}.*(ErrImageNeverPull|absent)"),
    ("ack", {"finding": CODE}, BROKEN),
    ("unmute", {"what": CODE}, "is no longer acknowledged"),
    ("mute add", {"what": "media", "time": "30m", "reason": "a test"}, "media"),
    ("mute list", {}, "media"),
    ("unmute", {"what": "media"}, "media` is no longer muted"),
    ("traefik routes", {}, "✅ `apps/web`"),
    ("traefik describe", {"route": "apps/web"}, "(?s)Ingress.*web.lab.example.org"),
    ("traefik logs", {}, r"last 1 h · [\d,]+ lines? of Traefik"),
    ("net matrix", {}, "All nodes reach each other"),
    ("net diagnose", {"route": "apps/web"}, r"(?s)The route works.*\*\*Proven:"),
    ("sites", {}, r"(?s)1 of 1 site answers.*web\.lab\.example\.org.*a network test passed"),
    ("net test", {"from": FIRST, "to": "http://web.apps"}, "answers with HTTP 200"),
    ("net tool", {"tool": "curl", "node": FIRST, "target": "http://web.apps"}, LAST),
    ("fix list", {"route": "apps/web"}, "Nothing to fix"),
    ("fix status", {}, "No open fixes"),
    ("fix history", {}, "[Ff]ixes so far"),
    ("digest now", {}, f"(?s)Digest.*{BROKEN}"),
    ("digest set", {"name": "evening", "time": "18:00"}, "evening"),
    ("digest pause", {"name": "evening"}, "evening"),
    ("digest resume", {"name": "evening"}, "evening"),
    ("digest list", {}, "(?s)evening.*18:00"),
    ("digest remove", {"name": "evening"}, "evening"),
    ("digest history", {}, "Digests sent"),
    ("runbook", {"topic": "nativelb"}, "nativeLB"),
    ("doctor", {}, "Nothing wrong found"),
    ("help", {}, "What you can ask"),
    ("setup channels", {}, "Where to post"),
    ("setup timezone", {"zone": "Europe/Berlin"}, "Europe/Berlin"),
    ("setup show", {}, "MESHMEDIC_DIGEST_TIMEZONE=Europe/Berlin"),
)
ELSEWHERE = frozenset({"health all", "fix route", "fix rollback"})
"""Asked at the install and for the repair."""


async def run(table: Table, bot: Bot) -> None:
    """Ask each, and look for what it must say."""
    await asyncio.to_thread(_break)
    try:
        code = await _code(bot)
        nodes = await asyncio.to_thread(node_names)
        filled = {CODE: code, FIRST: nodes[0], LAST: nodes[-1]}
        for name, options, pattern in COMMANDS:
            chosen = {key: filled.get(value, value) for key, value in options.items()}
            want = pattern.replace(FIRST, nodes[0]).replace(LAST, nodes[-1])
            told = await bot.ask(*name.split(), user=ADA, **chosen)
            more = f" (acknowledged after {told.acknowledged * 1000:.0f} ms)"
            table.row(f"/{name}", told.text, seconds=told.seconds, want=want, more=more)
    finally:
        await asyncio.to_thread(kubectl, "-n", "media", "delete", f"deployment/{BROKEN}")
    known = {name for each in bot.discord.commands for name in _names(each)}
    missing = known - {name for name, _, _ in COMMANDS} - ELSEWHERE
    never = ", ".join(sorted(missing)) or "none"
    table.row("commands that were never asked", never, seconds=0, want="^none$")


def _break() -> None:
    """A Deployment beside the homelab's, whose pod's image is on no node and is never pulled."""
    deployment, _ = web("media", BROKEN)
    broken = copy.deepcopy(dict(deployment))
    container = broken["spec"]["template"]["spec"]["containers"][0]
    container.update(image=ABSENT, imagePullPolicy="Never")
    apply(broken)


async def _code(bot: Bot) -> str:
    """The code of the finding, once the kubelet has said what is wrong.

    Raises:
        TimeoutError: /health does not say it in time.
    """
    end = time.monotonic() + TOLD_WITHIN
    while time.monotonic() < end:
        told = await bot.ask("health", "pods")
        for option in _options(told):
            if BROKEN in option["label"] and "image" in option["label"]:
                return str(option["value"])
    msg = f"/health pods did not name {BROKEN} in {TOLD_WITHIN:.0f} s:\n{told.text}"
    raise TimeoutError(msg)


def _options(told: Told) -> Iterator[Json]:
    for component in told.answer.components:
        yield from component.get("options", ())


SUBCOMMANDS = (1, 2)
"""Discord's types of options that are subcommands and groups of them."""


def _names(command: Json, before: str = "") -> Iterator[str]:
    name = f"{before} {command['name']}".strip()
    parts = [each for each in command.get("options", ()) if each["type"] in SUBCOMMANDS]
    if not parts:
        yield name
    for part in parts:
        yield from _names(part, name)
