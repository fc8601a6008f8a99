"""The local Discord keeps its promises to the real client."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from tests.wire import endpoints, world
from tests.wire.discord_server import DiscordServer
from tests.wire.gateway import GOING_AWAY, Op
from tests.wire.interactions import Callback, until
from tests.wire.pointing import Pointed
from tests.wire.stand_in import StandIn
from tests.wire.world import ADA, APPROVERS, VERA, VIEWERS


@pytest.fixture
async def bot(careless_server: DiscordServer, pointed: Pointed) -> AsyncIterator[StandIn]:
    client = StandIn(connector=pointed.connector())
    running = asyncio.create_task(client.start(world.TOKEN))
    await careless_server.connected()
    yield client
    await client.close()
    await running


async def test_the_client_connects_and_registers(server: DiscordServer, bot: StandIn) -> None:
    """Login, Identify with the wanted intents, the server with its channel and roles, sync."""
    await until(lambda: bot.get_channel(world.CHANNEL_ID), "the channel", 2)
    guild = bot.get_guild(world.GUILD_ID)
    assert guild
    assert guild.get_role(APPROVERS)
    assert [each["intents"] for each in server.gateway.frames(Op.IDENTIFY)] == [1]
    assert server.gateway.frames(Op.HEARTBEAT)
    assert [each["name"] for each in server.commands] == ["health"]


async def test_a_command_is_acknowledged_and_answered(server: DiscordServer, bot: StandIn) -> None:
    """Subcommand, options, user and roles arrive; callback, followup and file come back."""
    handle = await server.slash("health", "all", options={"namespace": "apps"}, user=VERA)
    await handle.acknowledged()
    answer = await handle.answer()
    assert handle.callback is Callback.THINKING
    assert 0 < handle.ack_latency < 1
    assert answer.text == "apps for vera (@everyone, viewers)"
    assert answer.files == {"report.json": b'{"verdict": "healthy"}'}
    assert (answer.ephemeral, answer.is_components_v2) == (False, True)
    assert answer.custom_ids == ["choose", "again:0"]
    assert [each.endpoint for each in handle.responses] == [endpoints.CALLBACK, endpoints.FOLLOWUP]


async def test_the_first_followup_is_as_private_as_its_promise(
    server: DiscordServer, bot: StandIn
) -> None:
    """A private promise stays private, and roles are those that the test gives."""
    handle = await server.slash("health", "all", options={"private": 1}, user=ADA, roles=[VIEWERS])
    answer = await handle.answer()
    assert answer.ephemeral
    assert answer.text == "everything for ada (@everyone, viewers)"


async def test_an_immediate_answer_is_the_acknowledgement(
    server: DiscordServer, bot: StandIn
) -> None:
    """The callback itself carries the message."""
    handle = await server.slash("health", "quick")
    answer = await handle.answer()
    assert (handle.callback, answer.text) == (Callback.MESSAGE, "at once")
    assert answer.request is await handle.acknowledged()


async def test_autocomplete_brings_choices(server: DiscordServer, bot: StandIn) -> None:
    """What is typed reaches the bot, and its choices come back."""
    handle = await server.autocomplete("health", "all", focused="namespace", typed="system")
    answer = await handle.answer()
    assert [each["value"] for each in answer.choices] == ["flux-system", "kube-system"]


async def test_buttons_and_selects_change_their_message(
    server: DiscordServer, bot: StandIn
) -> None:
    """A click edits the original after a promise; a choice updates it at once."""
    first = await (await server.slash("health", "quick")).answer()
    pressed = await server.click(first.message, "again:0")
    assert (await pressed.answer()).text == "asked 1 times"
    chosen = await server.select(first.message, "choose", "apps")
    answer = await chosen.answer()
    assert (chosen.callback, answer.text) == (Callback.UPDATE, "chose apps")
    assert answer.message == first.message


async def test_what_nobody_could_do_is_refused(server: DiscordServer, bot: StandIn) -> None:
    """A test cannot send what Discord's own client would not let a person send."""
    message = (await (await server.slash("health", "quick")).answer()).message
    for wrong in (
        server.slash("wealth"),
        server.slash("health"),
        server.slash("health", "all", options={"color": "red"}),
        server.click(message, "gone"),
        server.select(message, "choose", "elsewhere"),
    ):
        with pytest.raises(AssertionError):
            await wrong


async def test_op_7_is_resumed_without_a_new_identify(server: DiscordServer, bot: StandIn) -> None:
    """The client comes back to its session, and hears what happened meanwhile."""
    await server.gateway.reconnect()
    handle = await server.slash("health", "quick")
    await server.resumed()
    assert (await handle.answer()).text == "at once"
    assert len(server.gateway.frames(Op.IDENTIFY)) == 1


async def test_close_1001_is_resumed_without_a_new_identify(
    server: DiscordServer, bot: StandIn
) -> None:
    """The same after the server went away."""
    await server.gateway.close(GOING_AWAY)
    await server.resumed()
    assert (await (await server.slash("health", "quick")).answer()).text == "at once"
    assert len(server.gateway.frames(Op.IDENTIFY)) == 1


async def test_an_invalid_session_is_identified_anew(server: DiscordServer, bot: StandIn) -> None:
    """Op 9 ends the session, and a new one begins."""
    await server.gateway.invalidate()
    await server.connected(times=2, seconds=15)
    assert (await (await server.slash("health", "quick")).answer()).text == "at once"


async def test_heartbeats_go_on(careless_server: DiscordServer, pointed: Pointed) -> None:
    """The client beats in the interval that Hello names, and measures the acknowledgement."""
    careless_server.gateway.heartbeat_interval = 0.05
    client = StandIn(connector=pointed.connector())
    running = asyncio.create_task(client.start(world.TOKEN))
    beats = careless_server.gateway.frames
    await until(lambda: len(beats(Op.HEARTBEAT)) > 3, "heartbeats", 2)
    assert client.latency < 1
    await client.close()
    await running


async def test_a_refused_token_ends_the_client(
    careless_server: DiscordServer, pointed: Pointed
) -> None:
    """401 at login, and 4004 at Identify, are not tried again."""
    client = StandIn(connector=pointed.connector())
    with pytest.raises(discord.LoginFailure):
        await client.start("another.token")
    await client.close()
    client = StandIn(connector=pointed.connector())
    careless_server.gateway.close_identify_with = 4004
    with pytest.raises(discord.ConnectionClosed) as refused:
        await client.start(world.TOKEN)
    assert refused.value.code == 4004
    await client.close()
    assert len(careless_server.gateway.frames(Op.IDENTIFY)) == 1


async def test_a_rate_limit_is_waited_for(server: DiscordServer, bot: StandIn) -> None:
    """429 with its `Via` is obeyed by a channel message and by an interaction's answer."""
    server.fail(endpoints.SEND, retry_after=0.2)
    server.fail(endpoints.FOLLOWUP, retry_after=0.2)
    before = time.monotonic()
    await bot.say("hello")
    assert time.monotonic() - before >= 0.2
    assert len(server.sent(endpoints.SEND)) == 2
    await (await server.slash("health", "all")).answer()
    assert len(server.sent(endpoints.FOLLOWUP)) == 2


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_failed_callback_is_sent_again(
    server: DiscordServer, bot: StandIn, status: int
) -> None:
    """The library repeats an interaction's callback after any 5xx, one second later."""
    fault = server.fail(endpoints.CALLBACK, status)
    handle = await server.slash("health", "quick")
    assert (await handle.answer()).text == "at once"
    assert fault.hits == 1
    assert handle.ack_latency >= 1


async def test_a_lost_reply_leads_to_a_second_acknowledgement(
    server: DiscordServer, bot: StandIn
) -> None:
    """The first callback counted although its reply was lost: the repeated one gets 40060."""
    server.fail(endpoints.CALLBACK, 502, after_effect=True)
    handle = await server.slash("health", "quick")
    await handle.acknowledged()
    await until(lambda: bot.failures, "the bot's failure", 3)
    failure = bot.failures[0]
    assert isinstance(failure, discord.HTTPException)
    assert failure.code == 40060
    assert len(handle.responses) == 1


async def test_a_connection_can_be_reset(server: DiscordServer, bot: StandIn) -> None:
    """The client sees a broken connection once, without a repetition; the next request works."""
    server.fail(endpoints.SEND, reset=True)
    with pytest.raises((OSError, aiohttp.ClientError)):
        await bot.say("lost")
    assert server.messages.newest_first() == []
    await bot.say("found")
    assert [each["content"] for each in server.messages.newest_first()] == ["found"]


async def test_a_nonce_is_remembered(server: DiscordServer, bot: StandIn) -> None:
    """A message that took effect though its reply was lost is not doubled by a repetition."""
    server.fail(endpoints.SEND, reset=True, after_effect=True)
    with pytest.raises((OSError, aiohttp.ClientError)):
        await bot.say("once", nonce=7)
    again = await bot.say("once", nonce=7)
    assert [each["id"] for each in server.messages.newest_first()] == [str(again.id)]


async def test_a_late_acknowledgement_is_unknown(server: DiscordServer, bot: StandIn) -> None:
    """Discord's three seconds, shortened: a callback after them gets 10062."""
    server.rest.acknowledge_within = 0.05
    handle = await server.slash("health", "quick", options={"seconds": 0.1})
    await until(lambda: bot.failures, "the bot's failure", 3)
    failure = bot.failures[0]
    assert isinstance(failure, discord.NotFound)
    assert failure.code == 10062
    assert not handle.responses


async def test_a_delay_is_felt(server: DiscordServer, bot: StandIn) -> None:
    """A slow Discord answers truly, later."""
    server.fail(endpoints.SEND, delay=0.1)
    before = time.monotonic()
    await bot.say("slowly")
    assert time.monotonic() - before >= 0.1


async def test_the_bots_own_token_edits_public_messages_only(
    server: DiscordServer, bot: StandIn
) -> None:
    """How long jobs answer after the interaction's token ended, and why not privately."""
    answers = [
        await (await server.slash("health", "all", options={"private": private})).answer()
        for private in (0, 1)
    ]
    channel = bot.get_partial_messageable(world.CHANNEL_ID)
    public, private = (int((each.message or {})["id"]) for each in answers)
    await channel.get_partial_message(public).edit(content="edited", view=None)
    with pytest.raises(discord.NotFound):
        await channel.get_partial_message(private).edit(content="edited", view=None)
    assert [each["content"] for each in server.messages.newest_first()] == ["edited"]


async def test_a_bad_request_is_noticed(careless_server: DiscordServer, bot: StandIn) -> None:
    """What the bot really sent is judged, and the problem names the request."""
    handle = await careless_server.slash("health", "careless")
    await handle.acknowledged()
    (problem,) = careless_server.problems()
    assert problem.startswith(f"POST /interactions/{handle.id}/")
    assert "only an empty parse is safe" in problem


async def test_an_unknown_request_is_noticed(careless_server: DiscordServer, bot: StandIn) -> None:
    """A request that this server cannot answer fails the test by name, not by a riddle."""
    with pytest.raises(discord.NotFound):
        await bot.fetch_guild_preview(world.GUILD_ID)
    assert "GET /guilds" in careless_server.problems()[0]
