"""Keeps a client connected: logs in, stays, and goes on trying where Discord is away or refuses.

A refusal ends nothing: a restart would ask the same again, only sooner. The pauses grow, since
Discord bans addresses with too many failures, and a token that was replaced is tried at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import discord

from bot.chat.client import Client
from bot.chat.replies import LOST
from bot.errors import DiscordRefusal
from bot.runtime.network_cause import network_cause

log = logging.getLogger(__name__)

FIRST_PAUSE = 2.0
FIRST_PAUSE_REFUSED = 30.0
LONGEST_PAUSE = 300.0
"""Seconds between two attempts; each is twice as long as the one before."""

TOKEN_LOOK = 5.0
"""Seconds between two looks for another token, while the present one is refused."""

TOKEN_REFUSED = 4004
"""The gateway's close code. Source: Discord, Gateway close event codes."""

REFUSED = (
    "Discord refuses the token in MESHMEDIC_DISCORD_TOKEN. "
    "Make a new one in its developer portal, and put it into the Secret."
)

Token = Callable[[], str]
"""Reads the token as the settings have it now: a mounted Secret changes while the process runs."""


def pause(first: float, failures: int) -> float:
    """Seconds to wait after so many failures in a row, which are one or more."""
    return float(min(first * 2 ** min(failures - 1, 16), LONGEST_PAUSE))


def again_at(seconds: float) -> str:
    """When the next attempt is, as a sentence."""
    return f"It is tried again at {datetime.now(UTC) + timedelta(seconds=seconds):%H:%M:%S} UTC."


class Connecting:
    """Connects one client, until it is closed. Says to the client why there is no session."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._failures = 0
        self._welcomes = 0

    async def run(self, token: Token) -> None:
        """Log in and stay connected. Ends when the client is closed."""
        while not self._client.is_closed():
            given = token()
            try:
                await self._client.leave_session()
                await self._log_in(given)
                await self._stay()
            except DiscordRefusal as error:
                await self._refused(str(error), token, given)
            except LOST as error:
                log.info("the login failed: %s", error)
                await self._away("Discord", error)

    async def _log_in(self, token: str) -> None:
        try:
            await self._client.login(token)
        except discord.LoginFailure as error:
            raise DiscordRefusal(REFUSED) from error

    async def _stay(self) -> None:
        """Stay connected to the gateway, and keep trying while it is away."""
        client = self._client
        while not client.is_closed():
            try:
                await client.connect(reconnect=True)
            except AttributeError as error:
                # The library retries by itself, but fails so where it was never connected before.
                if client.ws is not None:
                    raise
                await self._away("Discord's gateway", error.__context__)
            except discord.PrivilegedIntentsRequired as error:
                raise DiscordRefusal(f"Discord does not let the bot connect: {error}") from error
            except discord.ConnectionClosed as error:
                if error.code == TOKEN_REFUSED:
                    raise DiscordRefusal(REFUSED) from error
                msg = f"Discord does not let the bot connect: it closes with code {error.code}."
                raise DiscordRefusal(msg) from error

    async def _away(self, who: str, error: BaseException | None) -> None:
        seconds = pause(FIRST_PAUSE, self._count())
        why = network_cause(error)
        if isinstance(error, discord.HTTPException):
            why = f"it answers with status {error.status}"
        self._client.note_no_session(f"{who} cannot be reached: {why}. {again_at(seconds)}")
        await asyncio.sleep(seconds)

    async def _refused(self, why: str, token: Token, given: str) -> None:
        seconds = pause(FIRST_PAUSE_REFUSED, self._count())
        self._client.note_no_session(f"{why} {again_at(seconds)}")
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, TOKEN_LOOK))
            if token() != given:
                log.info("there is another token: it is tried now")
                self._failures = 0
                return

    def _count(self) -> int:
        """The failures in a row. A session in between begins the count anew."""
        if self._client.welcomes > self._welcomes:
            self._welcomes, self._failures = self._client.welcomes, 0
        self._failures += 1
        return self._failures
