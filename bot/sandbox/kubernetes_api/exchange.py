"""One request on its way: what every way of answering needs."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.kubernetes_api.routes import RouteTarget
from bot.sandbox.kubernetes_api.selectors import Selection, selection
from bot.sandbox.kubernetes_api.shapes import Renderer, negotiate
from bot.sandbox.kubernetes_api.status import ApiError
from bot.sandbox.kubernetes_api.store import SimulatedCluster


@dataclass(frozen=True, slots=True)
class Exchange:
    """The cluster, the request, and what it is about."""

    cluster: SimulatedCluster
    http: web.Request
    target: RouteTarget

    @property
    def qualified(self) -> str:
        """The resource that is asked for."""
        return self.target.resource.qualified

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
            message = (
                f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
            )
            raise ApiError(400, f"{name}: {message}") from None

    def renderer(self) -> Renderer:
        """How the client wants to see objects.

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


def json_response(body: bytes, *, status: int = 200) -> web.Response:
    """A rendered JSON body."""
    return web.Response(body=body, status=status, content_type="application/json")


def sever(request: web.Request, *, flushed: bool = False) -> None:
    """Close the connection under a request, at once or after what is already written."""
    if request.transport is None:
        return
    if flushed:
        request.transport.close()
    else:
        request.transport.abort()
