"""Whom an agent tries in the background, and when."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.probe.hashing import sha256
from bot.probe.listening import Listener
from bot.probe.rounds import NEIGHBOURS, WHOLE, peers, rounds


def a_file(folder: Path, nodes: list[str]) -> Path:
    path = folder / "peers"
    given = [{"node": node, "address": "10.42.0.9", "port": 8474} for node in nodes]
    path.write_text(json.dumps(given))
    return path


def test_up_to_fifty_nodes_everybody_tries_everybody(tmp_path: Path) -> None:
    nodes = [f"node-{number}" for number in range(WHOLE)]
    path = a_file(tmp_path, nodes)
    assert [each.node for each in peers(path, "node-7")] == [*nodes[:7], *nodes[8:]]


def test_above_that_each_tries_ten_and_is_tried_by_ten(tmp_path: Path) -> None:
    nodes = [f"node-{number}" for number in range(300)]
    path = a_file(tmp_path, nodes)
    tried = Counter(peer.node for node in nodes for peer in peers(path, node))
    assert set(tried.values()) == {NEIGHBOURS}
    assert len(tried) == 300


def test_a_node_that_goes_changes_the_ring_only_beside_it(tmp_path: Path) -> None:
    nodes = [f"node-{number}" for number in range(100)]
    before = {node: {each.node for each in peers(a_file(tmp_path, nodes), node)} for node in nodes}
    path = a_file(tmp_path, nodes[1:])
    after = {node: {each.node for each in peers(path, node)} for node in nodes[1:]}
    assert sum(before[node] != after[node] for node in after) == NEIGHBOURS


def test_no_file_is_no_round(tmp_path: Path) -> None:
    assert peers(tmp_path / "nothing", "a") == []


entries = st.fixed_dictionaries(
    {},
    optional={
        "node": st.text(max_size=3) | st.integers(),
        "address": st.sampled_from(["::1", "10.0.0.1", "10.0.0.1/8", "host", 7]),
        "port": st.integers(-1, 70_000) | st.booleans() | st.none(),
    },
)


@given(st.lists(entries).map(json.dumps) | st.text() | entries.map(json.dumps))
def test_only_whole_entries_are_peers(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "peers"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for peer in peers(path, "a"):
        assert peer.address in ("::1", "10.0.0.1")
        assert 0 < peer.port < 65536


EVERY = 60.0
AGAIN = 0.3
EARLY = next(name for name in map(str, range(10_000)) if not sha256(name.encode())[0])
"""A node whose first round comes within a fraction of a second."""


class Agent:
    """The rounds of an agent with one peer: how many of the three probes went well in each."""

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.path = folder / "peers"
        peer = {"node": "peer", "address": address, "port": self.port}
        self.path.write_text(json.dumps([peer]))
        self.rounds: list[int] = []
        self._well = 0
        self._done = asyncio.Event()

    def write(self, line: dict[str, Any]) -> None:
        self._well += line.get("answer", {}).get("outcome") == "ok"
        if line.get("done"):
            self.rounds.append(self._well)
            self._well = 0
            self._done.set()

    async def has_made(self, count: int) -> None:
        """Wait for so many rounds."""
        async with asyncio.timeout(10.0):
            while len(self.rounds) < count:
                self._done.clear()
                await self._done.wait()


@asynccontextmanager
async def an_agent(folder: Path, address: str = "127.0.0.1") -> AsyncIterator[Agent]:
    agent = Agent(folder, address)
    going = asyncio.create_task(rounds(EVERY, agent.path, EARLY, agent.write, AGAIN))
    try:
        yield agent
    finally:
        going.cancel()
        with suppress(asyncio.CancelledError):
            await going


async def test_what_failed_for_the_first_time_is_tried_again_soon(tmp_path: Path) -> None:
    """And what works then is left alone until the next round."""
    async with an_agent(tmp_path) as agent:
        await agent.has_made(1)
        async with Listener("peer").bound(agent.port):
            await agent.has_made(2)
            await asyncio.sleep(4 * AGAIN)
    assert agent.rounds == [0, 3]


async def test_a_failure_that_goes_on_fills_no_log_and_its_end_is_seen_soon(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as agent:
        await agent.has_made(2)
        await asyncio.sleep(4 * AGAIN)
        assert agent.rounds == [0, 0]
        async with Listener("peer").bound(agent.port):
            await agent.has_made(3)
    assert agent.rounds == [0, 0, 3]


async def test_what_could_not_be_tried_at_all_did_not_fail(tmp_path: Path) -> None:
    """This node itself refuses the call: a link-local address without its interface."""
    async with an_agent(tmp_path, "fe80::1") as agent:
        await agent.has_made(1)
        await asyncio.sleep(4 * AGAIN)
    assert agent.rounds == [0]
