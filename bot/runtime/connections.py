"""What strangers may hold of a listener: few connections, for a short time, and little memory.

Every pod of the cluster may knock at the port of metrics and health, and one that asks for nothing
must neither fill the memory nor keep a kubelet from its answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import cast

MOST = 32
MOST_OF_A_SOURCE = 4
MOST_SENT = 8 * 1024
"""Bytes that a connection may send: one head. Nothing here takes a body."""

ASKING = 5.0
"""Seconds until a connection must have asked, and been answered."""

READING = 10.0
"""Seconds more for one that has not read its whole answer by then."""

AT_A_TIME = 4
"""Connections that are accepted before those that there are get a turn: else more than `MOST` might
come between a kubelet's connection and its request."""

QUEUE = 1024
"""Connections that wait in the kernel until they are accepted."""


class Connections:
    """The open connections of a listener; each is served by a protocol that `serve` makes.

    Where there are too many, the oldest of the source that has the most is cut off. So the
    newest is let in, and one that asks at once, as a kubelet does, is answered. A source is an
    address, in IPv6 too: the pods of a node share a /64 with its kubelet. `asking` and `reading`
    are in seconds, so that a test can hurry them.
    """

    def __init__(
        self,
        serve: Callable[[], asyncio.Protocol],
        *,
        asking: float = ASKING,
        reading: float = READING,
    ) -> None:
        self.asking = asking
        self.reading = reading
        self._serve = serve
        self.open: dict[_Connection, None] = {}
        """Those that there are, the oldest first."""

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection, for `loop.create_server`."""
        return _Connection(self, self._serve())

    def opened(self, connection: _Connection) -> None:
        """Take one in, and cut another one off where it is one too many."""
        self.open[connection] = None
        by_source = Counter(other.source for other in self.open)
        if by_source[connection.source] > MOST_OF_A_SOURCE:
            self._cut_off_oldest(connection.source)
        elif len(self.open) > MOST:
            self._cut_off_oldest(max(by_source, key=by_source.__getitem__))

    def closed(self, connection: _Connection) -> None:
        """Forget one that has ended."""
        self.open.pop(connection, None)

    def cut_off(self) -> None:
        """End all of them at once."""
        for connection in list(self.open):
            connection.cut_off()

    def _cut_off_oldest(self, source: str) -> None:
        next(oldest for oldest in self.open if oldest.source == source).cut_off()


class _Connection(asyncio.Protocol):
    """One connection: hands everything on to `served`, within the limits."""

    def __init__(self, connections: Connections, served: asyncio.Protocol) -> None:
        self.source = ""
        self._connections = connections
        self._served = served
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.source = (transport.get_extra_info("peername") or ("",))[0]
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._connections.asking, self._must_have_asked)
        self._served.connection_made(transport)
        self._connections.opened(self)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > MOST_SENT:
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
        self._deadline.cancel()
        self._connections.closed(self)
        self._served.connection_lost(exc)

    def cut_off(self) -> None:
        """End it now, whatever has not been sent yet."""
        self._connections.closed(self)
        self._transport.abort()

    def _must_have_asked(self) -> None:
        if self._transport.get_write_buffer_size():
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(self._connections.reading, self.cut_off)
        else:
            self.cut_off()
