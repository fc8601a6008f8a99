"""The library is led to a local Discord, in this process and in another, and never by half."""

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.wire import launcher
from tests.wire.discord_server import DiscordServer
from tests.wire.pointing import WouldReachDiscordError, point, pointing_at
from tests.wire.processes import started

LOCAL = {
    launcher.CA: "ca.pem",
    launcher.REST_BASE: "https://127.0.0.1:1/api/v10",
    launcher.GATEWAY: "wss://127.0.0.1:1/",
}


Addresses = tuple[str, str]


def addresses() -> Addresses:
    """What the library would speak to now."""
    return Route.BASE, str(DiscordWebSocket.DEFAULT_GATEWAY)


async def test_both_addresses_are_set_and_restored(server: DiscordServer) -> None:
    """Also when the block fails."""
    before = addresses()
    failure = ZeroDivisionError()
    inside: list[Addresses] = []

    def fail() -> None:
        with pointing_at(server):
            inside.append(addresses())
            raise failure

    with pytest.raises(ZeroDivisionError):
        fail()
    assert inside == [(server.rest_base, server.gateway.url)]
    assert addresses() == before


@pytest.mark.parametrize(
    ("rest_base", "gateway"),
    [
        ("https://discord.com/api/v10", LOCAL[launcher.GATEWAY]),
        (LOCAL[launcher.REST_BASE], "wss://gateway.discord.gg/"),
        (LOCAL[launcher.REST_BASE], ""),
        ("http://127.0.0.1/api/v10", LOCAL[launcher.GATEWAY]),
    ],
)
def test_half_a_way_is_refused(rest_base: str, gateway: str) -> None:
    """Neither address is set when one of them would reach the real Discord."""
    before = addresses()
    with pytest.raises(WouldReachDiscordError):
        point(rest_base, gateway)
    assert addresses() == before


@pytest.mark.parametrize("missing", sorted(LOCAL))
def test_the_launcher_needs_all_three(missing: str) -> None:
    """Without the CA the client would refuse the server, and without an address it would leak."""
    with pytest.raises(WouldReachDiscordError):
        launcher.prepare({key: value for key, value in LOCAL.items() if key != missing})


async def test_a_process_that_would_reach_discord_does_not_start(server: DiscordServer) -> None:
    """The launcher ends with its own code before any bot is loaded."""
    real = {launcher.GATEWAY: "wss://gateway.discord.gg/"}
    async with started(server, "run", environment=real) as running:
        code, printed = await running.ended()
    assert code == launcher.REFUSED
    assert "gateway.discord.gg" in printed
    assert server.requests == []


async def test_a_process_connects_answers_and_leaves(server: DiscordServer) -> None:
    """Trust comes from SSL_CERT_FILE alone; SIGTERM ends the process in good order."""
    async with started(server, "run", module="tests.wire.stand_in") as running:
        await server.connected(15)
        assert (await (await server.slash("health", "quick")).answer()).text == "at once"
        code, printed = await running.terminated()
    assert (code, printed) == (0, "left in good order\n")
    assert server.gateway.connections == 0
