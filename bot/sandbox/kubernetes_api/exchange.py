"""One request together with the cluster that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from bot.sandbox.kubernetes_api.routes import RouteTarget
from bot.sandbox.kubernetes_api.selectors import Selection, selection
from bot.sandbox.kubernetes_api.shapes import Renderer, negotiate
from bot.sandbox.kubernetes_api.status import ApiError, not_found
from bot.sandbox.kubernetes_api.store import SimulatedCluster
from bot.sandbox.kubernetes_api.stored import Stored, key_of


@dataclass(frozen=True, slots=True)
class Exchange:
    """The cluster, the request, and its target."""

    cluster: SimulatedCluster
    http: web.Request
    target: RouteTarget

    @property
    def qualified(self) -> str:
        """The requested resource, as in `certificates.cert-manager.io`."""
        return self.target.resource.qualified

    def lookup(self, name: str = "") -> Stored | None:
        """The requested object, or the one of that name in the same namespace."""
        key = key_of(self.target.namespace, name or self.target.name)
        return self.cluster.lookup(self.qualified, key)

    def existing(self, name: str = "") -> Stored:
        """The requested object, or the one of that name in the same namespace.

        Raises:
            ApiError: 404 where it does not exist.
        """
        stored = self.lookup(name)
        if stored is None:
            raise not_found(self.qualified, name or self.target.name)
        return stored

    def show(self, stored: Stored, *, status: int = 200) -> web.Response:
        """The answer that shows an object."""
        return json_response(self.renderer().render(stored), status=status)

    async def sent(self) -> dict[str, Any]:
        """The object that the client sent.

        Raises:
            ApiError: 415 where it is not said to be JSON, 400 where it is not.
        """
        if self.http.content_type != "application/json":
            raise ApiError(415)
        return decoded(await self.http.read())

    def parameter(self, name: str) -> str:
        """A query parameter, empty when it is not given."""
        return self.http.query.get(name, "")

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false."""
        return self.parameter(name) in ("1", "t", "true", "True")

    def number(self, name: str) -> int | None:
        """A query parameter that is a number.

        Raises:
            ApiError: 400 where it is not one.
        """
        text = self.parameter(name)
        try:
            return int(text) if text else None
        except ValueError:
            why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
            raise ApiError(400, f'{name}: Invalid value: "{text}": {why}') from None

    def renderer(self) -> Renderer:
        """The form in which the client wants objects.

        Raises:
            ApiError: 406.
        """
        shape = negotiate(self.http.headers.get("Accept", ""))
        return Renderer(self.target.resource, self.target.version, shape, self.cluster.clock())

    def selection(self) -> Selection:
        """The label and the field selector.

        Raises:
            ApiError: 400 where one cannot be read.
        """
        return selection(
            self.parameter("labelSelector"),
            self.parameter("fieldSelector"),
            qualified=self.qualified,
        )


def decoded(body: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ApiError: 400 where it is none.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ApiError(400, f"the object provided is unrecognized: {error}") from None


def json_response(body: bytes, *, status: int = 200) -> web.Response:
    """A rendered JSON body."""
    return web.Response(body=body, status=status, content_type="application/json")


def sever(request: web.Request, *, flushed: bool = False) -> None:
    """Close the connection of a request, at once or after the data that is already written."""
    if request.transport is None:
        return
    if flushed:
        request.transport.close()
    else:
        request.transport.abort()
