"""A digest over the wire, by the real client: sent, found again, and renewed in place."""

from datetime import UTC, date, datetime
from typing import Any

import discord
import pytest

from bot.core.digest.digest import compose
from bot.core.digest.schedule import carried, nonce
from bot.core.digest.standing import Standing
from bot.core.finding import Finding, Ref
from bot.core.report import Report
from bot.core.verdict import Verdict
from bot.mailing import Mailing
from bot.postbox import Letter
from commands.digest import button
from tests.wire import endpoints
from tests.wire.discord_server import DiscordServer
from tests.wire.world import CHANNEL_ID

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAY = date(2026, 3, 1)
FINDING = Finding(
    check="pods",
    subject=Ref("Pod", "apps", "web"),
    verdict=Verdict.FAILED,
    reason="CrashLoopBackOff",
    message="@everyone it crashes",
)
NO_HEALTH: Any = None


@pytest.fixture
def mailing(client: discord.Client) -> Mailing:
    health_now = button.button(NO_HEALTH)
    return Mailing(lambda: client, lambda given: button.rows(health_now, given))


def a_letter() -> Letter:
    report = Report(NOW, (FINDING,), (), {"Pod": 1}, ("pods",))
    digest = compose("daily", report, Standing(), None)
    marks = {"carried": carried("daily", DAY), "nonce": nonce("daily", DAY)}
    return Letter(digest, b"\x89PNG", "Health of the last days.", **marks)


async def test_a_digest_is_sent_once_found_and_renewed(server: DiscordServer, mailing: Mailing):
    """Its picture and its file stay what they are while its time is edited."""
    sent = await mailing.send(CHANNEL_ID, a_letter())
    assert isinstance(sent, int)
    assert await mailing.send(CHANNEL_ID, a_letter()) == sent, "the nonce makes them one"
    assert await mailing.find(CHANNEL_ID, carried("daily", DAY)) == sent
    for day in (2, 3):
        assert await mailing.renew(CHANNEL_ID, sent, NOW.replace(day=day)) is True
        kept = server.messages.get(str(sent))
        assert kept is not None
        assert {each["filename"] for each in kept["attachments"]} == {"health.png", "digest.txt"}
        assert str(kept["components"]).count("nothing new since") == 1
    edited = [each.body for each in server.requests if each.endpoint == endpoints.EDIT_MESSAGE]
    assert "attachment://health.png" in str(edited)
    assert "attachment://digest.txt" in str(edited)
    assert await mailing.renew(CHANNEL_ID, sent + 1, NOW) is False
