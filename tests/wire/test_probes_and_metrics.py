"""What the whole process tells a kubelet and Prometheus, while things go well and wrong."""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.health.checks import CHECKS
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.opening import find
from bot.sandbox.scenarios.hostile import FAKE_TOKEN
from tests.runtime.strangers import MANY, rush
from tests.wire import endpoints
from tests.wire.bot_process import health, leaked, starting
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import until
from tests.wire.scraping import NO, OK, Probed, free_port
from tests.wire.world import SAM

CONFIG_FAILED = 3


@pytest.fixture
def probed() -> Probed:
    return Probed(free_port())


async def test_it_is_ready_once_discord_welcomed_it_and_the_watches_were_tried(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """Before, it says what it lacks, a line each; alive it is all the time."""
    server.fail(endpoints.SYNC, delay=2)
    cluster.faults.delay = 0.5
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        lacks = await probed.becomes("/readyz", NO)
        assert lacks == "There is no Discord session yet.\nThe watches have not been tried yet.\n"
        assert await probed.get("/healthz") == (OK, "ok\n")
        assert await probed.becomes("/readyz", OK) == "ok\n"
        assert server.gateway.connections == 1
        code, printed = await bot.terminated()
    assert code == 0, printed


async def test_it_is_alive_and_not_ready_while_discord_is_away(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """A restart would bring nobody back."""
    server.fail(endpoints.ME, 503, times=100)
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await probed.becomes("/healthz", OK)
        await asyncio.sleep(1)
        assert await probed.get("/healthz") == (OK, "ok\n")
        status, said = await probed.get("/readyz")
        assert status == NO
        assert said.startswith("Discord cannot be reached: it answers with status 503. It is tried")
        assert (await probed.metrics())["meshmedic_discord_connected"] == 0
        code, printed = await bot.terminated()
    assert code == 0, printed


async def test_the_kubelet_keeps_its_room_while_strangers_come(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """The setting says where it comes from; its request comes some time after its connection."""
    more = {**probed.settings, "MESHMEDIC_NODE_ADDRESSES": "10.0.0.7,127.7.0.9"}
    async with starting(server, cluster, tmp_path, more=more):
        await probed.becomes("/healthz", OK)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", probed.port, local_addr=("127.7.0.9", 0)
        )
        async with rush(probed.port, 100, b"", *MANY):
            await asyncio.sleep(0.5)  # until all of them were accepted
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await asyncio.wait_for(reader.read(), 10)).endswith(b"ok\n")
        writer.close()


async def test_it_is_alive_while_the_api_server_hangs(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """And answers at once; it is not ready as long as nothing was tried to the end."""
    cluster.faults.hang = True
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await probed.becomes("/readyz", NO, "The watches")
        for _ in range(10):
            asked = time.monotonic()
            assert await probed.get("/healthz") == (OK, "ok\n")
            assert time.monotonic() - asked < 0.5
            await asyncio.sleep(0.1)
        assert await probed.get("/readyz") == (NO, "The watches have not been tried yet.\n")
        code, printed = await bot.terminated()
    assert code == 0, printed


@pytest.mark.parametrize("away", ["refused", "silent"])
async def test_a_gateway_that_is_away_at_the_start_is_waited_for(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed, away: str
) -> None:
    """Logged in, but never connected: no restart would help, and none is made."""
    server.gateway.away = away
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await until(lambda: server.gateway.turned_away >= 2, "two attempts", 30)
        assert await probed.get("/healthz") == (OK, "ok\n")
        await probed.becomes("/readyz", NO, "Discord's gateway cannot be reached: ")
        assert (await probed.metrics())["meshmedic_discord_connected"] == 0
        server.gateway.away = None
        assert await probed.becomes("/readyz", OK, seconds=30) == "ok\n"
        assert await probed.get("/healthz") == (OK, "ok\n")
        code, printed = await bot.terminated()
    assert code == 0, printed


async def test_an_outage_of_discord_is_said_and_is_no_reason_for_a_restart(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """The connection is lost and does not come back for a while; then it does."""
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await probed.becomes("/readyz", OK)
        server.gateway.away = "refused"
        await server.gateway.close()
        for _ in range(20):
            assert await probed.get("/healthz") == (OK, "ok\n")
            await asyncio.sleep(0.1)
        assert (await probed.get("/readyz"))[1].startswith("Discord's session broke at ")
        server.gateway.away = None
        assert await probed.becomes("/readyz", OK, seconds=30) == "ok\n"
        code, printed = await bot.terminated()
    assert code == 0, printed


async def test_it_is_not_ready_until_something_was_read_of_the_cluster(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """An answer that it sees nothing at all helps nobody; what is wrong is said here."""
    cluster.faults.status = 500
    never = "The bot can't read anything from the cluster: the API server answers with errors.\n"
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await server.connected(15)
        await probed.becomes("/readyz", NO, never)
        assert await probed.get("/healthz") == (OK, "ok\n")
        cluster.faults.clear()
        assert await probed.becomes("/readyz", OK) == "ok\n"
        code, printed = await bot.terminated()
    assert code == 0, printed


async def test_it_is_not_ready_while_the_api_server_refuses_its_token(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """What to do is said, and the token is not."""
    cluster.token, right = "another", cluster.token
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await server.connected(15)
        said = await probed.becomes("/readyz", NO, "The API server refuses")
        assert "Check the token of its service account" in said
        cluster.token = right
        assert await probed.becomes("/readyz", OK) == "ok\n"
        code, printed = await bot.terminated()
    assert code == 0, printed
    assert leaked(said + printed) == []


async def test_the_metrics_tell_what_happened(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """Commands by outcome, acknowledgements, checks, watches, the gateway, the process."""
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await probed.becomes("/readyz", OK)
        await health(server)
        await (await server.slash("health", "pods")).answer()
        await (await server.slash("health", "all", user=SAM)).answer()
        await (await server.slash("why", options={"finding": "nothing"})).answer()
        server.fail(endpoints.EDIT_ORIGINAL, 400)
        await health(server)
        await (await server.autocomplete("health", "all", focused="namespace")).answer()
        await server.gateway.reconnect()
        await server.resumed()
        await health(server)
        told = await probed.metrics()
        code, printed = await bot.terminated()
    assert code == 0, printed
    commands = {
        title.removeprefix("meshmedic_commands_total"): value
        for title, value in told.items()
        if title.startswith("meshmedic_commands_total")
    }
    assert commands == {
        '{command="health all",outcome="answered"}': 2,
        '{command="health all",outcome="refused"}': 1,
        '{command="health all",outcome="failed"}': 1,
        '{command="health pods",outcome="answered"}': 1,
        '{command="why",outcome="explained"}': 1,
        '{command="autocomplete",outcome="answered"}': 1,
    }
    assert told['meshmedic_command_duration_seconds_count{command="health all"}'] == 4
    assert told["meshmedic_acknowledgement_duration_seconds_count"] == 6
    assert told['meshmedic_acknowledgement_duration_seconds_bucket{le="1.0"}'] == 6
    for check in CHECKS:
        # Once more where events explained what the first look had found.
        assert told[f'meshmedic_check_duration_seconds_count{{check="{check.name}"}}'] in (5, 6)
    assert told['meshmedic_watch_state{resource="pods",state="live"}'] == 1
    assert told['meshmedic_watch_state{resource="pods",state="stale"}'] == 0
    assert 0 <= told['meshmedic_watch_age_seconds{resource="pods"}'] < 15
    assert told['meshmedic_watch_lists_total{resource="pods"}'] == 1
    assert told['meshmedic_watch_relists_total{resource="pods"}'] == 0
    assert told['meshmedic_watch_objects{resource="pods"}'] > 10
    assert told["meshmedic_discord_connected"] == 1
    assert told["meshmedic_discord_reconnects_total"] == 1
    assert told["meshmedic_discord_latency_seconds"] < 5
    assert told["meshmedic_leader"] == 1
    assert told['meshmedic_findings{check="routes-ingressroute",verdict="failed"}'] >= 0
    assert abs(time.time() - told["meshmedic_report_timestamp_seconds"]) < 30
    assert told["process_resident_memory_bytes"] > 10_000_000


async def test_a_lost_watch_is_seen_in_its_state_and_age(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """Stale, older by the second, and not in the way of being alive and ready."""
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await probed.becomes("/readyz", OK)
        cluster.faults.status = 500
        cluster.drop_connections()
        await probed.shows('meshmedic_watch_state{resource="pods",state="stale"}', 1)
        await asyncio.sleep(1.1)
        told = await probed.metrics()
        assert told['meshmedic_watch_age_seconds{resource="pods"}'] > 1
        assert await probed.get("/healthz") == (OK, "ok\n")
        status, said = await probed.get("/readyz")
        assert status == OK
        assert said.startswith("degraded: The API server was last heard of at ")
        code, printed = await bot.terminated()
    assert code == 0, printed


@pytest.mark.parametrize("scenario", ["hostile"])
async def test_no_page_and_no_log_holds_a_secret_or_an_objects_name(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """In each format that is asked for, and with everything logged as JSON."""
    more = probed.settings | {"MESHMEDIC_LOG_LEVEL": "debug", "MESHMEDIC_LOG_FORMAT": "json"}
    objects = find("hostile").build(datetime.now(UTC)).objects
    names = {each["metadata"]["name"] for each in objects if each["kind"] == "Pod"}
    async with starting(server, cluster, tmp_path, more=more) as bot:
        pages = [await probed.becomes("/readyz", NO), await probed.becomes("/readyz", OK)]
        await health(server)
        for accept in ("text/plain", "application/openmetrics-text; version=1.0.0"):
            pages += [(await probed.get("/metrics", accept))[1]]
        assert pages[-1].endswith("# EOF\n")
        pages += [
            (await probed.get(path))[1] for path in ("/healthz", "/", "/metrics/../x?token=a")
        ]
        code, printed = await bot.terminated()
    assert code == 0, printed
    assert names
    assert all(json.loads(line)["level"] for line in printed.splitlines())
    whole = "".join(pages)
    assert [name for name in names if name in whole] == []
    assert leaked(whole + printed) == []
    assert FAKE_TOKEN not in whole


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_port_that_is_taken_ends_it_with_advice(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed, form: str
) -> None:
    """Before Discord or the cluster is asked anything; the last words have the log's form."""
    more = probed.settings | {"MESHMEDIC_LOG_FORMAT": form}
    other = await asyncio.start_server(lambda *_: None, "0.0.0.0", probed.port)  # noqa: S104
    async with other, starting(server, cluster, tmp_path, more=more) as bot:
        code, printed = await bot.ended()
    assert code == CONFIG_FAILED
    last = printed.splitlines()[-1]
    said = json.loads(last)["message"] if form == "json" else last.removeprefix("meshmedic: ")
    assert said == (
        f"MESHMEDIC_HTTP_PORT: cannot listen on port {probed.port}: another process "
        "listens there. Stop it, or choose another port, or 0 for none."
    )
    assert server.requests == []


async def test_a_client_that_hangs_holds_up_neither_answers_nor_the_end(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """Half a request, and a connection that is kept open."""
    async with starting(server, cluster, tmp_path, more=probed.settings) as bot:
        await probed.becomes("/readyz", OK)
        _, half = await asyncio.open_connection("127.0.0.1", probed.port)
        half.write(b"GET /metrics HTTP/1.1\r\nHost:")
        reader, kept = await asyncio.open_connection("127.0.0.1", probed.port)
        kept.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert await probed.get("/healthz") == (OK, "ok\n")
        asked = time.monotonic()
        code, printed = await bot.terminated()
        half.close()
        kept.close()
    assert code == 0, printed
    assert time.monotonic() - asked < 5
