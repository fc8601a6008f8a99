import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from kubernetes.aio import client, watch

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, without
from tests.sandbox.kubernetes_objects import (
    METADATA,
    TABLE,
    a_certificate,
    a_pod,
    ask,
    the_real_client,
)

PODS = "/api/v1/pods"
SOON = aiohttp.ClientTimeout(total=5)


@asynccontextmanager
async def watching(
    url: str, path: str = PODS, *, accept: str = "*/*", **query: str | int
) -> AsyncIterator[aiohttp.StreamReader]:
    """The body of a raw watch."""
    async with (
        aiohttp.ClientSession(timeout=SOON) as session,
        session.get(
            url + path, params={"watch": "true", **query}, headers={"Accept": accept}
        ) as response,
    ):
        assert response.status == 200
        yield response.content


async def event(stream: aiohttp.StreamReader) -> dict[str, Any]:
    """The next event."""
    decoded: dict[str, Any] = json.loads(await stream.readline())
    return decoded


async def told(stream: aiohttp.StreamReader, count: int) -> list[tuple[str, str]]:
    """The next events as (type, name)."""
    events = [await event(stream) for _ in range(count)]
    return [(each["type"], each["object"]["metadata"]["name"]) for each in events]


async def test_the_real_client_watches() -> None:
    """Its typed watch sees what exists, and then each change in order."""
    cluster = SimulatedCluster([a_pod("a")])
    seen = []
    async with the_real_client(cluster) as api, watch.Watch() as stream:
        core = client.CoreV1Api(api)
        async for each in stream.stream(core.list_pod_for_all_namespaces, timeout_seconds=5):
            seen.append((each["type"], each["object"].metadata.name))
            match len(seen):
                case 1:
                    cluster.put(a_pod("b"))
                    cluster.put(a_pod("a", node="n2"))
                case 3:
                    cluster.delete("Pod", "web", "b")
                case 4:
                    break
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


async def test_a_bookmark_is_sent_where_it_is_allowed() -> None:
    """It carries the version alone, and comes again before the watch runs out."""
    cluster = SimulatedCluster()
    async with (
        serve(cluster) as url,
        watching(url, allowWatchBookmarks="true", timeoutSeconds=1, resourceVersion=1000) as stream,
        watching(url, timeoutSeconds=1, resourceVersion=1000) as without_bookmarks,
    ):
        cluster.put(a_certificate())
        cluster.bookmark()
        first = await event(stream)
        await asyncio.sleep(0.9)
        last = await event(stream)
        assert await stream.read() == b""
        assert await without_bookmarks.read() == b""
    assert (first["type"], last["type"]) == ("BOOKMARK", "BOOKMARK")
    assert first["object"]["metadata"]["resourceVersion"] == str(cluster.version)
    assert first["object"]["kind"] == "Pod"


@pytest.mark.parametrize(
    ("accept", "kind"), [(METADATA, "PartialObjectMetadata"), (TABLE, "Table")]
)
async def test_a_watch_keeps_the_form_that_was_asked_for(accept: str, kind: str) -> None:
    """Objects and bookmarks come as metadata or as tables."""
    cluster = SimulatedCluster([a_pod("a")])
    async with (
        serve(cluster) as url,
        watching(url, accept=accept, allowWatchBookmarks="true") as stream,
    ):
        added = await event(stream)
        cluster.bookmark()
        bookmark = await event(stream)
    assert added["object"]["kind"] == bookmark["object"]["kind"] == kind
    assert "nginx" not in str(added)


async def test_a_watch_from_before_the_history_is_told_so() -> None:
    """A bounded history forgets: ERROR with a Status of 410, then the end."""
    cluster = SimulatedCluster(history=3)
    for number in range(5):
        cluster.put(a_pod(f"p{number}"))
    async with serve(cluster) as url:
        async with watching(url, resourceVersion=1001) as stream:
            error = await event(stream)
            assert await stream.read() == b""
        async with watching(url, resourceVersion=1002) as stream:
            assert await told(stream, 3) == [("ADDED", f"p{n}") for n in (2, 3, 4)]
    assert (error["type"], error["object"]["code"]) == ("ERROR", 410)
    assert error["object"]["reason"] == "Expired"
    assert error["object"]["message"] == "too old resource version: 1001 (1002)"


async def test_expired_history_ends_open_watches_and_refuses_old_ones() -> None:
    """Everybody must list again, whether connected at the moment or not."""
    cluster = SimulatedCluster([a_pod("a")])
    async with serve(cluster) as url:
        version = str(cluster.version)
        async with watching(url, resourceVersion=version) as stream:
            cluster.expire_history()
            assert (await event(stream))["object"]["code"] == 410
        async with watching(url, resourceVersion=version) as stream:
            assert (await event(stream))["object"]["code"] == 410
        _, listed = await ask(url, PODS)
        again = listed["metadata"]["resourceVersion"]
        async with watching(url, resourceVersion=again) as stream:
            cluster.put(a_pod("b"))
            assert await told(stream, 1) == [("ADDED", "b")]


async def test_a_version_of_the_future_is_refused() -> None:
    """After a restore a client knows a later version than the server."""
    async with serve(SimulatedCluster()) as url:
        for query in ({}, {"watch": "true"}):
            status, body = await ask(url, PODS, resourceVersion=99999, **query)
            assert (status, body["reason"]) == (504, "Timeout")
            assert "Too large resource version: 99999" in body["message"]


async def test_dropped_connections_end_without_an_end() -> None:
    """The client sees a broken body, not a finished one; the server forgets the watch."""
    cluster = SimulatedCluster([a_pod("a")])
    async with serve(cluster) as url, watching(url) as stream:
        await event(stream)
        assert cluster.open_watches == 1
        cluster.drop_connections()
        with pytest.raises(aiohttp.ClientError):
            await stream.readline()
        assert cluster.open_watches == 0


async def test_a_watch_ends_when_its_kind_is_removed() -> None:
    """Removing a custom resource definition closes its watches in good order."""
    cluster = SimulatedCluster()
    path = "/apis/cert-manager.io/v1/certificates"
    async with serve(cluster) as url, watching(url, path) as stream:
        cluster.served = without("cert-manager.io")
        assert await stream.read() == b""


async def test_a_client_that_leaves_is_forgotten_at_once() -> None:
    """An idle watch does not stay behind until its next event."""
    cluster = SimulatedCluster()
    async with serve(cluster) as url:
        async with watching(url):
            assert cluster.open_watches == 1
        await asyncio.sleep(0.05)
        assert cluster.open_watches == 0


async def test_the_server_stops_quickly_and_comes_back_on_its_port() -> None:
    """An outage can be played: open watches break, and the same address answers later."""
    cluster = SimulatedCluster([a_pod("a")])
    async with serve(cluster) as url:
        port = int(url.rpartition(":")[2])
        before = time.monotonic()
        stay = asyncio.create_task(_watch_until_broken(url))
        await asyncio.sleep(0.05)
    assert time.monotonic() - before < 2
    assert await stay
    async with serve(cluster, port=port) as again:
        assert again == url
        status, _ = await ask(again, PODS)
        assert status == 200


async def _watch_until_broken(url: str) -> bool:
    try:
        async with watching(url) as stream:
            while await stream.readline():
                pass
    except aiohttp.ClientError:
        pass
    return True
