"""The process's own small web server: `/healthz`, `/readyz` and `/metrics`, for machines."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

from aiohttp import hdrs, web
from aiohttp.http import HttpProcessingError

from bot.errors import SettingsError
from bot.probe.accepting import ConnectionLimits, Connections, nobody
from bot.probe.node_addresses import kubelet_addresses

log = logging.getLogger(__name__)

LIMITS = ConnectionLimits()

MOST_OF_A_LINE = LIMITS.sent // 2
"""Bytes of a request's line, and of one of its headers."""

HELP = {
    errno.EADDRINUSE: "another process listens there. Stop it, or choose another port",
    errno.EACCES: "ports below 1024 need a privilege. Choose one above",
}

Reasons = Callable[[], tuple[str, ...]]
"""Why the answer is no, a line each; empty for yes."""

Exposition = Callable[[str], tuple[bytes, str]]
"""The metrics for an Accept header: body and content type."""


@asynccontextmanager
async def serving(
    port: int,
    *,
    healthz: Reasons,
    readyz: Reasons,
    degraded: Reasons = tuple,
    metrics: Exposition,
    node_addresses: Iterable[str] = (),
    is_scraper: Callable[[str], bool] = nobody,
) -> AsyncIterator[None]:
    """Answer on all interfaces within this block; on port 0 nowhere.

    `degraded` is what is worse than usual of a process that is ready: it stands in the answer.
    `node_addresses` are those from which the node's kubelet may come. `is_scraper` says of an
    address whether it is of those who read the metrics, as Prometheus does.

    Raises:
        SettingsError: The port cannot be listened on.
    """
    if not port:
        yield
        return

    async def measured(request: web.Request) -> web.Response:
        body, content_type = metrics(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", partial(_yes_or_no, healthz, tuple)),
            web.get("/readyz", partial(_yes_or_no, readyz, degraded)),
            web.get("/metrics", measured),
        ]
    )
    listening = _listen(port)
    try:
        async with _bounded(app, listening, kubelet_addresses(node_addresses), is_scraper):
            yield
    finally:
        listening.close()


@asynccontextmanager
async def _bounded(
    app: web.Application,
    listening: socket.socket,
    kubelet: frozenset[str],
    is_scraper: Callable[[str], bool],
) -> AsyncIterator[None]:
    """Serve all that connect, within limits; each connection gets one answer."""
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=log,
        shutdown_timeout=0,
        max_line_size=MOST_OF_A_LINE,
        max_field_size=MOST_OF_A_LINE,
        read_bufsize=LIMITS.sent,
        lingering_time=0,
    )

    async def hang_up(request: web.Request, response: web.StreamResponse) -> None:
        connections.asked(request.transport)
        response.force_close()
        response.headers[hdrs.CONNECTION] = "close"

    app.on_response_prepare.append(hang_up)
    await runner.setup()
    serve = cast("web.Server", runner.server)
    connections = Connections(
        serve, limits=LIMITS, is_known=kubelet.__contains__, is_regular=is_scraper
    )
    try:
        async with connections.listening(listening):
            yield
    finally:
        await runner.cleanup()


def _is_no_strangers_fault(record: logging.LogRecord) -> bool:
    """Whether a line is of a failure here, and not of a stranger: those would fill the log.

    No handler connects to anything, so what breaks is the connection of who asks.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ConnectionError)


log.addFilter(_is_no_strangers_fault)


async def _yes_or_no(no: Reasons, degraded: Reasons, _request: web.Request) -> web.Response:
    problems = no()
    lines = problems or (*(f"degraded: {reason}" for reason in degraded()),) or ("ok",)
    text = "".join(f"{line}\n" for line in lines)
    return web.Response(text=text, status=503 if problems else 200)


def _listen(port: int) -> socket.socket:
    """A socket for IPv6 and IPv4, or for IPv4 alone where the machine has no other."""
    try:
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) in HELP:
                raise
            return socket.create_server(("", port))
    except OSError as error:
        why = HELP.get(error.errno or 0, f"{error.strerror}. Choose another port")
        msg = f"MESHMEDIC_HTTP_PORT: cannot listen on port {port}: {why}, or 0 for none."
        raise SettingsError(msg) from error
