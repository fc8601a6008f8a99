"""The simulated API refuses writes as a real API server does: one table, two servers."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster, serve
from tests.cluster.control_plane import ControlPlane
from tests.refusals import CONFIG_MAPS, REFUSED, STANDING, Write, a_config_map, answer


@pytest.fixture
async def real_session(plane: ControlPlane) -> AsyncIterator[aiohttp.ClientSession]:
    """Requests to the real server."""
    context = ssl.create_default_context(cadata=plane.authority.cert_pem.bytes().decode())
    headers = {"Authorization": f"Bearer {plane.token}"}
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        yield session


async def told(session: aiohttp.ClientSession, url: str, write: Write) -> dict[str, Any]:
    """A refusal, once the objects that it is about stand there; made anew they conflict."""
    for path, each in STANDING:
        async with session.post(url + path, json=each) as response:
            assert response.status in (201, 409)
    status, body = await answer(session, url, write)
    assert status == body["code"]
    shown = {key: body.get(key) for key in ("code", "reason")}
    words = {key: body.get(key) for key in ("message", "details")}
    return shown | (words if write.same_words else {})


@pytest.mark.parametrize("write", REFUSED, ids=lambda write: write.title)
async def test_both_refuse_in_the_same_words(
    plane: ControlPlane, real_session: aiohttp.ClientSession, write: Write
) -> None:
    """Code, reason, message and details, but for what only Go's decoder can say."""
    async with serve(SimulatedCluster()) as url, aiohttp.ClientSession() as session:
        real, simulated = await asyncio.gather(
            told(real_session, plane.url, write), told(session, url, write)
        )
    assert simulated == real


@pytest.mark.parametrize("server", ["real", "simulated"])
async def test_of_a_deletion_with_a_body_the_query_says_nothing(
    plane: ControlPlane, real_session: aiohttp.ClientSession, server: str
) -> None:
    """A dry run is asked for in the body; beside it, the object is deleted."""
    async with serve(SimulatedCluster()) as url, aiohttp.ClientSession() as session:
        ours = {"real": (plane.url, real_session), "simulated": (url, session)}
        base, asking = ours[server]
        found = [await _left(asking, base, *each) for each in DELETIONS]
    assert found == [True, True, False]


DELETIONS = (
    ("?dryRun=All", None),
    ("", {"dryRun": ["All"]}),
    ("?dryRun=All", {"propagationPolicy": "Background"}),
)


async def _left(
    session: aiohttp.ClientSession, base: str, query: str, body: dict[str, Any] | None
) -> bool:
    """Whether an object is there still after such a deletion."""
    path = f"{base}{CONFIG_MAPS}/deleted"
    async with session.post(f"{base}{CONFIG_MAPS}", json=a_config_map("deleted")) as response:
        assert response.status in (201, 409)
    async with session.delete(f"{path}{query}", json=body) as response:
        assert response.status == 200
    async with session.get(path) as response:
        return response.status == 200
