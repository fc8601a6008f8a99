"""Runs the bot: connects, answers until it is stopped, and shuts down in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from bot.app.bootstrap import Bot
from bot.chat.connecting import Connecting, Token
from bot.kube.pod_addresses import PodAddresses
from bot.runtime import http_server
from bot.runtime.tasks import log_failure

log = logging.getLogger(__name__)


async def serve(
    bot: Bot,
    token: Token,
    port: int,
    node_addresses: Iterable[str] = (),
    metrics_namespaces: Collection[str] = (),
) -> None:
    """Answer people until SIGTERM or SIGINT, and Prometheus and the kubelet at a port.

    The kubelet comes from one of the `node_addresses`, or from the pod's gateway. Prometheus comes
    from a pod in one of the `metrics_namespaces`.

    Neither an outage nor a refusal of Discord or of the API server ends it.

    Raises:
        SettingsError: The port cannot be listened on.
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
                degraded=bot.probes.degradations,
                metrics=bot.metrics.exposition,
                node_addresses=node_addresses,
                is_scraper=PodAddresses(bot.cluster.cache, metrics_namespaces),
            )
        )
        if membership and bot.memory:
            await stack.enter_async_context(membership.held(bot.memory))
        # Before the login: beside a refused token, an API server that is away is named too.
        await bot.cluster.cache.start()
        telling = asyncio.create_task(bot.readiness.run(), name="readiness")
        telling.add_done_callback(log_failure)
        stack.callback(telling.cancel)
        await _run(bot, token, stopped)


async def _run(bot: Bot, token: Token, stopped: asyncio.Event) -> None:
    """Stay connected until a signal, then let running answers finish."""
    client = bot.client
    working = {asyncio.create_task(Connecting(client).run(token))}
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
