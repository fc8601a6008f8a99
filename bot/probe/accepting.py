"""What clients may hold of a listener: few connections, for a short time, and little memory.

Every pod of a cluster may connect to the ports for health, metrics and agents. One that asks for
nothing must neither fill the memory nor keep a kubelet or a peer from its answer. The bot's own web
server is bounded by this module, too.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

AT_A_TIME = 1
"""Connections that are accepted before those that are open get a turn: else a request that is there
already could be cut off before it is read."""

QUEUE = 1024
"""Connections that wait in the kernel until they are accepted."""

MOST_REGULARS = 8
REGULAR = 120.0
"""Seconds for which a source is a regular after a whole answer: Prometheus asks each minute."""

MAPPED = "::ffff:"
"""How an IPv4 address looks to a socket of both families."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What the clients of one listener may hold.

    `most` is the number of connections of strangers; regulars and known clients have as many again,
    each. `of_a_source` is the number of connections from one address. `sent` is in bytes, for
    everything that a connection sends. `asking` is in seconds, until the whole request is there,
    and `answering` in seconds after that, until the client must have read its answer.
    """

    most: int = 32
    of_a_source: int = 4
    sent: int = 8 * 1024
    asking: float = 5.0
    answering: float = 10.0


def nobody(_address: str) -> bool:
    """The known addresses of a listener that knows none."""
    return False


class Connections:
    """The open connections of a listener; each is served by a protocol that `serve` makes.

    The newest is always let in. Where that is one too many, another one is cut off: of the source
    that has the most, the one that has been idle longest, which is since it came or since its
    request was whole. A source is an IPv4 address, or an IPv6 /64, in which one machine can have
    any number of addresses.

    Three groups compete only among themselves, so strangers take no room from the others: those
    whose address `is_known`, regulars, and strangers. A regular is an address that `is_regular`, or
    one that had a whole answer lately. The first ones stay regulars as long as they come again, and
    take no room from those that are by their address.
    """

    def __init__(
        self,
        serve: Callable[[], asyncio.BaseProtocol],
        *,
        limits: ConnectionLimits = ConnectionLimits(),
        is_known: Callable[[str], bool] = nobody,
        is_regular: Callable[[str], bool] = nobody,
    ) -> None:
        self.limits = limits
        self.known, self.regulars, self.strangers = (_Group(limits) for _ in range(3))
        self._serve = serve
        self._is_known = is_known
        self._is_regular = is_regular
        self._regular_until: dict[str, float] = {}
        self._by_transport: dict[asyncio.BaseTransport, _Connection] = {}

    @property
    def open(self) -> tuple[_Connection, ...]:
        """All of them."""
        return (*self.known.open, *self.regulars.open, *self.strangers.open)

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection, for `loop.create_server`."""
        return _Connection(self, cast("asyncio.Protocol", self._serve()))

    @asynccontextmanager
    async def listening(self, sock: socket.socket) -> AsyncIterator[None]:
        """Accept connections while the block runs; at its end all of them are cut off."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self, sock=sock, backlog=AT_A_TIME)
        # To asyncio a backlog is also how many it accepts at a time.
        sock.listen(QUEUE)
        try:
            yield
        finally:
            server.close()
            self.cut_off()

    def asked(
        self,
        transport: asyncio.BaseTransport | None,
        *,
        answering: float | None = None,
        known: bool = False,
    ) -> None:
        """The whole request of a connection is there, and it is answered from now on.

        `answering` is in seconds, where it is not that of the limits. `known` is for a client that
        has proved who it is. Nothing happens where the connection has ended.
        """
        if connection := self._by_transport.get(cast("asyncio.BaseTransport", transport)):
            connection.leave()
            self._enter(connection, self.known if known else connection.group)
            connection.end_after(self.limits.answering if answering is None else answering)

    def cut_off(self) -> None:
        """End all of them at once."""
        for connection in self.open:
            connection.cut_off()

    def opened(self, connection: _Connection, transport: asyncio.BaseTransport) -> None:
        """Take one in, and cut another one off where it is one too many."""
        self._by_transport[transport] = connection
        self._enter(connection, self._group(connection.address))

    def closed(self, connection: _Connection, transport: asyncio.BaseTransport) -> None:
        """Forget one that has ended; its address is a regular from now on if it was answered."""
        if self._by_transport.pop(transport, None):
            connection.leave()
            if connection.answered:
                self._remember(connection.address)

    def _enter(self, connection: _Connection, group: _Group) -> None:
        connection.group = group
        connection.source = (
            source_of(connection.address) if group is self.strangers else connection.address
        )
        group.open[connection] = None
        if surplus := group.surplus(connection):
            surplus.cut_off()

    def _group(self, address: str) -> _Group:
        if self._is_known(address):
            return self.known
        if self._is_regular(address):
            return self.regulars
        now = asyncio.get_running_loop().time()
        return self.regulars if self._regular_until.get(address, now) > now else self.strangers

    def _remember(self, address: str) -> None:
        if self._is_known(address) or self._is_regular(address):
            return
        now = asyncio.get_running_loop().time()
        self._regular_until = {
            regular: until for regular, until in self._regular_until.items() if until > now
        }
        if address in self._regular_until or len(self._regular_until) < MOST_REGULARS:
            self._regular_until[address] = now + REGULAR


class _Group:
    """Connections that compete with each other alone; the longest idle one is the first."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.open: dict[_Connection, None] = {}
        self._limits = limits

    def surplus(self, newest: _Connection) -> _Connection | None:
        """The connection that must go for the newest, if one must."""
        by_source = Counter(connection.source for connection in self.open)
        others = [connection for connection in self.open if connection is not newest]
        if by_source[newest.source] > self._limits.of_a_source:
            return next(other for other in others if other.source == newest.source)
        if len(self.open) > self._limits.most:
            most = max(by_source[other.source] for other in others)
            return next(other for other in others if by_source[other.source] == most)
        return None


class _Connection(asyncio.Protocol):
    """One connection: hands everything on to `served`, within the limits."""

    group: _Group
    source: str

    def __init__(self, connections: Connections, served: asyncio.Protocol) -> None:
        self.address = ""
        self.answered = False
        self._connections = connections
        self._served = served
        self._received = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername") or ("",)
        self.address = plain(str(peer[0]))
        self._end_after(self._connections.limits.asking)
        self._served.connection_made(transport)
        self._connections.opened(self, transport)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._connections.limits.sent:
            self.cut_off()
        else:
            self._served.data_received(data)

    def eof_received(self) -> bool | None:
        return self._served.eof_received()

    def pause_writing(self) -> None:
        self._served.pause_writing()

    def resume_writing(self) -> None:
        self._served.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._connections.closed(self, self._transport)
        self._served.connection_lost(exc)

    def end_after(self, seconds: float) -> None:
        """It has asked, and ends after so many seconds more."""
        self.answered = True
        self._end_after(seconds)

    def leave(self) -> None:
        """Give its place free."""
        self.group.open.pop(self, None)

    def cut_off(self) -> None:
        """End it now, whatever has not been sent yet."""
        self.answered = False
        self._connections.closed(self, self._transport)
        self._transport.abort()

    def _end_after(self, seconds: float) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.cut_off)


def plain(address: str) -> str:
    """An address as people write it: without the prefix of a mapped one, and without a zone."""
    return address.removeprefix(MAPPED).partition("%")[0]


def source_of(address: str) -> str:
    """Whose an address is: itself, or the /64 of an IPv6 address."""
    if ":" not in address:
        return address
    return socket.inet_pton(socket.AF_INET6, address)[:8].hex()
