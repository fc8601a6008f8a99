"""The whole bot as its own process, over the wire: a local Discord, and a simulated cluster."""

import json
import time
from pathlib import Path

import pytest

from bot.domain.check import SCOPES
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.scenarios.hostile import FAKE_TOKEN
from tests.builders import an_object
from tests.wire import endpoints
from tests.wire.bot_process import (
    FOUND,
    control,
    health,
    offered,
    suggested,
)
from tests.wire.discord_server import DiscordServer
from tests.wire.gateway import Op
from tests.wire.interactions import Callback, until
from tests.wire.processes import Running
from tests.wire.world import SAM, VERA


async def test_it_connects_and_registers_its_commands(server: DiscordServer, bot: Running) -> None:
    """One Identify with the one intent that is needed, and every command in the one server."""
    assert [each["intents"] for each in server.gateway.frames(Op.IDENTIFY)] == [1]
    registered = {each["name"]: each for each in server.commands}
    asked = {"health", "why", "sites", "digest", "net", "traefik", "fix", "runbook", "doctor"}
    assert registered.keys() == asked | {"mute", "ack", "unmute", "help", "setup"}
    scopes = [each["name"] for each in registered["health"]["options"]]
    assert scopes == ["all", *SCOPES]
    assert len(server.sent(endpoints.SYNC)) == 1


async def test_health_is_promised_and_then_told(server: DiscordServer, bot: Running) -> None:
    """A deferred acknowledgement, then one edit with everything that is wrong."""
    handle = await server.slash("health", "all", user=VERA)
    answer = await handle.answer()
    assert handle.callback is Callback.THINKING
    assert [each.endpoint for each in handle.responses] == [
        endpoints.CALLBACK,
        endpoints.EDIT_ORIGINAL,
    ]
    assert answer.text.startswith("## ❌ 13 problems, 1 paused · ")
    assert [each for each in FOUND if each not in answer.text] == []
    assert (answer.ephemeral, answer.is_components_v2) == (False, True)


async def test_namespaces_are_suggested_as_they_are_now(
    server: DiscordServer, cluster: SimulatedCluster, bot: Running
) -> None:
    """What is typed narrows the live list, and a namespace that was just made is in it."""
    await health(server)
    assert await suggested(server, "health", "all", focused="namespace", typed="prod") == [
        "productivity"
    ]
    cluster.put(an_object("Namespace", "products", namespace=""))
    deadline = time.monotonic() + 3
    seen: list[str] = []
    while "products" not in seen and time.monotonic() < deadline:
        seen = await suggested(server, "health", "all", focused="namespace", typed="prod")
    assert seen == ["productivity", "products"]


async def test_the_select_tells_a_findings_story(server: DiscordServer, bot: Running) -> None:
    """To the one who chose, in a message of its own: the report stays as it is."""
    report = await health(server)
    chosen = await server.select(report.message, control(report, "drill"), offered(report)[1])
    story = await chosen.answer()
    assert story.text.startswith("## ❌ immich-machine-learning was killed for lack of memory")
    assert "`Pod media/immich-machine-learning-" in story.text
    assert "Loading visual model" in story.text
    assert story.ephemeral
    assert story.message != report.message


async def test_the_button_brings_the_report_as_files(server: DiscordServer, bot: Running) -> None:
    """JSON for scripts and text to read, to the one who pressed it."""
    report = await health(server)
    pressed = await server.click(report.message, control(report, "export"))
    answer = await pressed.answer()
    files = {Path(name).suffix: content for name, content in answer.files.items()}
    whole = json.loads(files[".json"])
    assert whole["schema"] == "meshmedic.dev/report/v1"
    assert whole["verdict"] == "failed"
    assert files[".txt"].startswith(b"FAILED")
    assert answer.ephemeral


async def test_why_and_runbook_answer_what_they_suggest(
    server: DiscordServer, bot: Running
) -> None:
    """A suggestion of autocomplete, sent back as the option, is understood."""
    await health(server)
    (code, *_) = await suggested(server, "why", focused="finding", typed="paperless")
    story = await (await server.slash("why", options={"finding": code})).answer()
    assert "`ExternalSecret productivity/paperless-env`" in story.text
    (name, *_) = await suggested(server, "runbook", focused="topic", typed="traefik")
    page = await (await server.slash("runbook", options={"topic": name})).answer()
    assert "traefik" in page.text.lower()


async def test_a_stranger_is_refused_in_private(server: DiscordServer, bot: Running) -> None:
    """No command, no button of somebody else's report, and no name by autocomplete."""
    report = await health(server)
    asked = await server.slash("health", "all", user=SAM)
    pressed = await server.click(report.message, control(report, "export"), user=SAM)
    for refusal in (await asked.answer(), await pressed.answer()):
        assert refusal.text.startswith("You need the viewer role for this.")
        assert refusal.ephemeral
        assert not refusal.files
    typed = await server.autocomplete("health", "all", focused="namespace", user=SAM)
    assert (await typed.answer()).choices == []


@pytest.mark.parametrize("scenario", ["hostile"])
async def test_no_secret_of_the_cluster_reaches_discord(
    server: DiscordServer, cluster: SimulatedCluster, bot: Running
) -> None:
    """A token in a log and in a status is taken out of cards, stories and files."""
    assert any(FAKE_TOKEN in text for text in cluster.logs.values())
    report = await health(server)
    told = [report]
    for code in offered(report):
        chosen = await server.select(report.message, control(report, "drill"), code)
        told.append(await chosen.answer())
    told.append(await (await server.click(report.message, control(report, "export"))).answer())
    sent = "".join(f"{each.payload} {each.files}" for each in told)
    assert "[redacted]" in sent
    assert FAKE_TOKEN not in sent


@pytest.mark.parametrize("lost", ["op 7", "close 1001"])
async def test_a_lost_connection_is_resumed(server: DiscordServer, bot: Running, lost: str) -> None:
    """Without a new Identify or registration; what was asked meanwhile and later is answered."""
    await (server.gateway.reconnect() if lost == "op 7" else server.gateway.close())
    meanwhile = await server.slash("health", "all")
    await server.resumed()
    await meanwhile.answer()
    assert "paperless-env" in (await health(server)).text
    assert len(server.gateway.frames(Op.IDENTIFY)) == 1
    assert len(server.sent(endpoints.SYNC)) == 1


async def test_a_rate_limit_is_waited_for(server: DiscordServer, bot: Running) -> None:
    """429 on the answer: it comes once, after what Discord asked for."""
    server.fail(endpoints.EDIT_ORIGINAL, retry_after=0.5)
    handle = await server.slash("health", "all")
    await handle.answer()
    refused, taken = server.sent(endpoints.EDIT_ORIGINAL)
    assert taken.at - refused.at >= 0.5
    assert len(handle.answers) == 1


async def test_a_server_error_delays_the_answer_only(server: DiscordServer, bot: Running) -> None:
    """5xx on the callback and on the answer: both are sent again."""
    faults = [
        server.fail(endpoints.CALLBACK, 500),
        server.fail(endpoints.EDIT_ORIGINAL, 503),
    ]
    assert "paperless-env" in (await health(server)).text
    assert [each.hits for each in faults] == [1, 1]


async def test_a_broken_connection_delays_the_answer_only(
    server: DiscordServer, bot: Running
) -> None:
    """An answer whose connection is reset is sent again."""
    fault = server.fail(endpoints.EDIT_ORIGINAL, reset=True)
    assert "paperless-env" in (await health(server)).text
    assert fault.hits == 1


async def test_an_acknowledgement_that_got_lost_is_sent_again(
    server: DiscordServer, bot: Running
) -> None:
    """A connection that breaks before Discord heard of it costs a moment."""
    fault = server.fail(endpoints.CALLBACK, reset=True)
    assert "paperless-env" in (await health(server)).text
    assert fault.hits == 1


async def test_a_failure_is_told_where_the_acknowledgements_reply_was_lost(
    server: DiscordServer, bot: Running
) -> None:
    """The library believes that nothing was acknowledged; Discord knows better."""
    server.fail(endpoints.CALLBACK, 502, after_effect=True)
    server.fail(endpoints.EDIT_ORIGINAL, 400)
    handle = await server.slash("health", "all")
    assert (await handle.answer()).text.startswith("Something went wrong.")


async def test_an_answer_that_cannot_be_sent_is_said(server: DiscordServer, bot: Running) -> None:
    """The person gets a number, the log has it, and the next command works."""
    server.fail(endpoints.EDIT_ORIGINAL, 400)
    said = (await health(server)).text
    assert said.startswith("Something went wrong. Search the bot's logs for error ID")
    assert "paperless-env" in (await health(server)).text
    _, printed = await bot.terminated()
    assert f"failure {said.split('`')[1]}" in printed


async def test_a_command_that_discord_drops_does_not_end_the_bot(
    server: DiscordServer, bot: Running
) -> None:
    """Neither acknowledgement, twice, nor apology arrives; the next command is answered."""
    fault = server.fail(endpoints.CALLBACK, reset=True, times=3)
    dropped = await server.slash("health", "all")
    await until(lambda: fault.hits == 3, "three resets", 5)
    assert "paperless-env" in (await health(server)).text
    assert not dropped.answers


@pytest.mark.parametrize(
    ("scenario", "head", "unseen"),
    [
        (
            "down",
            "## ❔ Can't see Node, Pod, PersistentVolumeClaim and ",
            "unreachable: Node, Pod, ",
        ),
        (
            "forbidden",
            "## ❔ No problem in what was seen · can't see Node, Certificate, background probes",
            'forbidden: Node, background probes – needs the verbs "list" and "watch" on nodes',
        ),
    ],
)
async def test_what_cannot_be_seen_is_never_healthy(
    server: DiscordServer, bot: Running, head: str, unseen: str
) -> None:
    """The API answers 500, or 403 to a part: acknowledged at once, unknown, and what is missing."""
    handle = await server.slash("health", "all")
    answer = await handle.answer()
    assert handle.ack_latency < 1
    assert answer.text.startswith(head)
    assert unseen in answer.text


async def test_an_acknowledgement_whose_reply_was_lost_still_counts(
    server: DiscordServer, bot: Running
) -> None:
    """Discord has it, and waits: the answer can be put there."""
    server.fail(endpoints.CALLBACK, 502, after_effect=True)
    handle = await server.slash("health", "all")
    assert "paperless-env" in (await handle.answer()).text


@pytest.mark.parametrize("scenario", ["down"])
async def test_why_nothing_was_seen_is_said(server: DiscordServer, bot: Running) -> None:
    """The API server's own answer stands in the report."""
    assert "The API server answered 500" in (await health(server)).text


@pytest.mark.parametrize("scenario", ["down"])
async def test_nothing_is_called_mended_that_was_not_seen(
    server: DiscordServer, bot: Running
) -> None:
    """Not seeing a finding is no proof that it is gone."""
    told = await (await server.slash("why", options={"finding": "pzcw9s2"})).answer()
    assert "it is fixed" not in told.text
