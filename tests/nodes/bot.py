"""The bot in its pod, as somebody in Discord sees it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.nodes.place import LAN_ADDRESS, RUN
from tests.render.discord_markdown import unescaped
from tests.wire import discord_server
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import Answer, Interaction, until
from tests.wire.messages import contents
from tests.wire.world import OLGA, Json, Person

PATIENCE = 240.0
QUIET = 0.3
"""Seconds without an edit after which an answer is taken for the last one."""

LOOK = 0.5
"""Seconds between two looks at what was posted."""

PROGRESS = "## 🔄 Testing\n"
"""How a card begins that is shown until there is an answer."""


@dataclass(frozen=True)
class Told:
    """The last answer to a command, and how long it took."""

    answer: Answer
    acknowledged: float
    seconds: float

    @property
    def text(self) -> str:
        """What the person reads."""
        return unescaped(self.answer.text)

    @property
    def headline(self) -> str:
        """Its first line."""
        return self.text.strip().partition("\n")[0]


@dataclass
class Bot:
    """Whoever answers on the local Discord."""

    discord: DiscordServer

    async def ask(self, *path: str, user: Person = OLGA, **options: object) -> Told:
        """Run a command, and wait for its last answer."""
        handle = await self.discord.slash(*path, options=options, user=user)
        return await self._told(handle)

    async def click(self, told: Told, label: str, *, user: Person) -> Told:
        """Press a button of an answer by its label."""
        buttons = {
            component.get("label"): component["custom_id"]
            for component in told.answer.components
            if component.get("custom_id")
        }
        assert label in buttons, f"no button {label!r}, but {list(buttons)}:\n{told.text}"
        handle = await self.discord.click(told.answer.message, buttons[label], user=user)
        return await self._told(handle)

    async def connected(self, times: int, seconds: float = PATIENCE) -> None:
        """Wait until so many processes have a session in all, and there are commands."""
        await self.discord.connected(seconds, times=times)
        await until(lambda: self.discord.commands, "the commands to be registered", seconds)

    def shown(self, message: Json) -> str:
        """What a message of a channel shows now."""
        kept = self.discord.messages.get(message["id"])
        if kept is None:
            return ""
        return unescaped("\n".join(contents(kept["components"])))

    async def until_shown(self, message: Json, pattern: str, seconds: float) -> float:
        """Wait until a message shows the pattern; the seconds that it took."""
        began = time.monotonic()
        await until(lambda: re.search(pattern, self.shown(message)), pattern, seconds)
        return time.monotonic() - began

    async def until_posted(self, pattern: str, seconds: float) -> tuple[str, float]:
        """Wait for a post of the channel with the pattern; the post, and the seconds that it took.

        Raises:
            AssertionError: There is none in time.
        """
        began = time.monotonic()
        while True:
            took = time.monotonic() - began
            for post in self.posts():
                if re.search(pattern, post):
                    return post, took
            assert took < seconds, f"waited {seconds} s in vain for a post with {pattern}"
            await asyncio.sleep(LOOK)

    def posts(self) -> list[str]:
        """What stands in the channel, the newest first."""
        return [self.shown(message) for message in self.discord.messages.newest_first()]

    async def _told(self, handle: Interaction) -> Told:
        await until(lambda: handle.answers, f"an answer to {handle.event['data']}", PATIENCE)
        seen, since, end = 0, time.monotonic(), time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if len(handle.answers) != seen:
                seen, since = len(handle.answers), time.monotonic()
            busy = handle.answers[-1].text.startswith(PROGRESS)
            if not busy and time.monotonic() - since > QUIET:
                break
            await asyncio.sleep(0.1)
        took = handle.responses[-1].at - handle.sent_at
        return Told(handle.answers[-1], handle.ack_latency, took)


@asynccontextmanager
async def local_discord(
    address: str = LAN_ADDRESS, folder: Path = RUN / "discord"
) -> AsyncIterator[Bot]:
    """A Discord at this machine's address, for pods to reach."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with discord_server.serve(folder, address) as server:
        yield Bot(server)
