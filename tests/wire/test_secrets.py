"""Secrets that the process holds itself reach nobody in a chat, whoever brings them there."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.domain.redaction.known import forms_of
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.builders import a_pod
from tests.wire.bot_process import KUBERNETES_TOKEN, control, health, leaked, offered, starting
from tests.wire.discord_server import DiscordServer
from tests.wire.processes import Running
from tests.wire.world import TOKEN

HELD = (TOKEN, KUBERNETES_TOKEN)


def seen(told: str) -> list[str]:
    """The forms of the process's secrets that stand in a text."""
    return [form for secret in HELD for form in forms_of(secret) if form in told]


@pytest.fixture
def cluster() -> SimulatedCluster:
    """A pod whose owner printed both tokens into its status and its log."""
    said = " ".join(f"{each} {base64.b64encode(f'u:{each}'.encode()).decode()}" for each in HELD)
    pod = a_pod("teller", waiting="CrashLoopBackOff")
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = said
    made = SimulatedCluster([pod], token=KUBERNETES_TOKEN)
    made.logs["apps", "teller", "main", False] = f"starting\n{said}".replace(" ", "\n")
    return made


async def test_a_report_its_story_and_its_files_hold_neither_token(
    server: DiscordServer, bot: Running
) -> None:
    """Brought there by a pod: in plain and in base64."""
    report = await health(server)
    story = await (
        await server.select(report.message, control(report, "drill"), offered(report)[0])
    ).answer()
    files = await (await server.click(report.message, control(report, "export"))).answer()
    told = "".join(f"{each.payload} {each.files}" for each in (report, story, files))
    assert "starting" in story.text
    assert "[redacted]" in told
    assert seen(told) == []


@pytest.mark.parametrize("typed", [TOKEN, quote(f"x/{TOKEN}?"), f"a {KUBERNETES_TOKEN} b"])
async def test_what_a_person_types_is_not_repeated_where_it_is_a_token(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, typed: str
) -> None:
    """The reply quotes what was asked for; neither it nor the log shows this."""
    more = {"MESHMEDIC_LOG_LEVEL": "debug"}
    async with starting(server, cluster, tmp_path, more=more) as bot:
        await server.connected(15)
        reply = await (await server.slash("why", options={"finding": typed})).answer()
        _, printed = await bot.terminated()
    assert "No finding matches" in reply.text
    assert seen(f"{reply.payload}") == []
    assert leaked(printed) == []
