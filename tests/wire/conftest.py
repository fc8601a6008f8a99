"""A local Discord for each test, whose every request from the bot must be in order at the end."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.wire.discord_server import DiscordServer, serve
from tests.wire.pointing import Pointed, pointing_at


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
