"""Every message of alerts over the wire, by the real client: Discord takes each as it is meant."""

import dataclasses
from datetime import UTC, datetime, timedelta

import discord
import pytest
from msgspec.structs import replace

from bot.alerting.delivery import NoThread
from bot.alerting.discord_channel import DiscordAlertChannel
from bot.alerting.domain import outage
from bot.alerting.domain.actions import Board, Edit, End, OpenIncident, Post, Summary, Tell
from bot.alerting.domain.hosts import FailingSites
from bot.alerting.domain.incident import Alerts, Incident, MessageRecord
from bot.alerting.domain.outage import FoundOutage
from bot.chat.channel import Channels, ChannelUnavailable
from bot.domain.finding import Finding, Ref
from bot.domain.posting import component_id
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from tests.wire import endpoints
from tests.wire.discord_server import DiscordServer
from tests.wire.messages import walk
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
    .with_line(NOW, "failed: NotReady")
    .with_line(NOW, "@here it is worse <@&1>")
)


@pytest.fixture
def telling(client: discord.Client) -> DiscordAlertChannel:
    return DiscordAlertChannel(Channels(client, GUILD_ID), lambda _: ())


def asked(server: DiscordServer, endpoint: Endpoint) -> list[Request]:
    """What arrived at an endpoint."""
    return [each for each in server.requests if each.endpoint == endpoint]


def standing(message: int) -> Incident:
    return replace(ONE, posted=MessageRecord(CHANNEL_ID, ONE.id, NOW, message))


async def test_an_incident_from_its_start_to_its_end(
    server: DiscordServer, telling: DiscordAlertChannel
):
    """A message that calls one role, its thread, edits, the answer, each found by its mark."""
    start = OpenIncident(ONE, CHANNEL_ID, OPERATORS)
    message = await telling.post(start)
    assert await telling.post(start) == message, "the nonce makes them one"
    sent = asked(server, endpoints.SEND)[0].body
    assert sent["allowed_mentions"] == {
        "parse": [],
        "roles": [OPERATORS],
    }
    one = standing(message)
    act = Tell(one, CHANNEL_ID, one.revision, OPERATORS)
    line = await telling.post(act)
    assert await telling.find(act, NOW) == line, "it is found"
    assert len(asked(server, endpoints.THREAD)) == 2, "the second time it is there"
    (shown,) = server.messages.of(str(message))
    assert "it is worse" in str(shown["components"])
    assert f"<@&{OPERATORS}>" in str(shown["components"])
    over = replace(one, ended=NOW)
    assert await telling.edit(Edit(over, CHANNEL_ID))
    end = await telling.post(End(over, CHANNEL_ID))
    answer = asked(server, endpoints.SEND)[-1].body
    assert answer["message_reference"]["message_id"] == message
    assert await telling.find(start, NOW) == message
    assert await telling.find(End(over, CHANNEL_ID), NOW) == end


async def test_the_board_is_pinned_edited_and_sent_anew_where_somebody_deleted_it(
    server: DiscordServer, telling: DiscordAlertChannel
):
    """Without a sound."""
    report, state = Report(NOW, (FINDING,), (), {"Node": 3}), Alerts((standing(1),))
    act = Board(report, state, CHANNEL_ID)
    board = await telling.post(act)
    assert len(asked(server, endpoints.PIN)) == 1
    record = MessageRecord(CHANNEL_ID, act.mark, NOW, board)
    act = Board(report, replace(state, board=record), CHANNEL_ID)
    assert await telling.edit(act)
    server.messages.delete(str(board))
    assert not await telling.edit(act)
    again = await telling.post(dataclasses.replace(act, mark="another-nonce"))
    assert again != board


async def test_an_outage_is_found_again_by_the_term_that_told_it(
    server: DiscordServer, telling: DiscordAlertChannel
):
    """What it says since when, and whether it is over; another term's message is not it."""
    ours, others = outage.stem("meshmedic/meshmedic", 4), outage.stem("meshmedic/meshmedic", 5)
    opened = NOW.replace(microsecond=0) - timedelta(minutes=3)
    incident = outage.incident_of(
        outage.outage_id(ours, 1), opened, error="cut off by @everyone", seen="nothing found"
    )
    start = OpenIncident(incident, CHANNEL_ID, OPERATORS)
    message = await telling.post(start)
    assert await telling.post(start) == message, "the nonce makes them one"
    assert asked(server, endpoints.SEND)[0].body["allowed_mentions"]["roles"] == [OPERATORS]
    assert await telling.find_outages(CHANNEL_ID, (others,), NOW) == ()
    (found,) = await telling.find_outages(CHANNEL_ID, (others, ours), NOW)
    assert found == FoundOutage(incident.id, message, opened)
    (shown,) = server.messages.newest_first()
    assert "systemctl status k3s" in str(shown["components"])
    over = replace(outage.posted(incident, CHANNEL_ID, message, None), ended=NOW)
    assert await telling.edit(Edit(over, CHANNEL_ID))
    assert await telling.post(End(over, CHANNEL_ID)) != message
    (found,) = await telling.find_outages(CHANNEL_ID, (ours,), NOW)
    assert found.over


async def test_what_was_held_back_and_a_word_to_the_owner(
    server: DiscordServer, client: discord.Client, telling: DiscordAlertChannel
):
    """Nobody is mentioned."""
    assert await telling.post(Summary((ONE, ONE), CHANNEL_ID))
    await Channels(client).complain(CHANNEL_ID, CHANNEL_ID, "The channel was deleted.")
    for each in asked(server, endpoints.SEND):
        assert not (each.body.get("allowed_mentions") or {}).get("roles")


async def test_a_clear_no_is_told_from_silence(server: DiscordServer, telling: DiscordAlertChannel):
    """A channel that is gone, and a message under which there can be no thread."""
    with pytest.raises(ChannelUnavailable, match="was deleted"):
        await telling.post(OpenIncident(ONE, CHANNEL_ID + 1))
    with pytest.raises(NoThread):
        await telling.post(Tell(standing(12345), CHANNEL_ID, ONE.revision))


REJECTED = 400
"""As Discord's filters of links and words answer."""


@pytest.mark.parametrize("act", ["start", "summary", "board", "end"])
async def test_what_discord_rejects_is_told_without_a_word_of_the_cluster(
    server: DiscordServer, telling: DiscordAlertChannel, act: str
):
    """No name that anybody chose keeps a node's failure, its role or its end from Discord."""
    one = replace(standing(1), sites=FailingSites(("harmful.example",), 1))
    acts: dict[str, Post] = {
        "start": OpenIncident(one, CHANNEL_ID, OPERATORS),
        "summary": Summary((one, one), CHANNEL_ID, OPERATORS),
        "board": Board(Report(NOW, (FINDING,), (), {"Node": 3}), Alerts((one,)), CHANNEL_ID),
        "end": End(replace(one, ended=NOW), CHANNEL_ID),
    }
    server.fail(endpoints.SEND, REJECTED)
    message = await telling.post(acts[act])
    sent = asked(server, endpoints.SEND)[-1].body
    assert sent["allowed_mentions"].get("roles", []) == [OPERATORS] * (act in ("start", "summary"))
    shown = str(sent["components"])
    for theirs in ("harmful", "home-2", "kubelet", "NotReady"):
        assert theirs not in shown
    assert f"Node · {FINDING.code}" in shown
    assert await telling.find(acts[act], NOW) == message


async def test_an_edit_that_discord_rejects_shows_how_bad_it_is(
    server: DiscordServer, telling: DiscordAlertChannel
):
    """The message would say for ever what it said first."""
    message = await telling.post(OpenIncident(ONE, CHANNEL_ID))
    server.fail(endpoints.EDIT_MESSAGE, REJECTED)
    assert await telling.edit(Edit(replace(standing(message), ended=NOW), CHANNEL_ID))
    assert "Recovered: Node" in str(asked(server, endpoints.EDIT_MESSAGE)[-1].body["components"])


async def test_what_identifies_a_message_is_in_no_text_of_it(
    server: DiscordServer, telling: DiscordAlertChannel
):
    """Discord returns the mark as a component's id, in messages and in its history."""
    incident = outage.incident_of(outage.outage_id(outage.stem("a/b", 4), 1), NOW)
    one, gone = standing(1), outage.posted(incident, CHANNEL_ID, 2, None)
    acts = (
        OpenIncident(ONE, CHANNEL_ID),
        OpenIncident(incident, CHANNEL_ID),
        End(replace(one, ended=NOW), CHANNEL_ID),
        End(replace(gone, ended=NOW), CHANNEL_ID),
        Summary((ONE, ONE), CHANNEL_ID),
        Board(Report(NOW, (FINDING,), (), {"Node": 3}), Alerts((one,)), CHANNEL_ID),
    )
    for act in acts:
        message = await telling.post(act)
        assert await telling.find(act, NOW) == message
        shown = server.messages.get(str(message))
        assert shown
        parts = [*walk(shown["components"])]
        assert parts[0]["id"] == component_id(act.mark)
        assert len({part["id"] for part in parts}) == len(parts)
        text = "".join(part.get("content", "") for part in parts)
        assert not any(mark in text for mark in (ONE.id, incident.id, act.mark))
