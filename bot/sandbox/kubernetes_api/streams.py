"""Answers to pods/proxy and pods/exec, by the listeners and shells of a scenario.

Source: apimachinery's UpgradeAwareHandler; the remote command protocol v4 over a WebSocket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec
from aiohttp import web

from bot.sandbox.kubernetes_api.exchange import Exchange
from bot.sandbox.kubernetes_api.status import ApiError

PROTOCOL = "v4.channel.k8s.io"
FRAME = 32 * 1024


class Reply(NamedTuple):
    """An HTTP answer of a listener in a pod."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class StreamEnded(NamedTuple):
    """The output and exit code of a command; `refused` where it could not be started."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    refused: str = ""


Listener: TypeAlias = Callable[[str, Mapping[str, str]], Reply]
"""A path and a query -> the answer."""

Shell: TypeAlias = Callable[[Sequence[str]], StreamEnded]
"""A command and its arguments -> how it ended."""


async def proxied(exchange: Exchange) -> web.Response:
    """A request to a port of a pod: the name may end in `:port`.

    Raises:
        ApiError: 404 without such a pod, 503 where nothing listens.
    """
    target = exchange.target
    name, _, port = target.name.partition(":")
    exchange.existing(name)
    listener = exchange.cluster.listeners.get((target.namespace, name, int(port or 80)))
    if listener is None:
        message = f"error trying to reach service: dial tcp {name}:{port}: connection refused"
        raise ApiError(503, message)
    path = exchange.http.path.partition("/proxy")[2] or "/"
    reply = listener(path, exchange.http.query)
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


async def executed(exchange: Exchange) -> web.StreamResponse:
    """A command in a container.

    Raises:
        ApiError: 400 unless it is a WebSocket, 403 and 404 as anywhere.
    """
    target, query = exchange.target, exchange.http.query
    # From 1.35 on a WebSocket needs `create` beside `get`.
    exchange.cluster.access.authorize(msgspec.structs.replace(target.attributes, verb="create"))
    exchange.existing()
    socket = web.WebSocketResponse(protocols=(PROTOCOL,))
    if not socket.can_prepare(exchange.http):
        raise ApiError(400, "Upgrade request required")
    await socket.prepare(exchange.http)
    shell = exchange.cluster.shells.get((target.namespace, target.name, query.get("container", "")))
    if shell:
        ended = shell(query.getall("command", []))
    else:
        ended = StreamEnded(refused="container not found")
    for channel, output in ((b"\x01", ended.stdout), (b"\x02", ended.stderr)):
        for begin in range(0, len(output), FRAME):
            await socket.send_bytes(channel + output[begin : begin + FRAME])
    await socket.send_bytes(b"\x03" + status_of(ended))
    await socket.close()
    return socket


def status_of(ended: StreamEnded) -> bytes:
    """The `Status` in the last frame, as a kubelet writes it."""
    status: dict[str, Any] = {"metadata": {}, "status": "Success"}
    if ended.refused:
        status |= {"status": "Failure", "message": ended.refused}
        status |= {"reason": "InternalError", "code": 500}
    elif ended.code:
        message = f"command terminated with non-zero exit code: exit status {ended.code}"
        causes = [{"reason": "ExitCode", "message": str(ended.code)}]
        status |= {"status": "Failure", "message": message}
        status |= {"reason": "NonZeroExitCode", "details": {"causes": causes}}
    return msgspec.json.encode(status)
