"""When the process is alive, and when it is ready."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.app.probes import LEASE_NEVER_KEPT, NO_LEASE, Probes
from bot.chat.client import Client
from bot.domain.authorization import Roles
from bot.domain.election import Timing
from bot.errors import ClusterError, DiscordRefusal, Forbidden, Unreachable
from bot.kube.cache import WatchCache
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.lease import Elector, taking_part
from bot.kube.reflector import WatchTiming
from bot.runtime.scheduler import Schedule
from bot.runtime.tasks import log_failure
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.builders import a_pod

HASTY = Timing(duration=4, renew=3.0, retry=0.1, request=0.8)
QUICK = WatchTiming(first_delay=0.01, longest_delay=0.05)


class Breaking(Api):
    """An API reader with a bug of ours: it breaks at the kinds that are named."""

    def __init__(self, api: Api, *plurals: str) -> None:
        super().__init__(api.transport)
        self._plurals = plurals

    async def get(self, path: str, *arguments: Any, **options: Any) -> bytes:
        if path.endswith(self._plurals):
            msg = "a bug"
            raise TypeError(msg)
        return await super().get(path, *arguments, **options)


@dataclass
class Body:
    probes: Probes
    cache: WatchCache
    lost: list[str]


class WithoutLeases(Api):
    """An API reader to which requests for Leases fail."""

    def __init__(self, api: Api, error: Exception) -> None:
        super().__init__(api.transport)
        self.error: Exception | None = error

    async def get(self, path: str, *arguments: Any, **options: Any) -> bytes:
        if "/leases" in path and self.error:
            raise self.error
        return await super().get(path, *arguments, **options)


async def a_body(api: Api, elector: Elector | None = None) -> Body:
    cache = WatchCache(api, timing=QUICK)
    client = Client(Roles(), 1)
    lost: list[str] = []
    return Body(Probes(client, cache, Schedule(), lambda: lost, elector), cache, lost)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serve(SimulatedCluster([a_pod()])) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, None)
        async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
            yield api


async def until_ailing(probes: Probes) -> None:
    async with asyncio.timeout(10):
        while True:
            if probes.liveness_problems():
                return
            await asyncio.sleep(0.01)


async def until_problems_are(probes: Probes, *wanted: str) -> None:
    async with asyncio.timeout(10):
        while True:
            if probes.readiness_problems() == wanted:
                return
            await asyncio.sleep(0.01)


async def until_tried(cache: WatchCache) -> None:
    async with asyncio.timeout(10):
        await cache.snapshot(())


async def test_before_the_start_it_is_alive_and_not_ready(api: Api):
    """Nothing has died that has not begun."""
    body = await a_body(api)
    assert body.probes.liveness_problems() == ()
    assert body.probes.readiness_problems() == (
        "There is no Discord session yet.",
        "The watches have not been tried yet.",
    )


async def test_it_is_ready_with_a_session_and_watches_that_were_tried(api: Api):
    """And no more when the session is lost; alive all the time."""
    body = await a_body(api)
    await body.cache.start()
    await until_tried(body.cache)
    await body.probes.client.on_ready()
    assert body.probes.readiness_problems() == ()
    await body.probes.client.on_disconnect()
    (problem,) = body.probes.readiness_problems()
    assert problem.startswith("Discord's session broke at ")
    await body.probes.client.on_resumed()
    assert body.probes.readiness_problems() == ()
    assert body.probes.client.reconnects == 1
    await body.cache.close()
    assert body.probes.liveness_problems() == ()


async def test_a_watch_that_dies_of_a_bug_is_told_and_logged(
    api: Api, caplog: pytest.LogCaptureFixture
):
    """It would be stale for ever, and nobody would know: only a restart helps."""
    body = await a_body(Breaking(api, "/pods"))
    with caplog.at_level(logging.ERROR):
        await body.cache.start()
        await until_ailing(body.probes)
        for _ in range(100):
            if "TypeError: a bug" in caplog.text:
                break
            await asyncio.sleep(0.1)
    assert body.probes.liveness_problems() == ("The watch of pods has ended.",)
    assert "The watch of pods has ended." in body.probes.readiness_problems()
    assert "TypeError: a bug" in caplog.text
    await body.cache.close()


async def test_discovery_that_dies_of_a_bug_is_told(api: Api):
    """Without it no kind is watched."""
    body = await a_body(Breaking(api, "/apis"))
    await body.cache.start()
    await until_ailing(body.probes)
    assert body.probes.liveness_problems() == ("The discovery has ended.",)
    await body.cache.close()


async def test_a_schedule_that_ended_by_itself_is_told(api: Api):
    """One that was stopped is none."""
    body = await a_body(api)
    schedule = body.probes.schedule
    schedule.start()
    assert body.probes.liveness_problems() == ()
    schedule._scheduler.shutdown(wait=False)
    await asyncio.sleep(0)
    assert body.probes.liveness_problems() == ("The schedule has ended.",)
    schedule.stop()
    assert body.probes.liveness_problems() == ()


async def test_what_else_ended_by_itself_is_told(api: Api):
    """The election, for one: without it nobody would ever act again."""
    body = await a_body(api)
    body.lost.append("election")
    assert body.probes.liveness_problems() == ("The election has ended.",)


@dataclass
class Connection:
    """What the library keeps of its connection to the gateway."""

    open: bool
    _keep_alive: threading.Thread


async def test_an_open_session_that_nobody_keeps_alive_is_told(api: Api):
    """Only a restart helps where the heartbeat died and the library did not notice."""
    body = await a_body(api)
    await body.probes.client.on_ready()
    body.probes.client.ws = Connection(True, threading.Thread())  # type: ignore[assignment]
    assert body.probes.liveness_problems() == ("The gateway's heartbeat has ended.",)


async def test_ready_that_is_said_after_the_connection_broke_is_no_session(api: Api):
    """The library says it late; an outage that follows must not look like a dead heartbeat."""
    body = await a_body(api)
    await body.probes.client.on_disconnect()
    body.probes.client.ws = Connection(False, threading.Thread())  # type: ignore[assignment]
    await body.probes.client.on_ready()
    assert body.probes.liveness_problems() == ()
    assert "There is no Discord session yet." in body.probes.readiness_problems()


async def test_it_is_not_ready_where_the_cluster_was_never_read(tmp_path: Path):
    """Connected to Discord, and of no use: the reason is said beside the others."""
    write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9", None)
    async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
        body = await a_body(api)
        await body.probes.client.on_ready()
        await body.cache.start()
        await until_tried(body.cache)
        reason = "The bot has not reached the API server yet: Connection refused."
        assert body.probes.readiness_problems() == (reason,)
        assert body.probes.liveness_problems() == ()
        await body.cache.close()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ClusterError("It answers with 503."), LEASE_NEVER_KEPT),
        (Unreachable("It does not answer."), LEASE_NEVER_KEPT),
        (TimeoutError(), LEASE_NEVER_KEPT),
        (Forbidden("It may not."), NO_LEASE),
    ],
)
async def test_it_is_not_ready_while_its_lease_was_never_kept(
    api: Api, error: Exception, reason: str
):
    """It would never act, however well the rest of the cluster is read; later it can."""
    failing = WithoutLeases(api, error)
    elector = Elector(failing, namespace="meshmedic", timing=HASTY)
    body = await a_body(api, elector)
    await body.cache.start()
    await until_tried(body.cache)
    await body.probes.client.on_ready()
    async with taking_part(elector):
        await until_problems_are(body.probes, reason)
        failing.error = None
        await until_problems_are(body.probes)
    await body.cache.close()


async def test_a_refusal_that_closed_the_session_is_told_and_no_break(api: Api):
    """The library tells the break after the refusal was noted."""
    client = (await a_body(api)).probes.client
    await client.on_ready()
    client.note_no_session("The token is refused.")
    await client.on_disconnect()
    assert client.no_session == "The token is refused."
    await client.on_ready()
    await client.on_disconnect()
    assert client.no_session.startswith("Discord's session broke at ")


async def test_only_refused_commands_are_told_as_a_wrong_server(monkeypatch: pytest.MonkeyPatch):
    """What else Discord refuses of a login has other reasons."""
    client = Client(Roles(), 1)
    answer: Any = SimpleNamespace(status=403, reason="Forbidden")

    async def refused(**_: Any) -> Any:
        raise discord.Forbidden(answer, "Missing Access")

    monkeypatch.setattr(client.tree, "sync", refused)
    with pytest.raises(DiscordRefusal, match="MESHMEDIC_GUILD_ID"):
        await client.register()


async def test_a_task_that_ends_by_a_bug_is_logged_at_once(caplog: pytest.LogCaptureFixture):
    """The process holds the task, so asyncio would say it only at the end."""

    async def bug() -> None:
        raise TypeError

    task = asyncio.create_task(bug(), name="readiness")
    task.add_done_callback(log_failure)
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert "the readiness has ended" in caplog.text
