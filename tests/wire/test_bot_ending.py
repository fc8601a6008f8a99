"""How the whole bot ends: asked to, and during a command."""

import asyncio
import time
from pathlib import Path

from bot.chat.client import DRAIN
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.wire import endpoints
from tests.wire.bot_process import FOUND, connected
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import until
from tests.wire.processes import Running

STUCK = 60.0
"""Seconds that no test waits for."""


async def test_a_command_that_comes_in_during_the_drain_is_not_left_unanswered(
    server: DiscordServer, bot: Running
) -> None:
    """Acknowledged and then forgotten is the one thing that must not be."""
    slow = server.fail(endpoints.EDIT_ORIGINAL, delay=1, times=2)
    await server.slash("health", "all")
    await until(lambda: slow.hits == 1, "the first answer", 5)
    bot.process.terminate()
    await asyncio.sleep(0.5)
    late = await server.slash("health", "all")
    await bot.ended()
    assert bool(late.responses) == bool(late.answers)


async def test_a_command_is_finished_before_sigterm_is_obeyed(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """The API is slow; whoever asked before gets the whole report, and then the bot leaves."""
    cluster.faults.delay = 1.0
    async with connected(server, cluster, tmp_path) as bot:
        handle = await server.slash("health", "all")
        await handle.acknowledged()
        assert not handle.answers
        code, printed = await bot.terminated(DRAIN + 5)
    assert code == 0, printed
    assert [each for each in FOUND if each not in handle.answers[0].text] == []
    assert server.gateway.connections == 0


async def test_a_hanging_cluster_delays_neither_acknowledgement_nor_end(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Asked, acknowledged, SIGTERM: the answer says that nothing was seen, and the bot leaves."""
    cluster.faults.hang = True
    async with connected(server, cluster, tmp_path) as bot:
        handle = await server.slash("health", "all")
        await handle.acknowledged()
        typed = await server.autocomplete("health", "all", focused="namespace")
        assert (await typed.answer(1)).choices == []
        asked = time.monotonic()
        code, printed = await bot.terminated(DRAIN + 5)
        took = time.monotonic() - asked
    assert code == 0, printed
    assert took < DRAIN + 3
    assert handle.ack_latency < 1
    assert handle.answers[0].text.startswith("## ❔ Can't see Node, Pod, ")
    assert "unreachable: Node, Pod, " in handle.answers[0].text


async def test_an_answer_that_hangs_holds_the_end_up_no_longer_than_the_drain(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Discord takes the answer forever: the bot says that it was cut off, and leaves."""
    server.fail(endpoints.EDIT_ORIGINAL, delay=STUCK)
    async with connected(server, cluster, tmp_path) as bot:
        handle = await server.slash("health", "all")
        await until(lambda: server.sent(endpoints.EDIT_ORIGINAL), "the answer", 5)
        asked = time.monotonic()
        code, printed = await bot.terminated(DRAIN + 5)
        took = time.monotonic() - asked
    assert code == 0, printed
    assert DRAIN - 1 < took < DRAIN + 3
    assert "is being restarted" in handle.answers[0].text
