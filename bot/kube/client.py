"""One request to the API server, with a time limit, and its failures as a handful of errors.

How it gets there and back is a `Transport`: by the `kubernetes` package, or by a terminal's own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import MappingProxyType
from typing import Any

import msgspec

from bot import errors
from bot.domain import principal
from bot.kube import answers
from bot.kube.bodies import MOST, BodyReader
from bot.kube.paths import ApiPath
from bot.kube.transport import ApiRequest, Response, TimeLimits, Transport

Query = Sequence[tuple[str, str | int]]

CONNECT = 5.0
"""Seconds to open a connection."""

TOTAL = 30.0
"""Seconds for one answer."""

LONGEST_RETRY = 60
SECONDS = re.compile(r"[0-9]{1,9}")
"""What Retry-After has where it has no date."""

MAX_DETAIL = 300

JSON = "application/json"
MERGE = "application/merge-patch+json"

NONE: Mapping[str, str] = MappingProxyType({})


ERRORS = {
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.Absent,
    409: errors.Conflict,
    410: errors.Gone,
    422: errors.Invalid,
}


class ApiStatus(msgspec.Struct, frozen=True):
    """meta/v1 Status: what the API server answers where it has no object."""

    status: str = ""
    code: int = 0
    message: str = ""


class Api:
    """The API server: bytes in, bytes out."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.bodies = BodyReader()
        self.host = transport.host
        """The server's address, such as `https://10.0.0.1:6443`."""

    async def get(
        self,
        path: ApiPath,
        query: Query = (),
        *,
        accept: str = JSON,
        total: float = TOTAL,
        most: int = MOST,
    ) -> bytes:
        """The body of a GET, which may take `total` seconds and have `most` bytes.

        Raises:
            ClusterError: One of `bot.errors`, by what went wrong.
        """
        async with self.stream(path, query, accept=accept, limits=within(total)) as response:
            body = await self.bodies.read(response, most)
        return await answers.confirmed(path, body, accept=accept)

    async def send(
        self,
        method: str,
        path: ApiPath,
        body: Mapping[str, Any] | None = None,
        query: Query = (),
        *,
        content_type: str = JSON,
        headers: Mapping[str, str] = NONE,
        total: float = TOTAL,
    ) -> bytes:
        """The answer to a POST, PUT, PATCH or DELETE of a JSON body, with `headers` besides.

        Raises:
            Refused: The principal may not write.
            ClusterError: One of `bot.errors`, by what went wrong. After `Unreachable` nobody
                knows whether it was done: read before trying again.
        """
        if _persists(method, path, body, query):
            await principal.authorize()
        sent = {"Content-Type": content_type, **headers}
        async with self.stream(
            path, query, method=method, body=body, headers=sent, limits=within(total)
        ) as response:
            answer = await self.bodies.read(response)
        return await answers.confirmed(path, answer, method=method)

    async def merge(self, path: ApiPath, changes: Mapping[str, Any], *, total: float) -> None:
        """Change some fields of an object, by a JSON merge patch: null removes one.

        Raises:
            ClusterError: As `send`.
        """
        await self.send("PATCH", path, changes, content_type=MERGE, total=total)

    @asynccontextmanager
    async def stream(
        self,
        path: ApiPath,
        query: Query,
        *,
        limits: TimeLimits,
        accept: str = JSON,
        method: str = "GET",
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = NONE,
        begins: float | None = None,
    ) -> AsyncIterator[Response]:
        """The response of a request while it comes in, closed at the end.

        `begins`: seconds until its headers must be there, where the body may take for ever.
        Errors while reading are translated too, so a caller's loop may stand inside.
        """
        # On a LAN gzip costs more than it saves.
        sent = {"Accept": accept, "Accept-Encoding": "identity", **headers}
        request = ApiRequest(method, path, tuple(query), sent, body, limits)
        with translated(self.host, *self.transport.errors):
            async with asyncio.timeout(begins):
                response = await self.transport.send(request)
            try:
                if response.status >= 300:  # noqa: PLR2004  # HTTP's own boundary
                    raise await _failure(response)
                yield response
            finally:
                response.close()


REVIEWS = ("/apis/authentication.k8s.io/", "/apis/authorization.k8s.io/")
"""Where questions are sent as objects, of which the API server keeps none."""


def _persists(method: str, at: ApiPath, body: Mapping[str, Any] | None, query: Query) -> bool:
    """Whether a request changes what the API server keeps: no review, and no dry run.

    Source: it reads a deletion's options from its body and, where there is one, not the query.
    """
    if method == "DELETE" and body:
        return body.get("dryRun") != ["All"]
    return ("dryRun", "All") not in query and not at.startswith(REVIEWS)


def within(total: float | None) -> TimeLimits:
    """The limits of a request that may take `total` seconds; None: any number."""
    return TimeLimits(total=total, connect=CONNECT)


@contextmanager
def translated(host: str, *errors_of_transport: type[Exception]) -> Iterator[None]:
    """Raise the network's errors on the way to an API server as `Unreachable`."""
    of_network: tuple[type[Exception], ...] = (OSError, *errors_of_transport)
    try:
        yield
    except TimeoutError as error:
        msg = f"The API server at {host} did not answer in time."
        raise errors.Unreachable(msg) from error
    except of_network as error:
        msg = f"The API server at {host} cannot be reached: {_brief(error)}"
        raise errors.Unreachable(msg) from error


async def _failure(response: Response) -> errors.ClusterError:
    body = await response.content.read(64 * 1024)
    try:
        reason = msgspec.json.decode(body, type=ApiStatus).message
    except (msgspec.DecodeError, RecursionError):
        reason = ""
    message = f"The API server answered {response.status}: {reason or response.reason}"[:MAX_DETAIL]
    if kind := ERRORS.get(response.status):
        return kind(message)
    return errors.ServerError(message, retry_after(response.headers.get("Retry-After", "")))


def retry_after(header: str) -> float | None:
    """The seconds of a Retry-After header, at most a minute; None where it names none.

    A date is none either: two clocks would have to agree. Source: RFC 9110, 10.2.3.
    """
    return float(min(int(header), LONGEST_RETRY)) if SECONDS.fullmatch(header) else None


def _brief(error: Exception) -> str:
    """A network error in a line; aiohttp repeats the host, which we name ourselves."""
    cause = getattr(error, "os_error", None) or error
    text = getattr(cause, "strerror", None) or str(cause) or type(error).__name__
    return str(text)[:MAX_DETAIL]


async def breathe() -> None:
    """Let the event loop serve others between two pages."""
    await asyncio.sleep(0)
