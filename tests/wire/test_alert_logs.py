"""Log lines of an alert: fetched once, kept by the message alone, and never waited for."""

from datetime import UTC, datetime

import discord
import pytest
from msgspec.structs import replace

from bot.alerting.discord_channel import DiscordAlertChannel, Logs
from bot.alerting.domain.actions import Edit, OpenIncident
from bot.alerting.domain.incident import Incident, MessageRecord
from bot.chat.channel import Channels
from bot.domain.finding import Finding
from bot.domain.story import LogTail
from bot.errors import ClusterError
from tests.alerting.crashing import CRASHING, an_incident
from tests.wire import endpoints
from tests.wire.discord_server import DiscordServer
from tests.wire.world import CHANNEL_ID, GUILD_ID

NOW = datetime.now(UTC)
ONE = an_incident(NOW)
LINES = ("early", "@everyone ``` [link](https://example.org)", "", "std::bad_alloc", "Aborted")


class Container:
    """A container that wrote some lines, and how often somebody read them."""

    def __init__(self, *lines: str, error: str = "") -> None:
        self.lines, self.error, self.read = lines, error, 0

    async def tail(self, finding: Finding) -> LogTail | None:
        self.read += 1
        assert finding == CRASHING
        if self.error:
            raise ClusterError(self.error)
        return LogTail(container="jellyfin", previous=True, lines=self.lines)


def alerting(client: discord.Client, logs: Logs | None) -> DiscordAlertChannel:
    return DiscordAlertChannel(Channels(client, GUILD_ID), lambda _: (), logs)


def standing(message: int) -> Incident:
    return replace(ONE, posted=MessageRecord(CHANNEL_ID, ONE.id, NOW, message))


def shown(server: DiscordServer) -> str:
    (message, *_) = server.messages.newest_first()
    return str(message["components"])


async def test_the_last_three_lines_are_fetched_once_and_an_edit_keeps_them(
    server: DiscordServer, client: discord.Client
) -> None:
    """Though the container wrote others since, and the process is another one."""
    container = Container(*LINES)
    message = await alerting(client, container.tail).post(OpenIncident(ONE, CHANNEL_ID))
    assert "Aborted" in shown(server)
    assert "std::bad_alloc" in shown(server)
    assert "early" not in shown(server)
    container.lines = ("something else",)
    changed = replace(standing(message), flapping=True)
    assert await alerting(client, container.tail).edit(Edit(changed, CHANNEL_ID))
    assert "keeps coming back" in shown(server)
    assert "Aborted" in shown(server)
    assert "something else" not in shown(server)
    assert container.read == 1


async def test_what_is_over_shows_no_log(server: DiscordServer, client: discord.Client) -> None:
    telling = alerting(client, Container(*LINES).tail)
    message = await telling.post(OpenIncident(ONE, CHANNEL_ID))
    assert await telling.edit(Edit(replace(standing(message), ended=NOW), CHANNEL_ID))
    assert "recovered" in shown(server)
    assert "Aborted" not in shown(server)


@pytest.mark.parametrize("container", [None, Container(), Container(error="it is forbidden")])
async def test_an_alert_without_log_lines_is_posted_all_the_same(
    server: DiscordServer, client: discord.Client, container: Container | None
) -> None:
    """They are not wanted, there are none, or they cannot be read."""
    telling = alerting(client, container.tail if container else None)
    message = await telling.post(OpenIncident(ONE, CHANNEL_ID))
    assert await telling.edit(Edit(standing(message), CHANNEL_ID))
    assert "crash-looping" in shown(server)
    assert "```" not in shown(server)
    assert not [one for one in server.requests if "forbidden" in str(one.body)]


async def test_an_edit_of_a_message_that_is_gone_is_reported(
    server: DiscordServer, client: discord.Client
) -> None:
    telling = alerting(client, Container(*LINES).tail)
    assert not await telling.edit(Edit(standing(123456), CHANNEL_ID))
    assert not [one for one in server.requests if one.endpoint == endpoints.SEND]


REJECTED = 400
"""As Discord's filters of links and words answer."""


async def test_log_lines_that_discord_rejects_keep_no_alert_from_it(
    server: DiscordServer, client: discord.Client
) -> None:
    """It is posted without names, in one request more, and an edit brings the names back."""
    server.fail(endpoints.SEND, REJECTED)
    telling = alerting(client, Container(*LINES).tail)
    message = await telling.post(OpenIncident(ONE, CHANNEL_ID))
    assert "Aborted" not in shown(server)
    assert await telling.edit(Edit(standing(message), CHANNEL_ID))
    assert "jellyfin-1" in shown(server)
    assert "Aborted" not in shown(server)
