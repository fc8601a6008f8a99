"""Watches, as an API server tells them."""

import json
from typing import Any

import aiohttp
import pytest

from tests.clusters import Cluster, ask, watch
from tests.clusters.objects import CERTIFICATES, MAPS, METADATA, TABLE, a_certificate, a_map


async def event(stream: aiohttp.StreamReader) -> dict[str, Any]:
    """The next event."""
    decoded: dict[str, Any] = json.loads(await stream.readline())
    return decoded


async def told(stream: aiohttp.StreamReader, count: int) -> list[tuple[str, str]]:
    """The next events as (type, name)."""
    events = [await event(stream) for _ in range(count)]
    return [(each["type"], each["object"]["metadata"]["name"]) for each in events]


async def version(cluster: Cluster) -> str:
    """The version to watch from."""
    _, listed = await ask(cluster, MAPS)
    return str(listed["metadata"]["resourceVersion"])


async def test_a_watch_without_a_version_tells_what_there_is_first(cluster: Cluster) -> None:
    """Then each change in order."""
    await cluster.put(a_map("a"))
    async with watch(cluster, MAPS, labelSelector="!skip", fieldSelector=MINE) as stream:
        assert await told(stream, 1) == [("ADDED", "a")]
        await cluster.put(a_map("b"))
        await cluster.put(a_map("a", value="2"))
        await cluster.delete("ConfigMap", "web", "b")
        expected = [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
        assert await told(stream, 3) == expected


MINE = "metadata.name!=kube-root-ca.crt"
"""Every namespace of a real cluster has that one."""


async def test_a_watch_goes_on_from_the_version_of_a_list(cluster: Cluster) -> None:
    """Nothing is missed between the list and the watch, and nothing is told twice."""
    await cluster.put(a_map("a"))
    since = await version(cluster)
    await cluster.put(a_map("between"))
    await cluster.put(a_certificate())
    async with watch(cluster, MAPS, resourceVersion=since) as stream:
        await cluster.put(a_map("after"))
        assert await told(stream, 2) == [("ADDED", "between"), ("ADDED", "after")]


async def test_a_deletion_carries_the_last_content_and_a_new_version(cluster: Cluster) -> None:
    """A client that resumes from a deletion's version does not see it again."""
    await cluster.put(a_map("a", value="last"))
    since = await version(cluster)
    async with watch(cluster, MAPS, resourceVersion=since) as stream:
        await cluster.delete("ConfigMap", "web", "a")
        deleted = await event(stream)
    after = deleted["object"]["metadata"]["resourceVersion"]
    assert deleted["object"]["data"] == {"value": "last"}
    assert int(after) > int(since)
    async with watch(cluster, MAPS, resourceVersion=after) as later:
        await cluster.put(a_map("b"))
        assert await told(later, 1) == [("ADDED", "b")]


async def test_leaving_a_selection_is_told_as_a_deletion(cluster: Cluster) -> None:
    """A watch with a selector sees objects come and go as their labels change."""
    await cluster.put(a_map("a", app="web"), a_map("x", app="db"))
    async with watch(cluster, MAPS, labelSelector="app=web") as stream:
        assert await told(stream, 1) == [("ADDED", "a")]
        await cluster.put(a_map("a", app="db"))
        await cluster.put(a_map("x", app="web"))
        assert await told(stream, 2) == [("DELETED", "a"), ("ADDED", "x")]


async def test_a_watch_of_a_namespace_sees_no_other(cluster: Cluster) -> None:
    """Changes elsewhere are not told."""
    await cluster.put(a_map("a"))
    since = await version(cluster)
    async with watch(cluster, MAPS, resourceVersion=since) as stream:
        await cluster.put(a_map("b", "db"))
        await cluster.put(a_map("c"))
        assert await told(stream, 1) == [("ADDED", "c")]


async def test_a_bookmark_is_sent_before_the_watch_runs_out(cluster: Cluster) -> None:
    """It carries the version of what changed elsewhere, and comes only where it is allowed."""
    await cluster.put(a_map("a"))
    since = await version(cluster)
    how = {"timeoutSeconds": 5, "resourceVersion": since}
    async with (
        watch(cluster, MAPS, allowWatchBookmarks="true", **how) as stream,
        watch(cluster, MAPS, **how) as without_bookmarks,
    ):
        await cluster.put(a_map("b", "db"))
        lines = [json.loads(line) async for line in stream]
        assert await without_bookmarks.read() == b""
    assert {each["type"] for each in lines} == {"BOOKMARK"}
    marked = lines[-1]["object"]
    assert int(marked["metadata"]["resourceVersion"]) > int(since)
    assert marked["kind"] == "ConfigMap"
    assert "name" not in marked["metadata"]


async def test_a_streamed_list_ends_with_a_marked_bookmark(cluster: Cluster) -> None:
    """With sendInitialEvents a client knows when it has seen everything."""
    await cluster.put(a_map("a", app="web"))
    how = {"sendInitialEvents": "true", "allowWatchBookmarks": "true"}
    how |= {"resourceVersionMatch": "NotOlderThan", "labelSelector": "app=web"}
    async with watch(cluster, MAPS, **how) as stream:
        assert await told(stream, 1) == [("ADDED", "a")]
        end = await event(stream)
    assert end["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [(METADATA.replace("List", ""), "PartialObjectMetadata"), (TABLE, "Table")],
)
async def test_a_watch_keeps_the_form_that_was_asked_for(
    cluster: Cluster, accept: str, kind: str
) -> None:
    """Objects come as metadata or as tables."""
    await cluster.put(a_map("a", value="plain", app="web"))
    async with watch(cluster, MAPS, accept=accept, labelSelector="app=web") as stream:
        added = await event(stream)
    assert added["object"]["kind"] == kind
    assert "plain" not in str(added)


async def test_a_watch_from_before_the_history_is_told_so(cluster: Cluster) -> None:
    """ERROR with a Status of 410, then the end."""
    await cluster.put(a_map("a"))
    since = await version(cluster)
    await cluster.expire_history()
    async with watch(cluster, MAPS, resourceVersion=since) as stream:
        error = await event(stream)
        assert await stream.read() == b""
    assert (error["type"], error["object"]["code"]) == ("ERROR", 410)
    assert error["object"]["reason"] == "Expired"
    assert error["object"]["message"].startswith("too old resource version:")


async def test_after_an_expiry_a_new_list_can_be_watched_from(cluster: Cluster) -> None:
    """Nobody is locked out for good."""
    await cluster.put(a_map("a"))
    await cluster.expire_history()
    async with watch(cluster, MAPS, resourceVersion=await version(cluster)) as stream:
        await cluster.put(a_map("b"))
        assert await told(stream, 1) == [("ADDED", "b")]


async def test_a_list_at_a_version_of_the_future_is_refused(cluster: Cluster) -> None:
    """After a restore a client knows a later version than the server."""
    status, body = await ask(cluster, MAPS, resourceVersion=999_999_999)
    assert (status, body["reason"]) == (504, "Timeout")
    assert "Too large resource version: 999999999" in body["message"]


async def test_a_broken_connection_is_no_end(cluster: Cluster) -> None:
    """The client sees a broken body, not a finished one."""
    await cluster.put(a_map("a", app="web"))
    async with watch(cluster, MAPS, labelSelector="app=web") as stream:
        await event(stream)
        await cluster.cut()
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            await stream.readline()


async def test_a_watch_ends_when_its_kind_is_removed(cluster: Cluster) -> None:
    """Removing a custom resource definition closes its watches in good order."""
    async with watch(cluster, CERTIFICATES) as stream:
        await cluster.uninstall("cert-manager.io")
        assert await stream.read() == b""
