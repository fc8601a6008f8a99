"""Who may hold a connection, and for how long; with times that a test can wait for."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.probe.accepting import MOST_REGULARS, ConnectionLimits, Connections, plain
from tests.examples import examples
from tests.runtime.strangers import MANY, rush

SHORT = 0.3
LONG = 30.0

MUCH = b"x" * 16 * 1024 * 1024
"""More than the kernel takes for a client that does not read."""

KNOWN, REGULAR, NAMED = "127.7.0.1", "127.7.0.2", "127.7.0.4"


class Generous(asyncio.Protocol):
    """Says `answer` to whoever says something."""

    def __init__(self, connections: Callable[[], Connections], answer: bytes) -> None:
        self.connections = connections
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, _data: bytes) -> None:
        self.connections().asked(self.transport)
        self.transport.write(self.answer)
        self.transport.close()


@asynccontextmanager
async def listening(
    asking: float, answering: float, answer: bytes = MUCH
) -> AsyncIterator[tuple[Connections, int]]:
    connections = Connections(
        lambda: Generous(lambda: connections, answer),
        limits=ConnectionLimits(asking=asking, answering=answering),
        is_known=KNOWN.__eq__,
        is_regular=NAMED.__eq__,
    )
    sock = socket.create_server(("127.0.0.1", 0))
    async with connections.listening(sock):
        yield connections, sock.getsockname()[1]


async def is_left(connections: Connections) -> float:
    """Wait until no connection is open; the seconds that it took."""
    began = time.monotonic()
    async with asyncio.timeout(10):
        while True:
            if not connections.open:
                return time.monotonic() - began
            await asyncio.sleep(0.01)


async def answer_to(port: int, source: str, *, after: float = 0.0) -> bytes:
    """What somebody gets who says something some seconds after connecting; empty if cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    await asyncio.sleep(after)
    try:
        writer.write(b"please")
        return await reader.read(-1)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_an_answer_that_nobody_reads_is_kept_for_a_while_only() -> None:
    async with listening(LONG, SHORT) as (connections, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"please")
        await asyncio.sleep(SHORT / 2)
        assert len(connections.open) == 1
        assert await is_left(connections) < LONG / 10
        writer.close()


async def test_one_that_does_not_ask_is_cut_off() -> None:
    async with listening(SHORT, LONG) as (connections, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(-1), LONG / 3) == b""
        assert not connections.open
        writer.close()


async def test_a_slow_reader_gets_its_whole_answer() -> None:
    """One that goes on reading after the time for asking has ended is not cut off."""
    async with listening(SHORT, LONG) as (connections, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"please")
        await asyncio.sleep(2 * SHORT)
        assert len(await reader.read(-1)) == len(MUCH)
        await is_left(connections)
        writer.close()


@pytest.mark.parametrize("leave", [asyncio.StreamWriter.close, lambda w: w.transport.abort()])
async def test_one_that_leaves_by_itself_is_forgotten(
    leave: Callable[[asyncio.StreamWriter], None],
) -> None:
    """Its place is free at once, long before its time is over."""
    async with listening(LONG, LONG) as (connections, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.05)
        assert len(connections.open) == 1
        leave(writer)
        assert await is_left(connections) < LONG / 10


async def test_at_the_end_all_are_cut_off() -> None:
    """A client that does not read cannot hold the end of the process up."""
    async with listening(LONG, LONG) as (connections, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"please")
        await asyncio.sleep(0.05)
        assert len(connections.open) == 1
    assert len(connections.open) == 0
    writer.close()


@pytest.mark.parametrize(("source", "answered"), [(KNOWN, b"yes"), ("127.7.0.3", b"")])
async def test_strangers_take_no_room_from_a_known_client(source: str, answered: bytes) -> None:
    """It may even take its time to ask, where a stranger would have lost its place."""
    async with listening(LONG, LONG, b"yes") as (_, port):
        asking = asyncio.create_task(answer_to(port, source, after=2 * SHORT))
        await asyncio.sleep(SHORT / 3)
        async with rush(port, 100, b"", *MANY):
            assert await asking == answered


async def test_strangers_take_no_room_from_one_that_was_answered_lately() -> None:
    """Prometheus on a far node: its request comes some milliseconds after its connection."""
    async with listening(LONG, LONG, b"yes") as (connections, port):
        assert await answer_to(port, REGULAR) == b"yes"
        await is_left(connections)
        asking = asyncio.create_task(answer_to(port, REGULAR, after=2 * SHORT))
        await asyncio.sleep(SHORT / 3)
        async with rush(port, 100, b"", *MANY):
            assert await asking == b"yes"


async def test_the_first_regulars_stay_however_many_others_ask() -> None:
    """Else strangers could make a listener forget those who come again and again."""
    async with listening(LONG, LONG, b"yes") as (connections, port), AsyncExitStack() as stack:
        regulars = [f"127.7.1.{number}" for number in range(1, MOST_REGULARS + 1)]
        for source in (*regulars, *MANY[:20]):
            assert await answer_to(port, source) == b"yes"
        await is_left(connections)
        for source in (regulars[0], MANY[0]):
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            stack.callback(writer.close)
        await asyncio.sleep(0.05)
        assert [client.address for client in connections.regulars.open] == [regulars[0]]
        assert [client.address for client in connections.strangers.open] == [MANY[0]]


async def test_a_named_regular_gets_a_place_however_many_others_behave_well() -> None:
    """All places of those that were answered are taken, and each holds as many as it may."""
    async with listening(LONG, LONG, b"yes") as (connections, port), AsyncExitStack() as stack:
        first = [f"127.7.1.{number}" for number in range(1, MOST_REGULARS + 1)]
        for source in first:
            assert await answer_to(port, source) == b"yes"
        await is_left(connections)
        asking = asyncio.create_task(answer_to(port, NAMED, after=2 * SHORT))
        await asyncio.sleep(SHORT / 3)
        for source in first * connections.limits.of_a_source:
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            stack.callback(writer.close)
        async with rush(port, 100, b"", *MANY):
            assert await asking == b"yes"


async def test_a_named_regular_takes_none_of_the_places_of_those_that_were_answered() -> None:
    """It needs none."""
    async with listening(LONG, LONG, b"yes") as (connections, port):
        sources = [NAMED, KNOWN, *(f"127.7.1.{number}" for number in range(1, MOST_REGULARS + 1))]
        for source in sources:
            assert await answer_to(port, source) == b"yes"
        await is_left(connections)
        _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(sources[-1], 0))
        await asyncio.sleep(0.05)
        assert [client.address for client in connections.regulars.open] == [sources[-1]]
        writer.close()


class Wire(asyncio.Transport):
    """A transport from an address, which notes that it was aborted."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


LIMITS = ConnectionLimits(most=6, of_a_source=2, sent=10)

ADDRESSES = [
    *(f"10.42.0.{number}" for number in range(1, 9)),
    *("::ffff:10.42.0.1", "fe80::1%eth0"),
    *(f"fd00::{number}" for number in range(1, 5)),
    *(f"fd00:0:0:{number}::7" for number in range(1, 5)),
    KNOWN,
]

events = st.tuples(st.just("open"), st.sampled_from(ADDRESSES)) | st.tuples(
    st.sampled_from(["send", "ask", "prove", "leave"]), st.integers(0, 20)
)


@settings(max_examples=examples(100))
@given(st.lists(events, max_size=80))
def test_whatever_comes_the_limits_hold_and_the_newest_is_let_in(
    happened: list[tuple[str, str | int]],
) -> None:
    """And what a stranger does costs nobody but strangers a connection."""

    async def run() -> None:
        connections = Connections(asyncio.Protocol, limits=LIMITS, is_known=KNOWN.__eq__)
        wires: list[tuple[Wire, asyncio.Protocol]] = []
        for event, what in happened:
            strangers_only = _stranger(connections, event, what)
            apart = {*connections.known.open, *connections.regulars.open}
            if isinstance(what, str):
                wire, protocol = Wire(what), connections()
                protocol.connection_made(wire)
                wires.append((wire, protocol))
                assert not wire.aborted
            elif wires:
                _happens(connections, event, *wires[what % len(wires)])
            if strangers_only:
                assert apart <= {*connections.known.open, *connections.regulars.open}
            wires = [(wire, protocol) for wire, protocol in wires if not wire.aborted]
            assert {protocol for _, protocol in wires} >= set(connections.open)
            _hold(connections)
        connections.cut_off()
        assert not connections.open

    asyncio.run(run())


def _stranger(connections: Connections, event: str, what: str | int) -> bool:
    regulars = connections._regular_until
    return event == "open" and what != KNOWN and plain(str(what)) not in regulars


def _happens(connections: Connections, event: str, wire: Wire, protocol: asyncio.Protocol) -> None:
    match event:
        case "send":
            protocol.data_received(b"123456")
        case "ask" | "prove":
            connections.asked(wire, known=event == "prove")
        case _:
            protocol.connection_lost(None)


def _hold(connections: Connections) -> None:
    for group in (connections.known, connections.regulars, connections.strangers):
        assert len(group.open) <= LIMITS.most
        of_each = Counter(connection.source for connection in group.open)
        assert not of_each or max(of_each.values()) <= LIMITS.of_a_source


async def opened(connections: Connections, *addresses: str) -> list[Wire]:
    wires = [Wire(address) for address in addresses]
    for wire in wires:
        connections().connection_made(wire)
    return wires


async def test_of_one_source_the_longest_idle_one_goes() -> None:
    """One that has asked since has been idle for a shorter time than one that came after it."""
    connections = Connections(asyncio.Protocol, limits=LIMITS)
    asking, silent = await opened(connections, "10.42.0.1", "10.42.0.1")
    connections.asked(asking)
    await opened(connections, "10.42.0.1")
    assert (asking.aborted, silent.aborted) == (False, True)
    connections.cut_off()


async def test_of_many_sources_the_one_with_the_most_loses_its_longest_idle_one() -> None:
    connections = Connections(asyncio.Protocol, limits=LIMITS)
    others = await opened(connections, *(f"10.42.0.{number}" for number in range(2, 6)))
    busy = await opened(connections, "10.42.0.1", "10.42.0.1")
    await opened(connections, "10.42.0.9")
    assert [wire.aborted for wire in (*others, *busy)] == [False] * 4 + [True, False]
    connections.cut_off()


async def test_a_network_of_ipv6_is_one_source_and_a_known_address_in_it_another() -> None:
    """The pods of a node share a /64, and its kubelet may be in it."""
    connections = Connections(asyncio.Protocol, limits=LIMITS, is_known="fd00::1".__eq__)
    kubelet, first, *others = await opened(connections, *(f"fd00::{n}" for n in (1, 2, 3, 4)))
    assert (kubelet.aborted, first.aborted) == (False, True)
    assert not any(wire.aborted for wire in others)
    connections.cut_off()


async def test_one_that_is_cut_off_is_no_regular() -> None:
    """Else a stranger that asks and does not read would keep room."""
    connections = Connections(asyncio.Protocol, limits=LIMITS)
    (wire,) = await opened(connections, "10.42.0.1")
    connections.asked(wire)
    connections.cut_off()
    await opened(connections, "10.42.0.1")
    assert len(connections.strangers.open) == 1
    connections.cut_off()


async def test_a_connection_that_has_ended_cannot_ask() -> None:
    connections = Connections(asyncio.Protocol, limits=LIMITS)
    (wire,) = await opened(connections, "10.42.0.1")
    connections.cut_off()
    for late in (wire, None):
        connections.asked(late)
    assert not connections.open
