"""What strangers can do to the process by its web server for machines: nothing that lasts."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress

import pytest

from bot.probe.accepting import AT_A_TIME
from bot.runtime.http_server import LIMITS, serving
from tests.runtime.http_server_process import METRICS, Serving, started
from tests.runtime.strangers import MANY, ONE, rush
from tests.wire.scraping import OK, Probed, free_port

(STRANGER,) = ONE
KUBELET = "127.9.9.1"
PROMETHEUS = "127.9.9.2"

HALF = b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 4000
WHOLE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
ENDLESS = b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 4000

EXPECTING = (
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
)

GROWTH = 5.0
"""MiB that strangers may cost."""

COMING_AND_GOING = 4 * AT_A_TIME
"""Connections that were accepted but not counted yet, or cut off but not closed yet."""

PROMPT = 5.0
"""Seconds for an answer: a kubelet waits no longer for /healthz, by the Deployment."""

TIMES = 500
"""Connections of strangers; `make faults` makes 10,000."""


@pytest.fixture
async def endpoints() -> AsyncIterator[Serving]:
    """The server in a process of its own, which answers and has answered everything once."""
    with started(free_port()) as process:
        await Probed(process.port).becomes("/metrics", OK)
        yield process


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The server in this process."""
    chosen = free_port()
    async with serving(chosen, healthz=tuple, readyz=tuple, metrics=lambda _: (b"", "text/plain")):
        yield chosen


async def asked(port: int, path: str, source: str, *, after: float = 0.0) -> tuple[bytes, float]:
    """All that comes back to a request some seconds after connecting, and how long that took."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    await asyncio.sleep(after)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(10):
        answer = await reader.read(-1)
    writer.close()
    return answer, time.monotonic() - began


async def answers(port: int, enough: asyncio.Event) -> list[float]:
    """Ask as a kubelet and as Prometheus until it is enough; the seconds that each answer took."""
    took: list[float] = []
    while not enough.is_set():
        took.append(await answered(port, "/healthz", b"\r\n\r\nok\n", KUBELET))
        took.append(await answered(port, "/metrics", METRICS, PROMETHEUS))
        await asyncio.sleep(0.05)
    return took


async def answered(port: int, path: str, end: bytes, source: str) -> float:
    """Ask again where it was cut off, as a kubelet does; the seconds until the answer is there."""
    began = time.monotonic()
    while True:
        with suppress(ConnectionError):
            answer, _ = await asked(port, path, source)
            if answer.endswith(end):
                return time.monotonic() - began


async def dripping(writer: asyncio.StreamWriter) -> None:
    """Say a letter now and then, until the server has enough."""
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


SOURCES = {"of one pod": ONE, "of more pods than there is room for": MANY}


@pytest.mark.parametrize("sources", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("words", [HALF, WHOLE, ENDLESS], ids=["half", "unread", "endless"])
async def test_strangers_neither_fill_the_memory_nor_keep_a_kubelet_from_its_answer(
    endpoints: Serving, words: bytes, sources: tuple[str, ...]
) -> None:
    """Requests that never end, answers that nobody reads, and bodies."""
    memory, files = endpoints.memory, endpoints.open_files
    enough = asyncio.Event()
    asking = asyncio.create_task(answers(endpoints.port, enough))
    async with rush(endpoints.port, TIMES, words, *sources):
        grown, held = endpoints.memory - memory, endpoints.open_files - files
        enough.set()
        took = await asking
    assert grown < GROWTH
    assert held <= LIMITS.most + COMING_AND_GOING
    assert took
    assert max(took) < PROMPT


async def test_a_request_that_is_there_is_answered_however_many_come_after_it(port: int) -> None:
    """All of them wait in the kernel while the event loop is held up."""
    loop = asyncio.get_running_loop()
    with ExitStack() as strangers:
        kubelet, *others = [strangers.enter_context(socket.socket()) for _ in range(300)]
        kubelet.bind((KUBELET, 0))
        kubelet.connect(("127.0.0.1", port))
        kubelet.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        for number, stranger in enumerate(others):
            stranger.bind((f"127.0.{1 + number // 200}.{1 + number % 200}", 0))
            stranger.connect(("127.0.0.1", port))
        kubelet.setblocking(False)
        answer = await loop.sock_recv(kubelet, 4096)
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("source", "is_answered"), [(KUBELET, True), (PROMETHEUS, False)])
async def test_the_kubelet_of_the_node_keeps_its_room(source: str, is_answered: bool) -> None:
    """Its first request may come some time after its connection; a stranger's would be too late."""
    port = free_port()
    none = {"healthz": tuple, "readyz": tuple, "metrics": lambda _: (b"", "text/plain")}
    async with serving(port, **none, node_addresses=[KUBELET]):  # type: ignore[arg-type]
        asking = asyncio.create_task(asked(port, "/healthz", source, after=0.5))
        await asyncio.sleep(0.1)
        async with rush(port, 100, b"", *MANY):
            answer = b""
            with suppress(ConnectionError):
                answer, _ = await asking
    assert answer.endswith(b"ok\n") == is_answered


async def test_one_pod_has_room_for_few_and_the_newest_is_served(endpoints: Serving) -> None:
    """Its oldest connection goes; who comes from elsewhere loses nothing."""
    files = endpoints.open_files
    async with rush(endpoints.port, 200, HALF, STRANGER):
        answer, _ = await asked(endpoints.port, "/healthz", STRANGER)
        assert answer.startswith(b"HTTP/1.1 200")
        assert endpoints.open_files - files <= LIMITS.of_a_source


async def test_who_has_not_asked_in_time_is_cut_off(port: int) -> None:
    """Also one that says a letter now and then: what counts is the whole request."""
    began = time.monotonic()
    silent, quiet = await asyncio.open_connection("127.0.0.1", port)
    _, slow = await asyncio.open_connection("127.0.0.1", port)
    slow.write(b"GET /healthz HTTP/1.1\r\nX: ")
    async with asyncio.timeout(LIMITS.asking + PROMPT):
        with pytest.raises(ConnectionError):
            await dripping(slow)
        assert await silent.read() == b""
    assert time.monotonic() - began > LIMITS.asking - 1
    slow.close()
    quiet.close()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 20, b"200"),
        (b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"200"),
        (b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"GET /else HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (b"DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", b"405"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 5000 + b"\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
async def test_a_connection_gets_one_answer_and_ends(
    port: int, words: bytes, status: bytes
) -> None:
    """Nobody has a reason to stay: a kubelet and Prometheus come again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    answer = b""
    async with asyncio.timeout(PROMPT):
        with suppress(ConnectionError):
            while more := await reader.read(4096):
                answer += more
    writer.close()
    assert answer.count(b"HTTP/1.") == 1
    assert answer.split()[1] == status
    assert b"Connection: close" in answer or answer.startswith(b"HTTP/1.0")


async def test_one_that_sends_more_than_a_request_is_cut_off(port: int) -> None:
    """Many short headers are a long head too; nothing of them is kept."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 2000)
    async with asyncio.timeout(PROMPT):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


async def test_who_leaves_before_the_answer_is_not_logged(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The library answers Expect by itself, and logs a trace where the client has gone."""
    async with rush(port, 100, EXPECTING, STRANGER):
        assert (await asked(port, "/healthz", STRANGER))[0].startswith(b"HTTP/1.1 200")
    assert caplog.text == ""


async def test_what_strangers_send_is_not_logged_and_a_failure_here_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Else anybody could fill the log, with words of their own."""

    def broken(_accept: str) -> tuple[bytes, str]:
        msg = "a bug"
        raise TypeError(msg)

    port = free_port()
    with caplog.at_level(logging.WARNING):
        async with serving(port, healthz=tuple, readyz=tuple, metrics=broken):
            await asked(port, "/ x\x01y", STRANGER)
            assert caplog.text == ""
            answer, _ = await asked(port, "/metrics", STRANGER)
    assert answer.startswith(b"HTTP/1.1 500")
    assert "TypeError: a bug" in caplog.text
