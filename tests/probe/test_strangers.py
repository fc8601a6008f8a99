"""What pods without a job can do to an agent: neither break a test of the network nor stop it."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import msgspec
import pytest

from bot.net.probing.protocol import Outcome, Probe, ProbeKind
from bot.probe import listening
from bot.probe.admitting import Admission
from bot.probe.agent import LIMITS, Agent, Do
from bot.probe.job import AgentJob
from bot.probe.known import KnownAddresses
from bot.probe.listening import Listener, _Echoes
from bot.probe.output import Write
from tests.probe import agents, signing
from tests.probe.test_serve import _raw, a_job
from tests.probe.test_trying import tried
from tests.runtime.strangers import MANY, ONE, memory, open_files, rush

SOME = 300
"""Connections of strangers: more than an agent ever held."""

GROWTH = 5.0
"""MiB that strangers may cost."""

COMING_AND_GOING = 16
"""Connections that were cut off and are not closed yet, or are not counted yet."""

HALF_A_JOB = b"POST /jobs HTTP/1.1\r\nX: " + b"x" * 4000
HALF_AN_ECHO = b"MESHMEDIC 8192 8192\n" + b"." * 8000

NODE, PEER = "127.7.0.9", "127.7.0.1"


async def answer(
    port: int,
    source: str,
    request: bytes,
    read: Callable[[asyncio.StreamReader], Awaitable[bytes]],
    *,
    after: float,
) -> bytes:
    """What is read after a request some seconds after connecting; empty if cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    await asyncio.sleep(after)
    try:
        writer.write(request)
        return await asyncio.wait_for(read(reader), agents.LIMIT)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def health(port: int, source: str = PEER, *, after: float = 0.0) -> bytes:
    """The answer to a kubelet."""
    request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    return await answer(port, source, request, asyncio.StreamReader.read, after=after)


async def echoed(port: int, source: str, *, after: float = 0.0) -> bytes:
    """The first line of the answer to a peer."""
    request = b"MESHMEDIC 1 1\n."
    return await answer(port, source, request, asyncio.StreamReader.readline, after=after)


@pytest.mark.parametrize("sources", [ONE, MANY], ids=["one pod", "many pods"])
async def test_idle_strangers_neither_break_an_echo_nor_stop_an_agent(
    tmp_path: Path, sources: tuple[str, ...]
) -> None:
    """A round would report a broken peer, and a kubelet would restart the agent."""
    async with agents.running(agents.known(tmp_path)) as agent:
        assert (await health(agent.port)).endswith(b"ok\n")
        before, files = memory(agent.process.pid), open_files(agent.process.pid)
        async with (
            rush(agent.listener, SOME, HALF_AN_ECHO, *sources),
            rush(agent.port, SOME, HALF_A_JOB, *sources),
        ):
            grown, held = memory(agent.process.pid) - before, open_files(agent.process.pid) - files
            assert (await health(agent.port)).endswith(b"ok\n")
            given = {"address": "127.0.0.1", "port": agent.listener, "size": 8192, "seconds": 5.0}
            (answer,) = await tried(Probe(id="e", kind=ProbeKind.ECHO, **given))  # type: ignore[arg-type]
    assert answer.outcome is Outcome.OK
    assert grown < GROWTH
    if sources is ONE:
        assert held <= listening.LIMITS.of_a_source + LIMITS.of_a_source + COMING_AND_GOING
    assert held <= listening.LIMITS.most + LIMITS.most + COMING_AND_GOING


@pytest.mark.parametrize(("source", "is_answered"), [(PEER, True), ("127.7.0.2", False)])
async def test_strangers_take_no_room_from_peers_and_the_kubelet(
    tmp_path: Path, source: str, is_answered: bool
) -> None:
    """Also where its bytes come late; a stranger has lost its place by then."""
    listener = Listener("alpha", PEER.__eq__)
    agent = Agent(Admission("alpha", tmp_path, 0), _never, PEER.__eq__)
    async with listener.bound(0) as echo, agent.bound(0) as front:
        asking = asyncio.gather(
            echoed(int(echo), source, after=0.5), health(int(front), source, after=0.5)
        )
        await asyncio.sleep(0.1)
        async with rush(int(echo), 100, b"", *MANY), rush(int(front), 100, b"", *MANY):
            answers = await asking
    assert list(map(bool, answers)) == [is_answered] * 2


async def test_an_agent_knows_its_node_and_its_peers(tmp_path: Path) -> None:
    """By its options, as the DaemonSet gives them."""
    peers = tmp_path / "peers"
    peers.write_text(json.dumps([{"node": "beta", "address": PEER, "port": 8474}]))
    options = ("--round", "86400", "--peers", str(peers), "--node-addresses", f"{NODE},fd00::7")
    async with agents.running(agents.known(tmp_path), *options) as agent:
        asking = asyncio.gather(
            *(echoed(agent.listener, source, after=0.5) for source in (NODE, PEER)),
            *(health(agent.port, source, after=0.5) for source in (NODE, PEER)),
        )
        await asyncio.sleep(0.1)
        async with rush(agent.listener, 100, b"", *MANY), rush(agent.port, 100, b"", *MANY):
            assert all(await asking)


async def _never(_job: AgentJob, _write: Write) -> None:
    raise AssertionError("a job was admitted")


async def test_strangers_cannot_cut_off_a_job_that_was_signed(tmp_path: Path) -> None:
    """Whoever signed it is known, from whatever address it asks."""
    ends = asyncio.Event()

    async def long(_job: AgentJob, write: Write) -> None:
        await ends.wait()
        write({"job": "j", "done": True})

    async with (
        asking(tmp_path, long) as (port, _, reader),
        rush(port, 100, b"", *MANY),
        rush(port, 100, b"", *ONE),
    ):
        await asyncio.sleep(0.3)  # until all of them were accepted
        ends.set()
        answer = await reader.read()
    assert answer.endswith(b'"done":true}\n')


async def test_strangers_who_send_half_a_body_do_not_keep_a_job_waiting(tmp_path: Path) -> None:
    """A body counts as signed by its looks until it was read, so anybody may begin one."""
    async with agents.running(agents.known(tmp_path)) as agent:
        before = memory(agent.process.pid)
        sent = _raw(signing.signed(a_job("half")))
        head = sent.partition(b"Content-Length")[0] + b"Content-Length: 130000\r\n\r\n"
        async with rush(agent.port, 100, head + b"x" * 120_000, *MANY):
            grown = memory(agent.process.pid) - before
            status, _ = await agent.asked(signing.signed(a_job("whole")))
    assert status == 200
    assert grown < GROWTH + LIMITS.most * LIMITS.sent / 1024**2


@asynccontextmanager
async def asking(
    folder: Path, do: Do
) -> AsyncIterator[tuple[int, asyncio.StreamWriter, asyncio.StreamReader]]:
    """An agent that has begun with a job: its port, and both ends of the connection."""
    agent = Agent(Admission("alpha", agents.known(folder), 0), do)
    async with agent.bound(0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(_raw(signing.signed(a_job())))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        yield int(port), writer, reader
        writer.close()


async def test_who_resets_the_connection_leaves_no_trace_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Else each would cost a traceback: to take leave of one that is gone is no ConnectionError."""
    ends = asyncio.Event()

    async def silent(_job: AgentJob, _write: Write) -> None:
        await ends.wait()

    async with asking(tmp_path, silent) as (_, writer, _reader):
        writer.write(b"x" * 20_000)  # more than is read, so that the reset is not seen
        await asyncio.sleep(0.1)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        await asyncio.sleep(0.1)
        ends.set()
        await asyncio.sleep(0.1)
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (b"", b""),
        (b"x" * 9000, b""),
        (b"MESHMEDIC 1 1\n.", b"MESHMEDIC alpha\n."),
        (b"MESHMEDIC 1 1\n" + b"." * 9000, b"MESHMEDIC alpha\n."),
    ],
    ids=["half-closed", "too much", "whole", "more than was said"],
)
async def test_an_echo_takes_no_more_than_it_was_told_and_ends(words: bytes, answer: bytes) -> None:
    """What does not fit is not kept until somebody reads it."""
    async with Listener("alpha").bound(0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(words)
        writer.write_eof()
        began = time.monotonic()
        try:
            got = await reader.read()
        except ConnectionError:
            got = answer
        writer.close()
    assert got in (b"", answer)
    assert time.monotonic() - began < listening.LIMITS.asking / 3


def test_known_are_the_node_and_the_peers_of_the_file_as_it_is_now(tmp_path: Path) -> None:
    """The volume of a ConfigMap changes by a link that is swapped."""
    for folder, address in (("old", "10.42.1.5"), ("new", "fd00:42::0005")):
        (tmp_path / folder).mkdir()
        peer = {"node": "beta", "address": address, "port": 8474}
        (tmp_path / folder / "peers.json").write_text(json.dumps([peer]))
    (tmp_path / "..data").symlink_to("old")
    is_known = KnownAddresses(("10.0.0.7", "", "$(NODE_ADDRESSES)"), tmp_path / "..data/peers.json")
    asked = ("10.0.0.7", "10.42.1.5", "fd00:42::5", "10.42.1.6", "", "$(NODE_ADDRESSES)")
    assert list(map(is_known, asked)) == [True, True, False, False, False, False]
    (tmp_path / "..swap").symlink_to("new")
    (tmp_path / "..swap").rename(tmp_path / "..data")
    assert list(map(is_known, asked)) == [True, False, True, False, False, False]
    (tmp_path / "..data").unlink()
    assert list(map(is_known, asked)) == [True, False, False, False, False, False]


def test_a_known_peer_is_asked_for_in_the_file_that_the_bot_writes(tmp_path: Path) -> None:
    """Without a file nobody but the node is known."""
    assert not KnownAddresses((), None)("10.42.1.5")
    path = tmp_path / "peers.json"
    path.write_bytes(msgspec.json.encode([{"node": "b", "address": "10.42.1.5", "port": 8474}]))
    assert KnownAddresses((), path)("10.42.1.5")


@pytest.mark.parametrize("size", [128, 9000, 65_000])
def test_a_listener_does_not_answer_an_answer(size: int) -> None:
    """Else two of them would talk, once a datagram to one bore the other's address."""
    question = b"MESHMEDIC token\n".ljust(size, b".")
    answer = Listener("alpha").answer(question)
    assert answer is not None
    assert len(answer) == size
    assert Listener("beta").answer(answer) is None


async def test_answers_that_the_kernel_does_not_take_are_lost_and_not_kept(tmp_path: Path) -> None:
    """Here a client that does not read; in a cluster, addresses that no host has."""
    places = tmp_path / "listener", tmp_path / "client"
    question = b"MESHMEDIC token\n".ljust(8000, b".")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client,
    ):
        for sock, place in zip((own, client), places, strict=True):
            sock.bind(str(place))
            sock.setblocking(False)
        loop = asyncio.get_running_loop()
        endpoint, _ = await loop.create_datagram_endpoint(
            lambda: _Echoes(Listener("alpha")), sock=own
        )
        transport = cast("asyncio.WriteTransport", endpoint)
        async with asyncio.timeout(agents.LIMIT):
            for _ in range(100):
                await loop.sock_sendto(client, question, str(places[0]))
            assert transport.get_write_buffer_size() < 20 * len(question)
            while transport.get_write_buffer_size():
                await loop.sock_recv(client, len(question))
            await loop.sock_sendto(client, question, str(places[0]))
            assert (await loop.sock_recv(client, len(question))).startswith(
                b"MESHMEDIC token alpha"
            )
        transport.close()
