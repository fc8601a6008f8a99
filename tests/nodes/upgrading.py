"""The commit before is installed by its own README; then it is upgraded, rolled back and removed.

What the bot keeps is asked for each time, and must be the same.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from tests.nodes import installing
from tests.nodes.before import Before
from tests.nodes.bot import Bot, Told
from tests.nodes.cluster import RealNodes
from tests.nodes.editing import Choices
from tests.nodes.images import MESHMEDIC
from tests.nodes.repairing import REDIRECT, ROUTE
from tests.nodes.table import Table
from tests.wire.world import ADA, OLGA

DIGEST = "evening"
DUE = 180.0

KEPT = (
    (("mute", "list"), "media.*while it moves"),
    (("digest", "list"), DIGEST),
    (("digest", "history"), DIGEST),
    (("fix", "history"), "Rejected.*apps/web"),
)
"""What is asked before and after, and what must be told each time."""

AUDIT_LOG = r"^namespace/meshmedic\ncustomresourcedefinition\S+/changes.meshmedic.dev\nchange\S+$"


async def run(table: Table, cluster: RealNodes, bot: Bot, choices: Choices, before: Before) -> None:
    """From the commit before to this one, back, and forth again."""
    left = await asyncio.to_thread(installing.uninstall)
    table.row("this commit is removed", left or "nothing is left", seconds=0, want="nothing")
    older = replace(choices, image=before.image)
    took = await asyncio.to_thread(installing.install, bot, older, before.checkout)
    table.row("the commit before, by its README", "done", seconds=took, want="done")
    await _make_state(table, cluster, bot)
    told = await _kept(table, bot, "before", {})
    upgrade = partial(installing.upgrade, replace(choices, image=MESHMEDIC))
    for what, change in (
        ("upgraded", upgrade),
        ("rolled back", installing.roll_back),
        ("upgraded again", upgrade),
    ):
        await _changed(table, what, change)
        await _kept(table, bot, what, told)
    left = await asyncio.to_thread(installing.uninstall_all_but_the_audit_log)
    table.row("left of an uninstall", left, seconds=0, want=AUDIT_LOG)


async def _changed(table: Table, what: str, change: Callable[[], str]) -> None:
    began = time.monotonic()
    image = await asyncio.to_thread(change)
    took = time.monotonic() - began
    older = what == "rolled back"
    table.row(what, image, seconds=took, want=":before-" if older else r":[\d.]+$")


async def _make_state(table: Table, cluster: RealNodes, bot: Bot) -> None:
    """A silence, a digest that was sent, and a change that somebody rejected."""
    muted = {"what": "media", "time": "2d", "reason": "while it moves"}
    await bot.ask("mute", "add", user=ADA, **muted)
    due = datetime.now(UTC) + timedelta(minutes=1, seconds=15)
    await bot.ask("digest", "set", user=ADA, name=DIGEST, time=f"{due:%H:%M}")
    mend = await asyncio.to_thread(REDIRECT.make, cluster)
    try:
        proposal = await bot.ask("fix", "route", route=ROUTE, way="annotation", user=OLGA)
        await bot.click(proposal, "Reject", user=ADA)
    finally:
        await asyncio.to_thread(mend)
    _, took = await bot.until_posted(f"Digest {DIGEST}", DUE)
    table.row("a digest is sent", "done", seconds=took, want="done")


async def _kept(table: Table, bot: Bot, when: str, first: dict[str, str]) -> dict[str, str]:
    """Ask for all that is kept; it must be told, and the same as the first time."""
    answers: dict[str, str] = {}
    for path, want in KEPT:
        told = await bot.ask(*path, user=ADA)
        name = " ".join(path)
        answers[name] = _timeless(told)
        same = first.get(name) in (None, answers[name])
        said = told.text if same else f"It was:\n{first[name]}\nand is:\n{answers[name]}"
        _row(table, f"{when}: /{name}", told, said, f"(?s)^(?!It was:).*{want}")
    told = await bot.ask("digest", "now", name=DIGEST, user=ADA)
    _row(table, f"{when}: the digest's base", told, told.text, "(?s)^(?!.*first of its name)")
    return answers


def _row(table: Table, what: str, told: Told, said: str, want: str) -> None:
    table.row(what, said, seconds=told.seconds, want=want)


def _timeless(told: Told) -> str:
    """Without what time alone changes: ages, and trends."""
    lasting = told.text.partition("**The last 7 days**")[0]
    return re.sub(r"\d+ (s|min|h|d)\b( \d+ (s|min|h)\b)?", "some time", lasting)
