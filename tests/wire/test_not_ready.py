"""What a pod that cannot work says: by `/readyz`, its last log line and an Event on itself.

It goes on trying, and no restart is asked for.
"""

import asyncio
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.builders import a_pod
from tests.certificates import FAULTS, issue
from tests.wire import endpoints
from tests.wire.bot_process import KUBERNETES_TOKEN, leaked, settings_of, starting
from tests.wire.discord_server import DiscordServer
from tests.wire.gateway import Op
from tests.wire.interactions import until
from tests.wire.launcher import STRICT
from tests.wire.processes import Running, started
from tests.wire.scraping import NO, OK, Probed, free_port
from tests.wire.world import TOKEN

PLACE = "meshmedic"
WRONG = "a.wrong-token.of-yesterday"
TOKEN_REFUSED = "Discord refuses the token in MESHMEDIC_DISCORD_TOKEN. Make a new one"
TOLD = 12.0
"""Seconds until a reason that lasts is told."""


@pytest.fixture
def probed() -> Probed:
    return Probed(free_port())


@pytest.fixture
def cluster() -> SimulatedCluster:
    """In which the bot's process is a pod."""
    return SimulatedCluster([a_pod(socket.gethostname(), namespace=PLACE)], token=KUBERNETES_TOKEN)


def in_a_pod(probed: Probed, folder: Path | None = None) -> dict[str, str]:
    """Settings as deploy/ has them; the token is in a file of `folder`, as in a mounted Secret."""
    settings = probed.settings | {
        "MESHMEDIC_STATE_NAMESPACE": PLACE,
        "MESHMEDIC_LOG_FORMAT": "json",
    }
    if folder:
        settings |= {"MESHMEDIC_SECRETS_DIR": str(folder), "MESHMEDIC_DISCORD_TOKEN": ""}
    return settings


def mounted(folder: Path, token: str) -> Path:
    """A folder of a Secret with this token."""
    folder.mkdir(exist_ok=True)
    (folder / "meshmedic_discord_token").write_text(token)
    return folder


def events(cluster: SimulatedCluster) -> list[Mapping[str, Any]]:
    """The Events on the bot's own pod, in their order."""
    pod = cluster.get("Pod", PLACE, socket.gethostname())
    assert pod is not None
    stored = sorted(cluster.in_order("events"), key=lambda event: event.version)
    bodies = [event.plain() for event in stored]
    uid = pod["metadata"]["uid"]
    return [body for body in bodies if body["involvedObject"].get("uid") == uid]


def last_line(printed: str) -> Mapping[str, Any]:
    """The last line about readiness before the end was asked for, if any; others log meanwhile."""
    lines = [json.loads(line) for line in printed.splitlines()]
    end = next(n for n, line in enumerate(lines) if line["message"] == "asked to stop")
    told = [line for line in lines[:end] if line["logger"] == "bot.app.readiness"]
    return told[-1] if told else {}


async def stopped(bot: Running, *more: str) -> Mapping[str, Any]:
    """End it in good order; the last line of its log about readiness. No secret was told."""
    assert bot.process.returncode is None
    code, printed = await bot.terminated()
    assert code == 0, printed
    assert leaked(printed + "".join(more)) == []
    assert WRONG not in printed + "".join(more)
    return last_line(printed)


async def test_a_refused_token_is_told_and_the_next_one_is_taken_without_a_restart(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """One attempt, then silence towards Discord, until the Secret holds another token."""
    secret = mounted(tmp_path / "secret", WRONG)
    async with starting(server, cluster, tmp_path, more=in_a_pod(probed, secret)) as bot:
        said = await probed.becomes("/readyz", NO, TOKEN_REFUSED)
        assert "It is tried again at " in said
        await until(lambda: events(cluster), "an Event", TOLD)
        assert await probed.get("/healthz") == (OK, "ok\n")
        assert [each.endpoint for each in server.requests] == [endpoints.ME]
        (event,) = events(cluster)
        assert (event["type"], event["reason"]) == ("Warning", "NotReady")
        assert event["message"].startswith(f"Not ready. {TOKEN_REFUSED}")
        mounted(secret, TOKEN)
        assert await probed.becomes("/readyz", OK) == "ok\n"
        await until(lambda: len(events(cluster)) == 2, "the other Event", TOLD)
        assert events(cluster)[1]["reason"] == "Ready"
        assert len(server.sent(endpoints.ME)) == 2
        last = await stopped(bot, said, str(events(cluster)))
    assert last["message"] == "Ready."


async def test_the_last_line_of_the_log_says_why(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """In one line, at the level of errors."""
    secret = mounted(tmp_path / "secret", WRONG)
    async with starting(server, cluster, tmp_path, more=in_a_pod(probed, secret)) as bot:
        await until(lambda: events(cluster), "an Event", 2 * TOLD)
        last = await stopped(bot)
    assert last["level"] == "ERROR"
    assert last["message"].startswith(f"Not ready. {TOKEN_REFUSED}")


async def test_a_gateway_that_refuses_the_token_is_not_asked_again_at_once(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """4004 at Identify, after a login that worked. The cluster is watched on meanwhile."""
    server.gateway.close_identify_with = 4004
    secret = mounted(tmp_path / "secret", TOKEN)
    async with starting(server, cluster, tmp_path, more=in_a_pod(probed, secret)) as bot:
        await probed.becomes("/readyz", NO, TOKEN_REFUSED)
        await asyncio.sleep(3)
        assert len(server.gateway.frames(Op.IDENTIFY)) == 1
        assert await probed.get("/healthz") == (OK, "ok\n")
        assert (await probed.metrics())['meshmedic_watch_state{resource="pods",state="live"}'] == 1
        server.token = "another.right.token"
        mounted(secret, server.token)
        assert await probed.becomes("/readyz", OK) == "ok\n"
        answer = await (await server.slash("health", "all")).answer()
        await stopped(bot)
    assert answer.text.startswith("## ✅ All healthy: 1 of 1 pods")


async def test_a_token_that_is_taken_away_later_is_told_and_the_next_one_is_taken(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """Somebody resets it in Discord's portal while the bot is connected."""
    secret = mounted(tmp_path / "secret", TOKEN)
    async with starting(server, cluster, tmp_path, more=in_a_pod(probed, secret)) as bot:
        await probed.becomes("/readyz", OK)
        server.token = "another.right.token"
        await server.gateway.close(4004)
        await probed.becomes("/readyz", NO, TOKEN_REFUSED)
        assert await probed.get("/healthz") == (OK, "ok\n")
        mounted(secret, server.token)
        assert await probed.becomes("/readyz", OK) == "ok\n"
        await stopped(bot)


async def test_a_server_that_the_bot_is_not_in_is_told(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """403 at the registration of commands: asked once, and what to do about it."""
    server.fail(endpoints.SYNC, 403)
    async with starting(server, cluster, tmp_path, more=in_a_pod(probed)) as bot:
        said = await probed.becomes("/readyz", NO, "MESHMEDIC_GUILD_ID: Discord does not let")
        assert "It is tried again at " in said
        await asyncio.sleep(2)
        assert await probed.get("/healthz") == (OK, "ok\n")
        assert len(server.sent(endpoints.SYNC)) == 1
        await stopped(bot, said)


async def test_alone_it_tells_the_same_of_a_server_that_it_is_not_in(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """A process without a Lease registers its commands at the login."""
    server.fail(endpoints.SYNC, 403)
    more = probed.settings | {"MESHMEDIC_LOG_FORMAT": "json"}
    async with starting(server, cluster, tmp_path, more=more) as bot:
        await probed.becomes("/readyz", NO, "MESHMEDIC_GUILD_ID: Discord does not let")
        assert len(server.sent(endpoints.SYNC)) == 1
        await stopped(bot)


async def test_an_api_server_where_nothing_listens_and_a_refused_token_are_both_named(
    server: DiscordServer, tmp_path: Path, probed: Probed
) -> None:
    """A line each; no Event can be recorded, and nothing ends."""
    secret = mounted(tmp_path / "secret", WRONG)
    kubeconfig = tmp_path / "kubeconfig"
    write_kubeconfig(kubeconfig, f"http://127.0.0.1:{free_port()}", KUBERNETES_TOKEN)
    settings = settings_of(kubeconfig) | in_a_pod(probed, secret)
    async with started(server, "run", environment=settings) as bot:
        said = await probed.becomes("/readyz", NO, TOKEN_REFUSED)
        await asyncio.sleep(TOLD)
        said = (await probed.get("/readyz"))[1]
        assert (
            said.splitlines()[1]
            == "The bot has not reached the API server yet: Connection refused."
        )
        assert await probed.get("/healthz") == (OK, "ok\n")
        last = await stopped(bot, said)
    assert last["level"] == "ERROR"
    assert TOKEN_REFUSED in last["message"]
    assert "The bot has not reached the API server yet: Connection refused." in last["message"]


@pytest.mark.parametrize("missing", FAULTS)
async def test_a_ca_that_python_3_13_refuses_is_named_with_what_to_do(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed, missing: str
) -> None:
    """Over real TLS, by a Python that verifies as the image's does; Discord's side is well."""
    ca, context = issue(tmp_path, missing)
    kubeconfig = tmp_path / "kubeconfig"
    async with serve(cluster, ssl=context) as url:
        write_kubeconfig(kubeconfig, url, KUBERNETES_TOKEN, ca=ca)
        settings = settings_of(kubeconfig) | in_a_pod(probed) | {STRICT: "1"}
        async with started(server, "run", environment=settings) as bot:
            await server.connected(30)
            said = await probed.becomes(
                "/readyz", NO, "The bot has not reached the API server yet: its cert"
            )
            assert f"its certificate is not trusted ({FAULTS[missing]}). Python 3.13" in said
            assert "Renew the cluster's CA with keyUsage" in said
            await asyncio.sleep(TOLD)
            last = await stopped(bot, said)
    assert FAULTS[missing] in last["message"]


async def test_a_lease_that_may_not_be_kept_is_told(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """It is connected and sees the cluster, and would never act."""
    cluster.forbid("create", "leases", "coordination.k8s.io")
    async with starting(server, cluster, tmp_path, more=in_a_pod(probed)) as bot:
        await server.connected(30)
        await probed.becomes("/readyz", NO, "The bot may not keep its Lease")
        await stopped(bot)


async def test_an_outage_of_the_api_server_later_leaves_it_ready_and_says_so(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, probed: Probed
) -> None:
    """By the body of `/readyz` and by the log; then it is well again."""
    async with starting(server, cluster, tmp_path, more=in_a_pod(probed)) as bot:
        await probed.becomes("/readyz", OK, "ok")
        cluster.faults.status = 500
        cluster.drop_connections()
        said = await probed.becomes("/readyz", OK, "degraded: The API server was last heard of at ")
        assert said.endswith(" Answers say how old they are.\n")
        await asyncio.sleep(TOLD)
        last = await stopped(bot, said)
    assert last["level"] == "WARNING"
    assert last["message"].startswith("Ready. The API server was last heard of at ")
