"""The agent's front inside of this process: garbage, and clients that do not read."""

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.probe.admitting import Admission
from bot.probe.agent import MOST_UNREAD, Agent, Write
from bot.probe.job import AgentJob
from tests.examples import examples
from tests.probe import signing
from tests.probe.test_serve import _raw, a_job

WORDS = [
    b"POST /jobs HTTP/1.1\r\n",
    b"GET ",
    b"\r\n",
    b"Content-Length: 5\r\n",
    b"Meshmedic-Node: a",
]


async def _never(_job: AgentJob, _write: Write) -> None:
    raise AssertionError("a job was admitted")


@settings(max_examples=examples(40))
@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=50), max_size=8).map(b"".join))
def test_whatever_comes_is_answered_or_closed_and_the_next_is_served(content: bytes) -> None:
    async def run() -> tuple[bytes, bytes]:
        agent = Agent(Admission("alpha", Path("/nowhere"), 0), _never)
        async with agent.bound(0) as port:
            return await _exchange(port, content), await _exchange(port, HEALTH)

    async def guarded() -> tuple[bytes, bytes]:
        async with asyncio.timeout(60):
            return await run()

    first, second = asyncio.run(guarded())
    assert first == b"" or first.startswith(b"HTTP/1.1 4") or content.startswith(HEALTH[:-4])
    assert second.endswith(b"ok\n")


HEALTH = b"GET /healthz HTTP/1.1\r\n\r\n"


async def _exchange(port: str, content: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(content)
    writer.write_eof()
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_client_that_does_not_read_is_cut_off_and_its_job_goes_on(tmp_path: Path) -> None:
    """Its lines would otherwise fill the memory."""
    keys = tmp_path / "keys"
    keys.write_bytes(signing.line(signing.key()))
    ended = asyncio.Event()

    async def talkative(_job: AgentJob, write: Write) -> None:
        line: dict[str, Any] = {"job": "j", "refused": "x" * 10_000}
        for _ in range(20 * MOST_UNREAD // 10_000):
            write(line)
            await asyncio.sleep(0)
        ended.set()

    agent = Agent(Admission("alpha", keys, 0), talkative)
    async with agent.bound(0) as port, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port), limit=1024)
        writer.write(_raw(signing.signed(a_job())))
        await ended.wait()
        got = 0
        try:
            while part := await reader.read(65536):
                got += len(part)
        except ConnectionError:
            pass
        writer.close()
    assert 0 < got < 20 * MOST_UNREAD
