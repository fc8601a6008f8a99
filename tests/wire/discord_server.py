"""A local Discord over TLS, gateway and REST on one port, for the real client to talk to.

A test injects interactions and faults, and reads what the bot sent:

    handle = await server.slash("health", "all", options={"namespace": "apps"}, user=VERA)
    answer = await handle.answer()
    await server.click(answer.message, answer.custom_ids[0], user=VERA)
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web

from tests.wire import events, faults, world
from tests.wire.faults import Fault, Faults
from tests.wire.gateway import Gateway
from tests.wire.interactions import Asked, Interaction, until
from tests.wire.messages import Messages
from tests.wire.recording import API, Endpoint, Request, record
from tests.wire.replying import NOT_FOUND, UNAUTHORIZED, Reply, limits, response, spoiled
from tests.wire.rest import Rest
from tests.wire.validation import problems
from tests.wire.world import VERA, Json, Person

OWN_TOKEN = ("{webhook_token}", "{interaction_token}")
"""Where the token in the path is enough, and the bot's is not sent along."""

HOST = "127.0.0.1"
"""A number: the name localhost may mean two addresses, with a port each."""


class DiscordServer:
    """One made-up Discord. `requests` and `gateway.received` hold all that bots sent."""

    def __init__(self, ca_file: Path) -> None:
        ids = world.fresh_ids()
        self.ca_file = ca_file
        self.token = world.TOKEN
        self.requests: list[Request] = []
        self.unknown: list[Request] = []
        self.messages = Messages(ids)
        self.rest = Rest(ids, self.messages)
        self.gateway = Gateway(lambda: self.token)
        self.rest_base = ""
        self._ids = ids
        self._faults = Faults([])

    @property
    def commands(self) -> list[Json]:
        """What the bot registered last."""
        return self.rest.commands

    def fail(
        self,
        endpoint: Endpoint,
        status: int | None = None,
        *,
        retry_after: float = 0.0,
        everywhere: bool = False,
        reset: bool = False,
        delay: float = 0.0,
        after_effect: bool = False,
        times: int = 1,
    ) -> Fault:
        """Spoil the next `times` requests to an endpoint.

        `retry_after` means 429 (`everywhere`: the global limit), `reset` a connection reset,
        `delay` seconds before the request is looked at. `after_effect`: only the reply is lost.
        """
        code = status or (faults.TOO_MANY if retry_after else None)
        return self._faults.add(
            Fault(endpoint, code, retry_after, everywhere, reset, delay, after_effect, times)
        )

    async def connected(self, seconds: float = 5.0, *, times: int = 1) -> None:
        """Wait until so many Identifies were welcomed."""
        await until(lambda: self.gateway.greeted >= times, f"{times} Identify", seconds)

    async def resumed(self, seconds: float = 5.0, *, times: int = 1) -> None:
        """Wait until so many sessions were resumed."""
        await until(lambda: self.gateway.resumed >= times, f"{times} Resume", seconds)

    async def slash(
        self,
        *path: str,
        options: Mapping[str, Any] | None = None,
        user: Person = VERA,
        roles: Sequence[int] | None = None,
    ) -> Interaction:
        """Somebody runs a command; `roles` in place of those that the person has."""
        data = events.command(self.commands, path, options or {})
        return await self._inject(Asked.COMMAND, data, user, roles)

    async def autocomplete(
        self,
        *path: str,
        focused: str,
        typed: str = "",
        options: Mapping[str, Any] | None = None,
        user: Person = VERA,
        roles: Sequence[int] | None = None,
    ) -> Interaction:
        """Somebody types into one option."""
        given = {**(options or {}), focused: typed}
        data = events.command(self.commands, path, given, focused)
        return await self._inject(Asked.AUTOCOMPLETE, data, user, roles)

    async def click(
        self,
        message: Json | None,
        custom_id: str,
        *,
        user: Person = VERA,
        roles: Sequence[int] | None = None,
    ) -> Interaction:
        """Somebody presses a button."""
        assert message, "there is no message to click on"
        data = events.component(message, custom_id)
        return await self._inject(Asked.COMPONENT, data, user, roles, message)

    async def select(
        self,
        message: Json | None,
        custom_id: str,
        *values: str,
        user: Person = VERA,
        roles: Sequence[int] | None = None,
    ) -> Interaction:
        """Somebody chooses in a select."""
        assert message, "there is no message to choose on"
        data = events.component(message, custom_id, values)
        return await self._inject(Asked.COMPONENT, data, user, roles, message)

    def sent(self, endpoint: Endpoint) -> list[Request]:
        """All requests to one endpoint, those that met a fault too."""
        return [each for each in self.requests if each.endpoint == endpoint]

    def problems(self) -> list[str]:
        """What Discord would refuse or drop, of all that was sent."""
        unknown = [f"{each}: this server does not know it" for each in self.unknown]
        return unknown + [problem for each in self.requests for problem in problems(each)]

    async def _inject(
        self,
        asked: Asked,
        data: Json,
        user: Person,
        roles: Sequence[int] | None,
        message: Json | None = None,
    ) -> Interaction:
        made = events.interaction(asked, next(self._ids), data, user, roles)
        if message:
            made.event["message"] = message
            made.original = message["id"]
        self.rest.interactions[made.token] = made
        made.sent_at = time.monotonic()
        await self.gateway.dispatch("INTERACTION_CREATE", made.event)
        return made

    def application(self) -> web.Application:
        """Both halves as one web application."""
        made = web.Application(client_max_size=64 * 1024 * 1024)
        made.router.add_get("/", self.gateway.serve)
        for endpoint, answer in self.rest.routes().items():
            made.router.add_route(
                endpoint.method, API + endpoint.path, self._handler(endpoint, answer)
            )
        made.router.add_route("*", "/{anything:.*}", self._not_known)
        return made

    def _handler(
        self, endpoint: Endpoint, answer: Callable[[Request], Reply]
    ) -> Callable[[web.Request], Any]:
        async def handle(received: web.Request) -> web.Response:
            request = await record(received, endpoint)
            self.requests.append(request)
            fault = self._faults.take(endpoint)
            if fault:
                await asyncio.sleep(fault.delay)
            if not self._authorized(request):
                return response(UNAUTHORIZED)
            if not fault or not fault.spoils:
                return response(answer(request), limits(endpoint))
            if fault.after_effect:
                answer(request)
            return spoiled(fault, received)

        return handle

    async def _not_known(self, received: web.Request) -> web.Response:
        self.unknown.append(await record(received))
        return response(NOT_FOUND)

    def _authorized(self, request: Request) -> bool:
        if request.endpoint and any(each in request.endpoint.path for each in OWN_TOKEN):
            return True
        return request.headers.get("Authorization") == f"Bot {self.token}"


@asynccontextmanager
async def serve(folder: Path, host: str = HOST) -> AsyncIterator[DiscordServer]:
    """Run a Discord on a free port of this address; its CA's certificate goes to `folder`."""
    ca = trustme.CA()
    server = DiscordServer(folder / "discord-ca.pem")
    ca.cert_pem.write_to_path(str(server.ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(host).configure_cert(context)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, host, 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    server.rest_base = f"https://{host}:{port}{API}"
    server.gateway.url = server.rest.gateway_url = f"wss://{host}:{port}/"
    try:
        yield server
    finally:
        await server.gateway.close()
        await runner.cleanup()
