"""Runs the bot: connects, answers until it is stopped, and shuts down in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import discord

from bot.app.bootstrap import Bot
from bot.app.leader_tasks import refusals_explained
from bot.chat.client import Client
from bot.chat.replies import LOST
from bot.errors import MeshmedicError, SettingsError
from bot.runtime import http_server

log = logging.getLogger(__name__)


async def serve(bot: Bot, token: str, port: int) -> None:
    """Answer people until SIGTERM or SIGINT, and Prometheus and the kubelet at a port.

    Raises:
        SettingsError: Discord refuses the token or the server: asking again would not help.
    """
    membership, prepare = bot.cluster.membership, bot.cluster.prepare
    async with AsyncExitStack() as stack:
        if prepare:
            preparing = asyncio.ensure_future(prepare())
            stack.callback(preparing.cancel)
        stopped = await stack.enter_async_context(_signals())
        await stack.enter_async_context(
            http_server.serving(
                port,
                healthz=bot.probes.liveness_problems,
                readyz=bot.probes.readiness_problems,
                metrics=bot.metrics.exposition,
            )
        )
        if membership and bot.memory:
            await stack.enter_async_context(membership.held(bot.memory))
        await _run(bot, token, stopped)


async def _run(bot: Bot, token: str, stopped: asyncio.Event) -> None:
    """Stay connected until a signal, then let running answers finish."""
    client = bot.client
    working = {asyncio.create_task(_connected(client, token))}
    if bot.leader_tasks:
        working.add(asyncio.create_task(bot.leader_tasks.run()))
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.done() and not any(task.done() for task in working):
            log.info("asked to stop")
            await client.stop()
        for task in working:
            task.cancel()
        for task in working:
            with suppress(asyncio.CancelledError):
                await task
    finally:
        stopping.cancel()
        if not client.is_closed():
            await client.close()


async def _connected(client: Client, token: str) -> None:
    """Log in and stay connected, and keep trying while the network is away."""
    delay = FIRST_DELAY
    while True:
        try:
            with refusals_explained():
                await client.login(token)
            break
        except discord.LoginFailure as error:
            raise SettingsError(REFUSED) from error
        except LOST as error:
            log.warning("Discord cannot be reached, trying again in %.0f s: %s", delay, error)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
    await _stay(client)


async def _stay(client: Client) -> None:
    """Stay connected to the gateway, and keep trying while it is away."""
    delay = FIRST_DELAY
    while not client.is_closed():
        try:
            await client.connect(reconnect=True)
        except AttributeError:
            # The library retries by itself, but fails so where it was never connected before.
            if client.ws is not None:
                raise
            log.warning("Discord's gateway cannot be reached, trying again in %.0f s", delay)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
        except (discord.PrivilegedIntentsRequired, discord.ConnectionClosed) as error:
            if isinstance(error, discord.ConnectionClosed) and error.code == TOKEN_REFUSED:
                raise SettingsError(REFUSED) from error
            msg = f"Discord does not let the bot connect: {error}"
            raise MeshmedicError(msg) from error


REFUSED = "MESHMEDIC_DISCORD_TOKEN is refused by Discord. Make a new one in its portal."
TOKEN_REFUSED = 4004
"""The gateway's close code. Source: Discord, Gateway close event codes."""

FIRST_DELAY = 2.0
LONGEST_DELAY = 300.0
"""Seconds between two attempts to log in: Discord bans addresses with too many failures."""


@asynccontextmanager
async def _signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set. The library's own runner ignores SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
