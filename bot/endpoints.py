"""The process's own small web server: `/healthz`, `/readyz` and `/metrics`, for machines."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.errors import SettingsError

PATIENCE = 1.0
"""Seconds that a request may hold the end of the process up."""

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
    port: int, *, healthz: Reasons, readyz: Reasons, metrics: Exposition
) -> AsyncIterator[None]:
    """Answer on all interfaces within this block; on port 0 nowhere.

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
            web.get("/healthz", _yes_or_no(healthz)),
            web.get("/readyz", _yes_or_no(readyz)),
            web.get("/metrics", measured),
        ]
    )
    listening = _listen(port)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE)
    try:
        await runner.setup()
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()
        listening.close()


def _yes_or_no(reasons: Reasons) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_request: web.Request) -> web.StreamResponse:
        found = reasons()
        text = "".join(f"{each}\n" for each in found) or "ok\n"
        return web.Response(text=text, status=503 if found else 200)

    return answer


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
