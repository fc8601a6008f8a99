"""`/net` over the wire: every request in order, progress at Discord's pace, nothing left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.temporary import NAMESPACE
from bot.sandbox.kubelet import Kubelet
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.network import Network
from bot.sandbox.opening import find
from commands.progress import EVERY
from tests.wire import endpoints
from tests.wire.bot_process import a_cluster, control, leaked, starting
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import Answer, Interaction, until
from tests.wire.processes import Running
from tests.wire.world import OLGA, OPERATORS, VERA

PATIENCE = 120
SCENARIO = "overlay-down"


@pytest.fixture
def cluster() -> SimulatedCluster:
    return a_cluster(SCENARIO)


@pytest.fixture
async def probing(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> AsyncIterator[Running]:
    """The bot, and kubelets that run what it makes in a network whose overlay is down."""
    kubelet = Kubelet(cluster, Network(find(SCENARIO).build(datetime.now(UTC)).broken))
    running = asyncio.create_task(kubelet.run())
    image = {"MESHMEDIC_PROBE_IMAGE": "registry.example/meshmedic:1"}
    async with starting(server, cluster, tmp_path, more=image) as bot:
        await server.connected(30)
        yield bot
        bot.process.terminate()
        code, printed = await bot.ended()
        assert code == 0, printed
        assert leaked(printed) == []
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def told(handle: Interaction) -> Answer:
    """The last word: progress is edited away by the verdict."""
    await until(lambda: verdict(handle) is not None, "the verdict", PATIENCE)
    found = verdict(handle)
    assert found
    return found


def verdict(handle: Interaction) -> Answer | None:
    edits = [each for each in handle.answers if "Testing" not in each.text]
    return edits[-1] if edits else None


async def test_a_matrix_comes_with_its_picture_and_can_be_asked_again(
    server: DiscordServer, cluster: SimulatedCluster, probing: Running
) -> None:
    """Words first, the picture with words for who cannot see it; nothing is left behind."""
    answer = await told(await server.slash("net", "matrix", user=OLGA))
    assert answer.text.startswith("## ❌ Nothing gets to or from cabin-pi by pod IP")
    assert answer.files["matrix.png"].startswith(b"\x89PNG")
    (item,) = next(each["items"] for each in answer.components if each.get("items"))
    assert "cabin-pi" in item["description"]
    left = [each.name for kind in ("jobs.batch", "services") for each in cluster.in_order(kind)
            if each.namespace == NAMESPACE]  # fmt: skip
    assert left == []
    again = await server.click(answer.message, control(answer, "again"), user=OLGA)
    assert (await told(again)).text.startswith("## ❌")
    refused = await server.click(answer.message, control(answer, "again"), user=VERA)
    assert "operator role" in (await refused.answer()).text


async def test_what_the_rounds_of_the_agents_found_is_in_the_report(
    server: DiscordServer, probing: Running
) -> None:
    """Every object says that all is well."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await (await server.slash("health", "nodes", user=VERA)).answer()
            if "not read yet" not in answer.text and not answer.text.startswith("## ✅"):
                break
            await asyncio.sleep(0.5)
    assert "Nothing gets to or from cabin-pi by pod IP" in answer.text


async def test_progress_is_shown_at_once_and_not_more_often_than_discord_likes(
    server: DiscordServer, probing: Running
) -> None:
    handle = await server.slash(
        "net", "diagnose", options={"route": "nextcloud.lab.example.org"}, user=OLGA
    )
    await told(handle)
    edits = [each for each in handle.responses if each.endpoint == endpoints.EDIT_ORIGINAL]
    assert "Testing" in str(edits[0].body)
    # Begun 1.5 s apart; on a busy machine one may arrive late, but there are never more of them.
    lasted = edits[-1].at - edits[0].at
    assert len(edits) - 1 <= lasted / EVERY + 2


async def test_one_request_is_told_step_by_step(server: DiscordServer, probing: Running) -> None:
    handle = await server.slash(
        "net", "test", options={"from": "edge", "to": "nextcloud.productivity"}, user=OLGA
    )
    answer = await told(handle)
    assert "**Not tested**" in answer.text
    assert control(answer, "again") == "meshmedic:again:test:edge nextcloud.productivity"


async def test_a_tool_is_run_on_a_node_and_nothing_is_left(
    server: DiscordServer, cluster: SimulatedCluster, probing: Running
) -> None:
    asked = {"tool": "dig", "node": "edge", "target": "productivity/nextcloud"}
    answer = await told(await server.slash("net", "tool", options=asked, user=OLGA))
    assert "NOERROR" in answer.text
    assert [each for each in cluster.in_order("jobs.batch") if each.namespace == NAMESPACE] == []


async def test_no_pod_is_made_for_a_person_who_lost_the_role_after_the_click(
    server: DiscordServer, cluster: SimulatedCluster, probing: Running
) -> None:
    """The interaction carries a role that Discord takes away before the Job would be made."""
    asked = {"tool": "dig", "node": "edge", "target": "productivity/nextcloud"}
    handle = await server.slash("net", "tool", options=asked, user=VERA, roles=[OPERATORS])
    why = "You no longer have the role operator, so nothing was written."
    await until(lambda: any(why in answer.text for answer in handle.answers), why, PATIENCE)
    assert server.sent(endpoints.GUILD_MEMBER)
    made = [request.path for request in cluster.requests if request.method == "POST"]
    assert [path for path in made if NAMESPACE in path] == []
