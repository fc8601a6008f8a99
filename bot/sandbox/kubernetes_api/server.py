"""The HTTP server: records each request, applies faults and access, and passes it on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from ssl import SSLContext

import msgspec
from aiohttp import hdrs, web

from bot.sandbox.kubernetes_api import discovery
from bot.sandbox.kubernetes_api.admission import admit
from bot.sandbox.kubernetes_api.exchange import Exchange, json_response, sever
from bot.sandbox.kubernetes_api.reading import get, listing
from bot.sandbox.kubernetes_api.reviews import review
from bot.sandbox.kubernetes_api.routes import RouteTarget, target
from bot.sandbox.kubernetes_api.served import REVIEWS, Resource
from bot.sandbox.kubernetes_api.status import ApiError, PageNotFoundError
from bot.sandbox.kubernetes_api.store import Asked, SimulatedCluster
from bot.sandbox.kubernetes_api.watching import watching
from bot.sandbox.kubernetes_api.writing import create, delete, patch, update

_PATIENCE = 0.05
"""Seconds that open requests get at shutdown; a watch would go on for half an hour."""

LARGEST_BODY = 3 * 1024 * 1024
"""Bytes of a request. Source: apiserver, `MaxRequestBodyBytes`."""

Answer = Callable[[Exchange], Awaitable[web.StreamResponse]]


ANSWERS: Mapping[str, Answer] = {
    "get": get,
    "list": listing,
    "watch": watching,
    "create": create,
    "update": update,
    "patch": patch,
    "delete": delete,
}
"""How each verb is answered."""


@asynccontextmanager
async def serve(
    cluster: SimulatedCluster,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ssl: SSLContext | None = None,
) -> AsyncIterator[str]:
    """Serve `cluster` and give the base URL; port 0 takes a free one.

    On leaving, open watches and hanging requests are cut off, and the port is free again.
    """
    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{path:.*}", partial(_handle, cluster))
    # A watch whose client has left must end at once, not at its next event.
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=_PATIENCE
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=ssl).start()
        taken = runner.addresses[0][1]
        yield f"{'https' if ssl else 'http'}://{host}:{taken}"
    finally:
        await runner.cleanup()


async def _handle(cluster: SimulatedCluster, request: web.Request) -> web.StreamResponse:
    """Any request: failures become their answers here."""
    headers = {k: v for k, v in request.headers.items() if k != hdrs.AUTHORIZATION}
    cluster.requests.append(
        Asked(time.monotonic(), request.method, request.path, dict(request.query), headers)
    )
    try:
        return await _answer(cluster, request)
    except ApiError as error:
        return _failure(error)
    except PageNotFoundError:
        return web.Response(status=404, text="404 page not found\n")


async def _answer(cluster: SimulatedCluster, request: web.Request) -> web.StreamResponse:
    route, failure = None, None
    try:
        route = target(request.path, request.method, request.query, (*cluster.served, REVIEWS))
    except (ApiError, PageNotFoundError) as error:
        failure = error
    verb, plural = (route.verb, route.resource.plural) if route else ("get", "")
    await cluster.faults.before_answer(verb, plural)
    cluster.access.authenticate(request.headers.get(hdrs.AUTHORIZATION, ""))
    if failure is not None:
        raise failure
    response = await _dispatch(cluster, request, route)
    truncating = cluster.faults.truncate and cluster.faults.concern(verb, plural)
    if truncating and isinstance(response, web.Response):
        return await _truncated(request, response)
    return response


async def _dispatch(
    cluster: SimulatedCluster, request: web.Request, route: RouteTarget | None
) -> web.StreamResponse:
    if route is None:
        return _document(request, (*cluster.served, REVIEWS))
    exchange = Exchange(cluster, request, route)
    if route.resource is REVIEWS:
        if route.verb != "create":
            raise ApiError(405)
        return await review(exchange)
    cluster.access.authorize(route.attributes)
    await admit(exchange)
    return await ANSWERS[route.verb](exchange)


def _document(request: web.Request, served: tuple[Resource, ...]) -> web.Response:
    """Health, the version, and discovery.

    Raises:
        ApiError: 404 for an unknown path.
        PageNotFoundError: The group or version is not served.
    """
    parts = request.path.strip("/").split("/")
    if parts[0] in ("healthz", "livez", "readyz"):
        return web.Response(text="ok")
    aggregated = discovery.aggregated_version(request.headers.get(hdrs.ACCEPT, ""))
    if aggregated and parts in (["api"], ["apis"]):
        body = discovery.aggregated(served, aggregated, core=parts == ["api"])
        headers = {hdrs.CONTENT_TYPE: discovery.AGGREGATED_TYPE.format(aggregated)}
        return web.Response(body=msgspec.json.encode(body), headers=headers)
    return json_response(msgspec.json.encode(_plain_document(parts, served)))


def _plain_document(parts: list[str], served: tuple[Resource, ...]) -> discovery.Document:
    match parts:
        case ["version"]:
            return discovery.VERSION
        case ["api"]:
            return discovery.CORE_VERSIONS
        case ["api", version]:
            return discovery.resources("", version, served)
        case ["apis"]:
            return discovery.groups(served)
        case ["apis", group]:
            return discovery.group(group, served)
        case ["apis", group, version]:
            return discovery.resources(group, version, served)
        case _:
            raise ApiError(404)


def _failure(error: ApiError) -> web.Response:
    response = json_response(msgspec.json.encode(error.body()), status=error.code)
    if error.retry_after is not None:
        response.headers[hdrs.RETRY_AFTER] = str(error.retry_after)
    return response


async def _truncated(request: web.Request, complete: web.Response) -> web.StreamResponse:
    """Promise the whole body, send half of it, and close."""
    body = complete.body if isinstance(complete.body, bytes) else b""
    response = web.StreamResponse(status=complete.status)
    response.content_type = complete.content_type
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    sever(request, flushed=True)
    return response
