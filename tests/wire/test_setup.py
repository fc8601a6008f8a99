"""`/setup` over the wire: a channel is chosen in Discord's own select, and the bot posts there."""

from pathlib import Path

import pytest

from tests.render.discord_markdown import read
from tests.wire import endpoints
from tests.wire.bot_process import a_cluster, starting
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import until
from tests.wire.world import ADA, CHANNEL_ID, VERA

KEPT = {"MESHMEDIC_STATE_NAMESPACE": "meshmedic"}

POSTED = 45.0
"""Seconds: a turn of the alerts is due every fifteen, give or take seven."""


@pytest.mark.slow
async def test_a_chosen_channel_gets_the_first_message_and_the_board_without_a_restart(
    server: DiscordServer, tmp_path: Path
) -> None:
    """The choice is checked with Discord, shown as the select's default, and named by /doctor.

    The next process knows it, too.
    """
    cluster = a_cluster()

    def posted() -> str:
        return str([request.body for request in server.sent(endpoints.SEND)])

    async with starting(server, cluster, tmp_path, more=KEPT):
        await server.connected(15)
        await until(lambda: server.commands, "its commands", 15)
        shown = await (await server.slash("setup", "channels", user=ADA)).answer()
        assert not posted()[2:-2]
        chosen = await server.select(
            shown.message, "meshmedic:setup:board", str(CHANNEL_ID), user=ADA
        )
        assert f"<#{CHANNEL_ID}> from now on" in (await chosen.answer()).text
        again = await (await server.slash("setup", "channels", user=ADA)).answer()
        (select,) = (part for part in again.components if part.get("default_values"))
        assert [int(channel["id"]) for channel in select["default_values"]] == [CHANNEL_ID]
        doctor = await (await server.slash("doctor", user=ADA)).answer(30)
        assert "board: #ops by /setup" in read(doctor.text).text
        await until(lambda: "meshmedic:help:welcome" in posted(), "the first message", POSTED)
        await until(lambda: len(server.sent(endpoints.SEND)) > 1, "the board", POSTED)
        refused = await server.slash("setup", "channels", user=VERA)
        assert "approver" in (await refused.answer()).text
    async with starting(server, cluster, tmp_path, more=KEPT):
        await server.connected(15, times=2)
        shown = await (await server.slash("setup", "show", user=ADA)).answer()
        assert f"MESHMEDIC_BOARD_CHANNEL={CHANNEL_ID}" in shown.text
    assert not server.problems()
