"""A leader that dies in the middle of sending a digest: it is sent once, by whoever leads next."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster, serve
from tests.wire import endpoints
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import until
from tests.wire.pair import PLACE, TAKEOVER, Member, member
from tests.wire.world import CHANNEL_ID

NEVER = 600.0
DUE = 100.0
"""Seconds until the slot has come: the next whole minute after both are ready."""

FOUND = 120.0
"""Seconds until the next one acts, has waited for the first, and has looked."""


@pytest.fixture
async def both(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> AsyncIterator[tuple[Member, Member]]:
    """A leader and a standby, and a digest that is due in a minute."""
    due = datetime.now(UTC) + timedelta(seconds=75)
    more = {
        "MESHMEDIC_DIGEST_CHANNEL": str(CHANNEL_ID),
        "MESHMEDIC_DIGEST_TIME": f"{due:%H:%M}",
    }
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(cluster))
        leader = await stack.enter_async_context(member(server, url, tmp_path / "one", more=more))
        await leader.becomes_leader()
        standby = await stack.enter_async_context(
            member(server, url, tmp_path / "other", more=more)
        )
        yield leader, standby


@pytest.mark.parametrize("arrived", [False, True], ids=["before it arrived", "its reply lost"])
async def test_a_digest_is_sent_once_whoever_dies_of_it(
    server: DiscordServer,
    cluster: SimulatedCluster,
    both: tuple[Member, Member],
    arrived: bool,
) -> None:
    """SIGKILL while Discord has the request: whether it was taken, only the channel tells."""
    leader, standby = both
    if arrived:
        slow = server.fail(endpoints.SEND, reset=True, after_effect=True)
    else:
        slow = server.fail(endpoints.SEND, delay=NEVER)
    await until(lambda: slow.hits, "the digest on its way", DUE)
    await leader.kill()
    await standby.becomes_leader(TAKEOVER)

    def over() -> bool:
        """Whether the slot is noted as done with its message."""
        record = cluster.get("ConfigMap", PLACE, "meshmedic-digests") or {}
        kept = json.loads(record.get("data", {}).get("record", "{}")).get("value", {})
        return any(each.get("message") for some in kept.get("turns", {}).values() for each in some)

    await until(over, "the digest, found or sent", FOUND)
    assert len(digests(server)) == 1
    code, printed = await standby.running.terminated()
    assert code == 0, printed
    assert len(digests(server)) == 1


def digests(server: DiscordServer) -> list[str]:
    """The digests that stand in the channel."""
    kept = [json.dumps(each) for each in server.messages.newest_first()]
    return [each for each in kept if "meshmedic:digest" in each]
