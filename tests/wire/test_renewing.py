"""A posted digest is renewed in place, on the wire: one GET, one PATCH, and its files stay."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import discord
import pytest

from bot.chat.channel import Channels
from bot.digest.composer import Composer
from bot.digest.discord_channel import DiscordDigestChannel
from bot.digest.domain.records import DigestSchedule, mark
from bot.digest.domain.schedule import Timetable
from bot.digest.ports import DigestMessage
from bot.health.service import Health
from bot.runtime.memory_store import Unkept
from commands.digest import refresh_button as button
from tests.builders import a_pod
from tests.fakes import FakeCluster
from tests.wire import endpoints, world
from tests.wire.discord_server import DiscordServer
from tests.wire.messages import contents, walk
from tests.wire.pointing import Pointed
from tests.wire.stand_in import StandIn

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAILY = DigestSchedule(name="daily", channel=world.CHANNEL_ID, when=Timetable(8, 0), began=NOW)


@pytest.fixture
async def bot(server: DiscordServer, pointed: Pointed) -> AsyncIterator[discord.Client]:
    client = StandIn(connector=pointed.connector())
    running = asyncio.create_task(client.start(world.TOKEN))
    await server.connected()
    yield client
    await client.close()
    await running


async def test_a_renewed_digest_keeps_its_news_and_its_files(
    server: DiscordServer, bot: discord.Client
) -> None:
    """Every request is in order by Discord's own description, too."""
    cluster = FakeCluster([a_pod(waiting="CrashLoopBackOff")])
    health = Health(cluster)
    mailing = DiscordDigestChannel(Channels(bot), button.rows)
    digest = (await Composer(health, Unkept(), cluster.draw).compose(DAILY)).digest
    day = NOW.date()
    letter = DigestMessage(digest, b"a picture", "Seven days.", mark("daily", day))
    sent = await mailing.send(world.CHANNEL_ID, letter)
    assert isinstance(sent, int)
    before = _posted(server, sent)
    for minute in (1, 2):
        assert await mailing.renew(world.CHANNEL_ID, sent, NOW.replace(minute=minute)) is True
    after = _posted(server, sent)
    assert after["attachments"] == before["attachments"]
    assert _shown(after) == _shown(before)
    said, was = contents(after["components"]), contents(before["components"])
    assert said[:-1] == was[:-1]
    assert said[-1] == f"{was[-1]} · nothing new when last looked, <t:1772352120:f>"
    edits = [each for each in server.requests if each.endpoint == endpoints.EDIT_MESSAGE]
    assert len(edits) == 2
    kept = {str(each["id"]) for each in before["attachments"]}
    assert all({str(each["id"]) for each in one.body["attachments"]} == kept for one in edits)


def _posted(server: DiscordServer, number: int) -> Any:
    kept = server.messages.get(str(number))
    assert kept
    return {**kept, "components": [dict(each) for each in kept["components"]]}


def _shown(message: Any) -> list[str]:
    """The addresses and the button that people see."""
    found = []
    for each in walk(message["components"]):
        holders = (each.get("file"), *(one.get("media") for one in each.get("items", ())))
        found += [one["url"] for one in holders if one]
        found += [each["custom_id"]] if "custom_id" in each else []
    return found
