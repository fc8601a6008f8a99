"""The API server is gone for ten minutes, and two processes know it: Discord is told meanwhile.

A minute is three seconds (`tests.pair.hurried`). `make faults` plays the true ten minutes.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster, serve
from tests.clusters.wire import Mode
from tests.pair.hurried import TIMES
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import until
from tests.wire.outages import board, outages, recoveries, stored
from tests.wire.pair import Member, member
from tests.wire.world import CHANNEL_ID, OPERATORS

MINUTE = 60 / TIMES
MARGIN = 9.0
"""Seconds that a busy machine may add."""

EARLIER = 3.0
"""Seconds that the last successful request may lie before the cut."""


@dataclass
class Watching:
    """Reads Discord all the time: how many messages about an outage there were, and when first."""

    server: DiscordServer
    most: int = 0
    first: float | None = None
    texts: list[str] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            told = outages(self.server)
            self.most = max(self.most, len(told))
            if told and self.first is None:
                self.first = time.monotonic()
                self.texts.append(json.dumps(told[0]["components"], ensure_ascii=False))
            await asyncio.sleep(0.05)


@pytest.fixture
async def both(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> AsyncIterator[tuple[Member, Member]]:
    """A leader that has looked at the cluster, and a standby that saw it lead."""
    more = {
        "WIRE_MODULE": "tests.pair.hurried",
        "MESHMEDIC_ALERT_CHANNEL": str(CHANNEL_ID),
        "MESHMEDIC_ALERT_ROLE": str(OPERATORS),
        "MESHMEDIC_BOARD_CHANNEL": str(CHANNEL_ID),
    }
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(cluster))
        leader = await stack.enter_async_context(member(server, url, tmp_path / "one", more=more))
        await leader.becomes_leader()
        standby = await stack.enter_async_context(
            member(server, url, tmp_path / "other", more=more)
        )
        await until(lambda: "No open incident" in board(server), "a board that sees all", 30)
        yield leader, standby


async def test_ten_minutes_without_an_api_server_are_told_once_while_they_last(
    server: DiscordServer, cluster: SimulatedCluster, both: tuple[Member, Member]
) -> None:
    """By the leader, after three minutes; its end once; one incident in the state, and no other.

    First requests hang, then they are refused, then each is answered with an error.
    """
    watching = Watching(server)
    reading = asyncio.create_task(watching.run())
    began = time.monotonic()
    cut(Mode.SILENT, *both)
    await asyncio.sleep(4 * MINUTE)
    cut(Mode.DEAD, *both)
    await asyncio.sleep(3 * MINUTE)
    cluster.faults.status = 500
    cut(Mode.PASSES, *both)
    await asyncio.sleep(3 * MINUTE)
    assert watching.first is not None, "nobody told it while it lasted"
    assert 3 * MINUTE - EARLIER < watching.first - began < 3 * MINUTE + MARGIN
    assert recoveries(server) == []
    assert "The API server doesn't answer" in watching.texts[0]
    assert "last seen: " in watching.texts[0]
    assert "systemctl status k3s" in watching.texts[0]
    assert f"<@&{OPERATORS}>" in watching.texts[0]
    assert "The cluster can't be seen" in board(server)
    assert "No open incident" not in board(server)
    cluster.faults.clear()
    await until(lambda: recoveries(server), "the end", 2 * MINUTE + 40)
    await asyncio.sleep(2 * MINUTE)
    reading.cancel()
    assert watching.most == len(outages(server)) == len(recoveries(server)) == 1
    (message,) = outages(server)
    assert "The API server answers again" in json.dumps(message)
    (incident,) = _incidents(cluster)
    # Its head may be a watch by now: what is stale for a moment afterwards belongs to it.
    assert any(key.startswith("api-server/") for key in incident["keys"])
    assert incident["posted"]["message"] == int(message["id"])
    assert incident["ended"]
    await until(lambda: "The cluster can't be seen" not in board(server), "the board", 2 * MINUTE)
    assert len(server.messages.newest_first()) == 3, "and nothing else was said"


def cut(mode: Mode, *members: Member) -> None:
    """What happens to the requests of each."""
    for each in members:
        each.wire.set(mode)


def _incidents(cluster: SimulatedCluster) -> list[dict[str, Any]]:
    state = stored(cluster)
    assert state is not None
    incidents: list[dict[str, Any]] = state["incidents"]
    return incidents
