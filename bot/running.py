"""The two ways to run the bot: on Discord with a real cluster, and in the sandbox."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import discord

from bot import endpoints, logs, runbook, settings
from bot.client import Client
from bot.core.access import Circles
from bot.core.objects import Namespace
from bot.errors import MeshmedicError, SettingsError
from bot.health import Health
from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from bot.metrics import Metrics, Sources
from bot.schedule import REDISCOVER, Schedule
from bot.vitals import Vitals, always
from commands import everything
from commands.context import Context

log = logging.getLogger(__name__)


def run() -> int:
    """Answer on Discord until SIGTERM or SIGINT. Returns the exit code."""
    read = settings.load()
    logs.configure(read.log_level, read.log_format)
    token, guild_id = read.for_discord()
    # What was imported is never garbage: looking through it would hold the event loop up.
    gc.collect()
    gc.freeze()
    return asyncio.run(_run(read, token, guild_id))


@dataclass(frozen=True, slots=True)
class Parts:
    """The bot, wired to a cluster."""

    client: Client
    vitals: Vitals
    metrics: Metrics


def make_client(cache: WatchCache, circles: Circles, guild_id: int) -> Client:
    """The bot alone, for the sandbox."""
    return wire(cache, circles, guild_id).client


def wire(
    cache: WatchCache, circles: Circles, guild_id: int, *, leads: Callable[[], bool] = always
) -> Parts:
    """The bot, wired to a cluster: the same in production, sandbox and tests.

    `leads` tells whether this process is the one that acts.
    """
    metrics = Metrics()
    health = Health(cache, around=metrics.around)
    context = Context(
        health=health,
        runbook=runbook.load(),
        namespaces=lambda: cache.names(Namespace),
        cluster=cache.access,
        watched=cache.watched,
        secret_inventory=cache.secret_inventory,
    )
    schedule = Schedule()

    async def began() -> None:
        await cache.start()
        schedule.every(REDISCOVER, "look for new kinds", cache.rediscover)
        schedule.start()

    async def ended() -> None:
        schedule.stop()
        await cache.close()

    client = Client(
        circles,
        guild_id,
        lambda client: everything.register(client, context),
        began=began,
        ended=ended,
        told=metrics.answered,
    )
    vitals = Vitals(client, cache, schedule, leads)
    metrics.read_from(Sources(client, cache.watches, lambda: health.latest, leads))
    return Parts(client, vitals, metrics)


async def _run(read: settings.Settings, token: str, guild_id: int) -> int:
    async with connect(kubeconfig=read.kubeconfig, context=read.context) as api:
        cache = WatchCache(api, secret_inventory=read.secret_inventory, namespaces=read.namespaces)
        parts = wire(cache, read.circles, guild_id)
        async with _signals() as stopped, _answering_machines(read.http_port, parts):
            return await _serve(parts.client, token, stopped)


def _answering_machines(port: int, parts: Parts) -> AbstractAsyncContextManager[None]:
    return endpoints.serving(
        port,
        healthz=parts.vitals.ailments,
        readyz=parts.vitals.obstacles,
        metrics=parts.metrics.exposition,
    )


async def _serve(client: Client, token: str, stopped: asyncio.Event) -> int:
    """Connect, and leave in good order when asked to.

    Raises:
        SettingsError: Discord refuses the token or the server: asking again would not help.
    """
    serving = asyncio.create_task(_connected(client, token))
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            log.info("asked to stop")
            await client.stop()
            serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
    finally:
        stopping.cancel()
        if not client.is_closed():
            await client.close()
    return 0


async def _connected(client: Client, token: str) -> None:
    """Log in, however long the network is away, and stay connected."""
    delay = FIRST_DELAY
    while True:
        try:
            await client.login(token)
            break
        except discord.LoginFailure as error:
            msg = "MESHMEDIC_DISCORD_TOKEN is refused by Discord. Make a new one in its portal."
            raise SettingsError(msg) from error
        except (discord.Forbidden, discord.NotFound) as error:
            msg = (
                "MESHMEDIC_GUILD_ID: Discord does not let the bot add commands there. Is the id "
                "right, and was the bot invited with the scopes bot and applications.commands?"
            )
            raise SettingsError(msg) from error
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("Discord cannot be reached, trying again in %.0f s: %s", delay, error)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
    try:
        await client.connect(reconnect=True)
    except (discord.PrivilegedIntentsRequired, discord.ConnectionClosed) as error:
        msg = f"Discord does not let the bot connect: {error}"
        raise MeshmedicError(msg) from error


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


def sandbox(scenario: str, kubeconfig: Path | None, port: int) -> int:
    """The bot in a browser, against a scenario or a real cluster. Returns the exit code."""
    try:
        from bot.sandbox import opening  # noqa: PLC0415  # needs an extra that production lacks
    except ModuleNotFoundError as error:
        msg = f"The sandbox needs the package {error.name}: run `make setup`."
        raise MeshmedicError(msg) from error
    logs.configure("info")
    with suppress(KeyboardInterrupt):
        asyncio.run(opening.open_sandbox(scenario, kubeconfig, port, make_client))
    return 0
