"""The life of a process: it connects, answers until it is stopped, and leaves in good order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
import discord

from bot.app.leader_tasks import LeaderTasks, refusals_explained
from bot.app.leadership import Membership
from bot.app.metrics import Metrics
from bot.app.probes import Probes
from bot.chat.client import Client
from bot.errors import MeshmedicError, SettingsError
from bot.health.report_store import Memory
from bot.runtime import http_server

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """The bot, wired to a cluster; the last four where it has a place there."""

    client: Client
    probes: Probes
    metrics: Metrics
    leader_tasks: LeaderTasks | None = None
    membership: Membership | None = None
    memory: Memory | None = None
    prepare: Callable[[], Awaitable[None]] | None = None


async def serve(process: Process, token: str, port: int) -> int:
    """Answer until SIGTERM or SIGINT, and Prometheus and the kubelet at a port. Returns 0.

    Raises:
        SettingsError: Discord refuses the token or the server: asking again would not help.
    """
    async with AsyncExitStack() as stack:
        if process.prepare:
            preparing = asyncio.ensure_future(process.prepare())
            stack.callback(preparing.cancel)
        stopped = await stack.enter_async_context(_signals())
        await stack.enter_async_context(
            http_server.serving(
                port,
                healthz=process.probes.ailments,
                readyz=process.probes.obstacles,
                metrics=process.metrics.exposition,
            )
        )
        if process.membership and process.memory:
            await stack.enter_async_context(process.membership.held(process.memory))
        await _run(process, token, stopped)
    return 0


async def _run(process: Process, token: str, stopped: asyncio.Event) -> None:
    """Connect, and leave in good order when asked to."""
    client = process.client
    working = {asyncio.create_task(_connected(client, token))}
    if process.leader_tasks:
        working.add(asyncio.create_task(process.leader_tasks.run()))
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
    """Log in, however long the network is away, and stay connected."""
    delay = FIRST_DELAY
    while True:
        try:
            with refusals_explained():
                await client.login(token)
            break
        except discord.LoginFailure as error:
            raise SettingsError(REFUSED) from error
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("Discord cannot be reached, trying again in %.0f s: %s", delay, error)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
    await _stay(client)


async def _stay(client: Client) -> None:
    """Stay connected to the gateway, however long it is away."""
    delay = FIRST_DELAY
    while not client.is_closed():
        try:
            await client.connect(reconnect=True)
        except AttributeError:
            # The library tries again by itself, but trips where it was never connected before.
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
"""Seconds between two attempts to log in: an address is banned for too many refused ones."""


@asynccontextmanager
async def _signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set: the library's own runner ignores SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
