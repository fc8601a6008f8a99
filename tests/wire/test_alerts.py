"""Every message of alerts over the wire, by the real client: Discord takes each as it is meant."""

from datetime import UTC, datetime

import discord
import pytest
from msgspec.structs import replace

from bot.alerting.delivery import ChannelUnavailable, NoThread
from bot.alerting.discord_channel import DiscordAlertChannel
from bot.alerting.domain.actions import Tell
from bot.alerting.domain.incident import Alerts, Incident, MessageRecord
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from tests.wire import endpoints
from tests.wire.discord_server import DiscordServer
from tests.wire.recording import Endpoint, Request
from tests.wire.world import CHANNEL_ID, GUILD_ID, OPERATORS

NOW = datetime.now(UTC)
FINDING = Finding(
    check="nodes",
    subject=Ref("Node", "", "home-2"),
    verdict=Verdict.FAILED,
    reason="NotReady",
    message="@everyone [kubelet](https://example.org) stopped ``` posting",
)
ONE = (
    Incident(
        id="0123456789abcdef",
        head=FINDING,
        keys=(FINDING.key,),
        opened=NOW,
        worst=Verdict.FAILED,
    )
    .told(NOW, "failed: NotReady")
    .told(NOW, "@here it is worse <@&1>")
)


@pytest.fixture
def telling(client: discord.Client) -> DiscordAlertChannel:
    return DiscordAlertChannel(client, lambda _: (), GUILD_ID)


def asked(server: DiscordServer, endpoint: Endpoint) -> list[Request]:
    """What arrived at an endpoint."""
    return [each for each in server.requests if each.endpoint == endpoint]


def standing(message: int) -> Incident:
    return replace(ONE, posted=MessageRecord(CHANNEL_ID, ONE.id, NOW, message))


async def test_an_incident_from_its_start_to_its_end(
    server: DiscordServer, telling: DiscordAlertChannel
):
    """A message that calls one role, its thread, edits, the answer, each found by its mark."""
    message = await telling.open(CHANNEL_ID, ONE, OPERATORS)
    assert await telling.open(CHANNEL_ID, ONE, OPERATORS) == message, "the nonce makes them one"
    sent = asked(server, endpoints.SEND)[0].body
    assert sent["allowed_mentions"] == {
        "parse": [],
        "roles": [OPERATORS],
    }
    one = standing(message)
    act = Tell(one, CHANNEL_ID, one.revision, OPERATORS)
    line = await telling.tell(message, act, None)
    assert await telling.tell(message, act, NOW) == line, "it is found"
    assert len(asked(server, endpoints.THREAD)) == 2, "the second time it is there"
    (shown,) = server.messages.of(str(message))
    assert "it is worse" in str(shown["components"])
    assert f"<@&{OPERATORS}>" in str(shown["components"])
    await telling.edit(CHANNEL_ID, message, replace(one, ended=NOW))
    end = await telling.end(CHANNEL_ID, message, replace(one, ended=NOW), f"{one.id}-end")
    answer = asked(server, endpoints.SEND)[-1].body
    assert answer["message_reference"]["message_id"] == message
    assert await telling.find(CHANNEL_ID, one.id, NOW) == message
    assert await telling.find(CHANNEL_ID, f"{one.id}-end", NOW) == end


async def test_the_board_is_pinned_edited_and_sent_anew_where_somebody_deleted_it(
    server: DiscordServer, telling: DiscordAlertChannel
):
    """Without a sound."""
    report, state = Report(NOW, (FINDING,), (), {"Node": 3}), Alerts((standing(1),))
    board = await telling.board(CHANNEL_ID, None, report, state, "meshmedic-board")
    assert len(asked(server, endpoints.PIN)) == 1
    assert await telling.board(CHANNEL_ID, board, report, state, "meshmedic-board") == board
    server.messages.delete(str(board))
    again = await telling.board(CHANNEL_ID, board, report, state, "another-nonce")
    assert again != board


async def test_what_was_held_back_and_a_word_to_the_owner(
    server: DiscordServer, telling: DiscordAlertChannel
):
    """Nobody is mentioned."""
    assert await telling.sum_up(CHANNEL_ID, (ONE, ONE), "fedcba9876543210")
    await telling.complain(CHANNEL_ID, CHANNEL_ID, "Discord knows no such channel.")
    for each in asked(server, endpoints.SEND):
        assert not (each.body.get("allowed_mentions") or {}).get("roles")


async def test_a_clear_no_is_told_from_silence(server: DiscordServer, telling: DiscordAlertChannel):
    """A channel that is gone, and a message under which there can be no thread."""
    with pytest.raises(ChannelUnavailable, match="no such channel"):
        await telling.open(CHANNEL_ID + 1, ONE, None)
    with pytest.raises(NoThread):
        await telling.tell(12345, Tell(standing(12345), CHANNEL_ID, ONE.revision), None)
