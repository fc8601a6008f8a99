"""A local Discord for each test, whose every request from the bot must be in order at the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import discord
import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.wire.bot_process import a_cluster, connected, leaked
from tests.wire.discord_server import DiscordServer, serve
from tests.wire.pointing import Pointed, pointing_at
from tests.wire.processes import Running


@pytest.fixture
async def careless_server(tmp_path) -> AsyncIterator[DiscordServer]:
    """A Discord that lets bad requests pass: for tests about them."""
    async with serve(tmp_path) as server:
        yield server


@pytest.fixture
def server(careless_server: DiscordServer) -> Iterator[DiscordServer]:
    """A Discord; the test fails at its end where the bot sent what Discord would refuse."""
    yield careless_server
    assert careless_server.problems() == []


@pytest.fixture
def pointed(careless_server: DiscordServer) -> Iterator[Pointed]:
    """The library of this process speaks to that Discord."""
    with pointing_at(careless_server) as made:
        yield made


@pytest.fixture
async def client(server: DiscordServer, pointed: Pointed) -> AsyncIterator[discord.Client]:
    """The real client of this process, connected to it."""
    async with discord.Client(intents=discord.Intents(guilds=True)) as made:
        pointed.equip(made)
        running = asyncio.create_task(made.start(server.token))
        await server.connected(15)
        await made.wait_until_ready()
        yield made
        await made.close()
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture
def scenario() -> str:
    """The ordinary bad day; a test may be parametrised with another."""
    return "homelab"


@pytest.fixture
def cluster(scenario: str) -> SimulatedCluster:
    """The cluster that the bot looks at; tests put faults into it."""
    return a_cluster(scenario)


@pytest.fixture
async def bot(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> AsyncIterator[Running]:
    """The bot, connected to both. At the end it is alive, leaves in order, and told no secret."""
    async with connected(server, cluster, tmp_path) as running:
        yield running
        if running.process.returncode is None:
            running.process.terminate()
        code, printed = await running.ended()
        assert code == 0, printed
        assert leaked(printed) == []
