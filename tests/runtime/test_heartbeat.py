"""The pings of the dead man's switch, over real sockets."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.runtime.heartbeat import MOST, Heartbeat

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "f3b1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d"


@dataclass
class Service:
    """The other side: it notes what is asked, and gives one answer."""

    url: str = ""
    status: int = 200
    body: bytes = b"OK"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[Service]:
    made = web.Application()
    made.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(made, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/push/{SECRET}?status=up"
    try:
        yield service
    finally:
        await runner.cleanup()


def a_heartbeat(url: str, seconds: float = 5.0) -> Heartbeat:
    return Heartbeat(SecretStr(url), clock=lambda: NOW, seconds=seconds)


async def test_a_ping_is_one_get_of_the_whole_address() -> None:
    """As healthchecks.io and Uptime Kuma want it; each ping that was taken is counted."""
    async with serving(Service(body=b'{"ok":true}')) as service:
        counted: list[datetime] = []
        heartbeat = a_heartbeat(service.url)
        heartbeat.on_ping = counted.append
        await heartbeat.ping()
    assert service.asked == [f"GET /api/push/{SECRET}?status=up"]
    assert counted == [NOW]
    assert heartbeat.facts(leads=True).pinged == NOW
    assert not heartbeat.facts(leads=True).trouble


@pytest.mark.parametrize("status", [201, 202, 204])
async def test_any_status_of_success_takes_the_ping(status: int) -> None:
    """A server of the owner's own may answer that it has nothing to say."""
    async with serving(Service(status=status, body=b"")) as service:
        heartbeat = a_heartbeat(service.url)
        await heartbeat.ping()
    assert heartbeat.facts(leads=True).pinged == NOW


@pytest.mark.parametrize(
    ("service", "says"),
    [
        (Service(status=404, body=b'{"ok":false}'), "answered with status 404"),
        (Service(status=302, headers={"Location": "/elsewhere"}), "answered with status 302"),
        (Service(body=b"OK (not found)"), "doesn't know this check"),
        (Service(delay=2.0), "does not answer in time"),
    ],
)
async def test_what_the_other_side_does_not_take_is_no_ping(service: Service, says: str) -> None:
    """It follows no redirect, and doesn't believe a 200 for a check that doesn't exist."""
    async with serving(service):
        heartbeat = a_heartbeat(service.url, seconds=0.3)
        await heartbeat.ping()
    facts = heartbeat.facts(leads=True)
    assert says in facts.trouble
    assert facts.pinged is None
    assert len(service.asked) == 1


async def test_an_endless_answer_is_not_read() -> None:
    async with serving(Service(body=b"x" * (50 * MOST))) as service:
        heartbeat = a_heartbeat(service.url)
        await heartbeat.ping()
    assert heartbeat.facts(leads=True).pinged == NOW


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:1/{SECRET}",
        f"https://127.0.0.1:1/{SECRET}",
        f"http://nowhere.invalid/{SECRET}",
        f"http://[{SECRET}/",
    ],
)
async def test_no_error_and_no_log_line_shows_the_address(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Anyone who knows it can keep the alarm silent."""
    caplog.set_level(logging.DEBUG)
    heartbeat = a_heartbeat(url)
    await heartbeat.ping()
    said = heartbeat.facts(leads=True).trouble + caplog.text + repr(heartbeat)
    assert heartbeat.facts(leads=True).trouble
    assert SECRET not in said
    assert "127.0.0.1" not in said
    assert "nowhere.invalid" not in said


async def test_a_trouble_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving(Service(status=500)) as service:
        heartbeat = a_heartbeat(service.url)
        await heartbeat.ping()
        await heartbeat.ping()
        service.status = 200
        await heartbeat.ping()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
