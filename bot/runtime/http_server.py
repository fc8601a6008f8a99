"""The process's own small web server: `/healthz`, `/readyz` and `/metrics`, for machines."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

from aiohttp import hdrs, web
from aiohttp.http import HttpProcessingError

from bot.errors import SettingsError
from bot.runtime.connections import AT_A_TIME, MOST_SENT, QUEUE, Connections

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that a request may hold the end of the process up."""

MOST_OF_A_LINE = MOST_SENT // 2
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
) -> AsyncIterator[None]:
    """Answer on all interfaces within this block; on port 0 nowhere.

    `degraded` is what is worse than usual of a process that is ready: it stands in the answer.

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
    app.on_response_prepare.append(_hang_up)
    app.add_routes(
        [
            web.get("/healthz", partial(_yes_or_no, healthz, tuple)),
            web.get("/readyz", partial(_yes_or_no, readyz, degraded)),
            web.get("/metrics", measured),
        ]
    )
    listening = _listen(port)
    try:
        async with _bounded(app, listening):
            yield
    finally:
        listening.close()


@asynccontextmanager
async def _bounded(app: web.Application, listening: socket.socket) -> AsyncIterator[None]:
    """Serve all that connect, within the limits of `bot.runtime.connections`."""
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=log,
        shutdown_timeout=PATIENCE,
        max_line_size=MOST_OF_A_LINE,
        max_field_size=MOST_OF_A_LINE,
        read_bufsize=MOST_SENT,
        lingering_time=0,
    )
    await runner.setup()
    connections = Connections(cast("web.Server", runner.server))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connections, sock=listening, backlog=AT_A_TIME)
    # To asyncio a backlog is also how many it accepts at a time.
    listening.listen(QUEUE)
    try:
        yield
    finally:
        server.close()
        await runner.cleanup()
        connections.cut_off()


async def _hang_up(_request: web.Request, response: web.StreamResponse) -> None:
    """One answer a connection: nobody has a reason to stay."""
    response.force_close()
    response.headers[hdrs.CONNECTION] = "close"


def _is_no_strangers_fault(record: logging.LogRecord) -> bool:
    """Whether a line is of a failure here: what is no request would else fill the log."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


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
