"""What a process does when it begins to lead: register its commands, recall the last report."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from bot.chat.client import Client
from bot.chat.connecting import FIRST_PAUSE_REFUSED, again_at, pause
from bot.chat.replies import LOST
from bot.doctor import discord_facts
from bot.doctor.domain.facts import Commands
from bot.doctor.domain.registration import differences
from bot.domain.election import Leadership, Standing
from bot.domain.facts import Denied
from bot.domain.record import RecordType, Store
from bot.domain.refusal import NotObserved
from bot.domain.sentences import listed
from bot.errors import DiscordRefusal, MeshmedicError

log = logging.getLogger(__name__)

AGAIN = (2.0, 5.0, 15.0, 60.0)
"""Seconds before each further attempt to register; the last one repeats."""


class CommandDigest(msgspec.Struct, frozen=True):
    """Which commands were registered last, so that a start does not register the same again.

    Discord allows 200 new commands a day, and a registration empties every client's cache.

    sha256: Over the commands as they were sent, the application and the server.
    """

    sha256: str


COMMANDS: RecordType[CommandDigest] = RecordType("commands", CommandDigest)


def command_digest(
    commands: tuple[Mapping[str, Any], ...], *, application: int | None, guild: int
) -> CommandDigest:
    """The digest of commands, independent of their order."""
    encoded = sorted(msgspec.json.encode(command, order="deterministic") for command in commands)
    content = b"\n".join((f"{application}/{guild}".encode(), *encoded))
    return CommandDigest(hashlib.sha256(content).hexdigest())


class Term(Leadership, Protocol):
    """A leadership that begins and ends."""

    async def until(self, *wanted: Standing) -> None:
        """Wait until this process has one of these standings."""
        ...


class LeaderTasks:
    """What the process does each time it becomes the leader."""

    def __init__(
        self,
        term: Term,
        client: Client,
        store: Store,
        restore: Callable[[], Awaitable[None]],
        *,
        pause_refused: float = FIRST_PAUSE_REFUSED,
    ) -> None:
        self._term = term
        self._client = client
        self._store = store
        self._restore = restore
        self._pause_refused = pause_refused
        self._refusal = ""

    @property
    def refusal(self) -> str:
        """Why Discord takes no commands of this leader, in sentences; empty where it takes them."""
        return self._refusal if self._term.may_act() else ""

    async def run(self) -> None:
        """Recall the last report and register the commands in each term, until cancelled."""
        await self._restore()
        await self._client.logged_in.wait()
        while True:
            await self._term.until(Standing.LEADING)
            log.info("this process leads now")
            await self._restore()
            await self._register()
            await self._term.until(Standing.STANDBY, Standing.CUT_OFF)

    async def _register(self) -> None:
        """Register the commands, unless Discord still has the same ones from the last time."""
        # One of an earlier term says nothing of this one.
        self._refusal = ""
        commands = discord_facts.payload(self._client.tree)
        client = self._client
        payload_digest = command_digest(
            commands, application=client.application_id, guild=client.guild_id
        )
        if await self._last_registered() == payload_digest and await self._still_shown(commands):
            log.info("the commands are registered as this version has them")
            return
        attempt = refusals = 0
        while self._term.may_act():
            try:
                if await self._send():
                    await self._store_digest(payload_digest)
                    return
                seconds = AGAIN[min(attempt, len(AGAIN) - 1)]
                attempt += 1
            except DiscordRefusal as error:
                refusals += 1
                seconds = pause(self._pause_refused, refusals)
                self._refusal = f"{error} {again_at(seconds)}"
            await asyncio.sleep(seconds)

    async def _last_registered(self) -> CommandDigest | None:
        try:
            return await self._store.read(COMMANDS)
        except MeshmedicError as error:
            # Registering once too often is harmless.
            log.warning("which commands were registered last is not known: %s", error)
            return None

    async def _still_shown(self, expected: Commands) -> bool:
        """Whether Discord has what was registered; assumed if it does not answer.

        A refusal is no silence: the bot may have been removed from its server, and only a
        registration says so.
        """
        client = self._client
        theirs = await discord_facts.registered_commands(
            client, client.application_id or 0, client.guild_id
        )
        if isinstance(theirs, Denied | NotObserved):
            log.warning("whether Discord has the commands still is not known: %s", theirs.why)
            return isinstance(theirs, NotObserved)
        if wrong := differences(expected, theirs):
            log.warning("Discord has other commands than were registered: %s", listed(wrong))
        return not wrong

    async def _send(self) -> bool:
        """Whether Discord took the commands; False where it is away.

        Raises:
            DiscordRefusal: It does not let the bot have commands in its server.
        """
        try:
            await self._client.register()
        except LOST as error:
            log.warning("the commands could not be registered: %s", error)
            return False
        self._refusal = ""
        log.info("registered the commands of this version")
        return True

    async def _store_digest(self, payload_digest: CommandDigest) -> None:
        try:
            await self._store.change(COMMANDS, lambda _: payload_digest)
        except MeshmedicError as error:
            log.warning("the next start registers the commands again: %s", error)
