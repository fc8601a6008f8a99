"""Replies as they go over the wire: true ones, Discord's refusals, and spoiled ones."""

import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from tests.wire import faults
from tests.wire.faults import Fault
from tests.wire.recording import Endpoint

LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST, which the other side sees as ECONNRESET."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and its JSON body."""

    status: int = 200
    body: object = None


def _refusal(status: int, code: int, message: str) -> Reply:
    return Reply(status, {"message": message, "code": code})


NO_CONTENT = Reply(204)
UNAUTHORIZED = _refusal(401, 0, "401: Unauthorized")
NOT_FOUND = _refusal(404, 0, "404: Not Found")
UNKNOWN_CHANNEL = _refusal(404, 10003, "Unknown Channel")
UNKNOWN_GUILD = _refusal(404, 10004, "Unknown Guild")
UNKNOWN_MEMBER = _refusal(404, 10007, "Unknown Member")
UNKNOWN_MESSAGE = _refusal(404, 10008, "Unknown Message")
UNKNOWN_WEBHOOK = _refusal(404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = _refusal(404, 10062, "Unknown interaction")
ACKNOWLEDGED = _refusal(400, 40060, "Interaction has already been acknowledged.")
THREAD_IS_THERE = _refusal(400, 160004, "A thread has already been created for this message")
INVALID_WEBHOOK_TOKEN = _refusal(401, 50027, "Invalid Webhook Token")


def response(reply: Reply, headers: Mapping[str, str] | None = None) -> web.Response:
    """The reply in aiohttp's terms."""
    if reply == NO_CONTENT:
        return web.Response(status=reply.status, headers=headers)
    # The library decodes only "application/json" without a charset, which bytes keep away.
    return web.Response(
        status=reply.status,
        body=json.dumps(reply.body).encode(),
        content_type="application/json",
        headers=headers,
    )


def spoiled(fault: Fault, received: web.Request) -> web.Response:
    """What the fault makes of the reply; after a reset nobody will read it."""
    if fault.reset and received.transport:
        wire = received.transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        received.transport.abort()
    return response(Reply(fault.status or 500, faults.body(fault)), faults.headers(fault))


def limits(endpoint: Endpoint) -> dict[str, str]:
    """A generous bucket for each endpoint: without one the library sends one request at a time."""
    return {
        "X-RateLimit-Limit": "50",
        "X-RateLimit-Remaining": "49",
        "X-RateLimit-Reset-After": "1",
        "X-RateLimit-Bucket": f"{endpoint.method} {endpoint.path}",
    }
