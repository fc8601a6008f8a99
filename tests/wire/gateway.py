"""The gateway half: sessions that can be identified, resumed, reconnected and closed.

Source: Discord's gateway v10. A session outlives its connection; what was dispatched meanwhile is
told after a Resume. Only the bot's own close with 1000 or 1001 ends it, which discord.py 2.7.1
does not manage: its `close()` sends 4000 while a read is pending.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from tests.wire import world
from tests.wire.world import Json


class Op(IntEnum):
    """Discord's opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


GOING_AWAY = 1001
AUTHENTICATION_FAILED = 4004
OWN_END = frozenset({1000, 1001})


class Line:
    """One connection, compressed as the bot asked for."""

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self.socket = socket
        self.closed_by_us = False
        self._deflate = zlib.compressobj() if compressed else None

    async def send(self, op: Op, data: Any = None, **more: Any) -> None:
        """Send one frame; a connection that just broke swallows it."""
        if self.socket.closed:
            return
        text = json.dumps({"op": op, "d": data, "s": None, "t": None} | more)
        if not self._deflate:
            await self.socket.send_str(text)
            return
        squeezed = self._deflate.compress(text.encode())
        await self.socket.send_bytes(squeezed + self._deflate.flush(zlib.Z_SYNC_FLUSH))

    async def close(self, code: int) -> None:
        """Close from our side, which leaves the session to be resumed."""
        self.closed_by_us = True
        await self.socket.close(code=code)


@dataclass(slots=True)
class Session:
    """What one Identify began: all that was dispatched, and the connection if there is one."""

    id: str
    told: list[Json] = field(default_factory=list)
    line: Line | None = None

    async def tell(self, event: str, data: Json) -> None:
        """Dispatch an event, now or after the next Resume."""
        self.told.append({"t": event, "d": data, "s": len(self.told) + 1})
        if self.line:
            await self._send(self.told[-1])

    async def retell(self, after: int) -> None:
        """Replay what the bot did not see."""
        for each in self.told[after:]:
            await self._send(each)

    async def _send(self, told: Json) -> None:
        assert self.line
        await self.line.send(Op.DISPATCH, told["d"], t=told["t"], s=told["s"])


class Gateway:
    """Every session, and every frame that bots sent, in order of arrival.

    `close_identify_with` is the close code that answers the next Identify, such as 4004. While it
    is `away`, no connection comes to a Hello: with "refused" to no web socket, with "silent" to one
    that is closed at once.
    """

    def __init__(self, token: Callable[[], str]) -> None:
        self.url = ""
        self.received: list[Json] = []
        self.sessions: dict[str, Session] = {}
        self.heartbeat_interval = 41.25
        self.acknowledges_heartbeats = True
        self.close_identify_with: int | None = None
        self.away: str | None = None
        self.turned_away = 0
        self.greeted = 0
        self.resumed = 0
        self._token = token
        self._numbers = count(1)
        self._lines: set[Line] = set()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._lines)

    def frames(self, op: Op) -> list[Json]:
        """The data of all frames of a kind: `frames(Op.IDENTIFY)`."""
        return [each["d"] for each in self.received if each["op"] == op]

    async def dispatch(self, event: str, data: Json) -> None:
        """Tell every session, as Discord does when two processes are connected."""
        assert self.sessions, f"no bot is connected that could be told {event}"
        for session in tuple(self.sessions.values()):
            await session.tell(event, data)

    async def reconnect(self) -> None:
        """Ask every bot to connect anew (op 7)."""
        for line in tuple(self._lines):
            line.closed_by_us = True
            await line.send(Op.RECONNECT)

    async def close(self, code: int = GOING_AWAY) -> None:
        """Close every connection."""
        for line in tuple(self._lines):
            await line.close(code)

    async def invalidate(self) -> None:
        """End every session (op 9): the bot has to identify again."""
        self.sessions.clear()
        for line in tuple(self._lines):
            await line.send(Op.INVALID_SESSION, data=False)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection from Hello to its end."""
        if self.away:
            self.turned_away += 1
        if self.away == "refused":
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.away:
            await socket.close()
            return socket
        line = Line(socket, compressed=request.query.get("compress") == "zlib-stream")
        self._lines.add(line)
        try:
            await line.send(Op.HELLO, {"heartbeat_interval": int(self.heartbeat_interval * 1000)})
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(line, json.loads(message.data))
        finally:
            self._lines.discard(line)
            self._hang_up(line)
        return socket

    def _hang_up(self, line: Line) -> None:
        ended = line.socket.close_code in OWN_END and not line.closed_by_us
        for session in tuple(self.sessions.values()):
            if session.line is line:
                session.line = None
                if ended:
                    del self.sessions[session.id]

    async def _hear(self, line: Line, frame: Json) -> None:
        self.received.append(frame)
        match frame["op"]:
            case Op.HEARTBEAT:
                if self.acknowledges_heartbeats:
                    await line.send(Op.HEARTBEAT_ACK)
            case Op.IDENTIFY:
                await self._identify(line, frame["d"])
            case Op.RESUME:
                await self._resume(line, frame["d"])

    async def _identify(self, line: Line, data: Json) -> None:
        code, self.close_identify_with = self.close_identify_with, None
        if code or data["token"] != self._token():
            await line.close(code or AUTHENTICATION_FAILED)
            return
        session = Session(f"session-{next(self._numbers)}", line=line)
        self.sessions[session.id] = session
        await session.tell("READY", self._ready(session))
        await session.tell("GUILD_CREATE", world.guild())
        self.greeted += 1

    async def _resume(self, line: Line, data: Json) -> None:
        if data["token"] != self._token():
            await line.close(AUTHENTICATION_FAILED)
            return
        session = self.sessions.get(data["session_id"])
        if not session:
            await line.send(Op.INVALID_SESSION, data=False)
            return
        session.line = line
        await session.retell(after=data["seq"] or 0)
        await session.tell("RESUMED", {})
        self.resumed += 1

    def _ready(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": world.the_bot(),
            "guilds": [{"id": str(world.GUILD_ID), "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {"id": str(world.APPLICATION_ID), "flags": 0},
        }
