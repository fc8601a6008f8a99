import asyncio
import time

import aiohttp
import msgspec
import pytest

from bot.sandbox.kubernetes_api import Faults, SimulatedCluster, serve
from tests.sandbox.kubernetes_objects import a_certificate, a_pod, ask, names

PODS = "/api/v1/pods"
CERTIFICATES = "/apis/cert-manager.io/v1/certificates"
IMPATIENT = aiohttp.ClientTimeout(total=0.3)


async def test_a_delay_comes_before_the_answer() -> None:
    """Slowness is felt by the client, and ends when the fault is cleared."""
    cluster = SimulatedCluster()
    async with serve(cluster) as url:
        cluster.faults.delay = 0.1
        before = time.monotonic()
        await ask(url, PODS)
        assert time.monotonic() - before >= 0.1
        cluster.faults.clear()
        assert cluster.faults == Faults()


async def test_a_hanging_server_answers_nobody_and_still_stops() -> None:
    """Only the client's own time limit ends the wait; shutdown does not hang with it."""
    cluster = SimulatedCluster()
    cluster.faults.hang = True
    before = time.monotonic()
    async with serve(cluster) as url, aiohttp.ClientSession(timeout=IMPATIENT) as session:
        waiting = asyncio.create_task(ask(url, PODS))
        with pytest.raises(TimeoutError):
            await session.get(url + PODS)
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert time.monotonic() - before < 2


async def test_every_request_can_be_failed() -> None:
    """The code comes with its Status, and with Retry-After where one is set."""
    cluster = SimulatedCluster()
    cluster.faults.status, cluster.faults.retry_after = 429, 7
    async with (
        serve(cluster) as url,
        aiohttp.ClientSession() as session,
        session.get(url + "/version") as response,
    ):
        body = await response.json()
    assert response.status == 429
    assert response.headers["Retry-After"] == "7"
    assert (body["reason"], body["details"]) == ("TooManyRequests", {"retryAfterSeconds": 7})


async def test_faults_can_be_narrowed_to_a_kind_and_a_verb() -> None:
    """A watch may be answered with HTTP 410 while the same kind can still be listed."""
    cluster = SimulatedCluster([a_pod("a"), a_certificate()])
    cluster.faults.status = 410
    cluster.faults.plurals = frozenset({"pods"})
    cluster.faults.verbs = frozenset({"watch"})
    async with serve(cluster) as url:
        assert await names(url, PODS) == ["a"]
        assert await names(url, CERTIFICATES) == ["blog"]
        status, body = await ask(url, PODS, watch="true", resourceVersion="1000")
    assert (status, body["reason"]) == (410, "Expired")


async def test_a_body_can_be_cut_short() -> None:
    """The client is promised more bytes than it gets."""
    cluster = SimulatedCluster([a_pod("a")])
    cluster.faults.truncate = True
    async with serve(cluster) as url, aiohttp.ClientSession() as session:
        async with session.get(url + PODS) as response:
            assert response.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()
        async with session.get(url + PODS, params={"watch": "true"}) as response:
            half = await response.content.readany()
            assert half.startswith(b'{"type":"ADDED"')
            assert b"\n" not in half
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()


async def test_a_new_watch_can_be_half_open() -> None:
    """Not even headers arrive, and clearing the fault does not heal the connection."""
    cluster = SimulatedCluster([a_pod("a")])
    cluster.faults.silent_watches = True
    async with serve(cluster) as url, aiohttp.ClientSession(timeout=IMPATIENT) as session:
        waiting = asyncio.create_task(session.get(url + PODS, params={"watch": "true"}))
        await asyncio.sleep(0.05)
        cluster.faults.clear()
        with pytest.raises(TimeoutError):
            await waiting
        assert await names(url, PODS) == ["a"]


async def test_an_open_watch_can_fall_silent() -> None:
    """Changes are not told any more, and the connection stays open."""
    cluster = SimulatedCluster([a_pod("a")])
    timeout = aiohttp.ClientTimeout(total=None, sock_read=0.2)
    async with (
        serve(cluster) as url,
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url + PODS, params={"watch": "true"}) as response,
    ):
        await response.content.readline()
        cluster.faults.silent_watches = True
        cluster.put(a_pod("b"))
        with pytest.raises(TimeoutError):
            await response.content.readline()


async def test_large_lists_are_fast() -> None:
    """10,000 pods are rendered beforehand: a whole list and all pages take well under seconds.

    The limit is generous because it is about the order of magnitude, not about the machine.
    """
    cluster = SimulatedCluster(
        {**a_pod(f"p{number}"), "filler": "x" * 6000} for number in range(10_000)
    )
    async with serve(cluster) as url, aiohttp.ClientSession() as session:
        before = time.monotonic()
        async with session.get(url + PODS) as response:
            assert len(await response.read()) > 60_000_000
        seen, token = 0, ""
        while seen < 10_000:
            query = {"limit": "500", "continue": token}
            async with session.get(url + PODS, params=query) as response:
                page = msgspec.json.decode(await response.read())
            seen += len(page["items"])
            token = page["metadata"].get("continue", "")
        assert time.monotonic() - before < 5
