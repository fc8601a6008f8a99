"""A fake kubelet of the tests' own, at which a Node object points: logs and commands.

No pod runs: what it answers is what a test laid out. Everything between it and the bot is real.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trustme
from aiohttp import web

from bot.sandbox.kubernetes_api.streams import FRAME, PROTOCOL, Shell, StreamEnded, status_of

Log = tuple[str, str, str, bool]
"""Namespace, pod, container, and whether the run before is meant."""


@dataclass
class Kubelet:
    """`logs` by pod; `refusals` in a kubelet's own words; `hangs` answers nobody.

    `shells` run commands by (namespace, pod, container). A WebSocket of the protocol v4 comes here
    as it left the client: the API server translates v5 alone.
    """

    port: int = 0
    logs: dict[Log, str] = field(default_factory=dict)
    refusals: dict[Log, str] = field(default_factory=dict)
    shells: dict[tuple[str, str, str], Shell] = field(default_factory=dict)
    hangs: bool = False
    asked: list[str] = field(default_factory=list)

    async def container_logs(self, request: web.Request) -> web.Response:
        """`/containerLogs/{namespace}/{pod}/{container}`, cut as asked."""
        self.asked.append(request.path_qs)
        if self.hangs:
            await asyncio.Event().wait()
        where = request.match_info
        previous = request.query.get("previous") == "true"
        key = (where["namespace"], where["pod"], where["container"], previous)
        if refusal := self.refusals.get(key):
            return web.Response(status=400, text=refusal)
        if key not in self.logs:
            name = f'previous terminated container "{key[2]}" in pod "{key[1]}" not found'
            return web.Response(status=400, text=name)
        lines = self.logs[key].splitlines(keepends=True)
        if tail := request.query.get("tailLines"):
            lines = lines[-int(tail) :]
        text = "".join(lines).encode()
        if limit := request.query.get("limitBytes"):
            text = text[: int(limit)]
        return web.Response(body=text)

    async def execute(self, request: web.Request) -> web.StreamResponse:
        """`/exec/{namespace}/{pod}/{container}` with `command` once for each argument."""
        self.asked.append(request.path_qs)
        where = request.match_info
        key = (where["namespace"], where["pod"], where["container"])
        socket = web.WebSocketResponse(protocols=(PROTOCOL,))
        await socket.prepare(request)
        shell = self.shells.get(key)
        argv = request.query.getall("command", [])
        ended = (
            await asyncio.to_thread(shell, argv)
            if shell
            else StreamEnded(refused="no such container")
        )
        for channel, said in ((b"\x01", ended.stdout), (b"\x02", ended.stderr)):
            for begin in range(0, len(said), FRAME):
                await socket.send_bytes(channel + said[begin : begin + FRAME])
        await socket.send_bytes(b"\x03" + status_of(ended))
        await socket.close()
        return socket


@asynccontextmanager
async def kubelet() -> AsyncIterator[Kubelet]:
    """A kubelet on loopback, over TLS as an API server wants it."""
    made = Kubelet()
    app = web.Application()
    path = "/containerLogs/{namespace}/{pod}/{container}"
    app.router.add_get(path, made.container_logs)
    app.router.add_get("/exec/{namespace}/{pod}/{container}", made.execute)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        made.port = runner.addresses[0][1]
        yield made
    finally:
        await runner.cleanup()
