"""Requests without the `kubernetes` package and aiohttp, for a terminal that asks once and ends.

Both take longer to import than a check takes. This knows what a plain kubeconfig needs, follows no
redirect, and uses a connection again whose answer was read to its end.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from bot import __version__
from bot.kube.plain_http import BadAnswer, Body, HttpStream, PlainResponse, answer
from bot.kube.plain_kubeconfig import PlainServer
from bot.kube.transport import ApiRequest, learn_token

if TYPE_CHECKING:
    import ssl

    from kubernetes.aio.client.configuration import Configuration

AT_ONCE = 40
"""Connections: more than there are kinds to read."""

LONGEST_LINE = 64 * 1024
ALTERNATIVES = 0.25
"""Seconds after which the next address of a host is tried too. Source: RFC 8305."""


class PlainTransport:
    """Sends requests to the server of a plain kubeconfig."""

    errors: tuple[type[Exception], ...] = ()

    def __init__(
        self, server: PlainServer, configuration: Callable[[], Awaitable[Configuration]]
    ) -> None:
        self.host = server.url
        self.configuration = configuration
        url = urlsplit(server.url)
        self._server = server
        self._name, self._path = url.hostname or "", url.path
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._authority = url.netloc.rpartition("@")[2]
        # Now, not at the first request: what is wrong with the certificates is said at once.
        self._tls = _context(server) if url.scheme == "https" else None
        self._idle: list[HttpStream] = []
        self._room = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        """Close the connections that are idle."""
        for stream in self._idle:
            stream.writer.transport.abort()
        self._idle.clear()

    async def send(self, request: ApiRequest) -> PlainResponse:
        """The answer, once its headers are there.

        Raises:
            OSError: The server cannot be reached, or hangs up.
            TimeoutError: It takes longer than the limits say.
        """
        limits = request.limits
        deadline = asyncio.get_running_loop().time() + limits.total if limits.total else None
        async with asyncio.timeout_at(deadline):
            await self._room.acquire()
        try:
            if stream := await self._known(request):
                try:
                    return await self._ask(stream, request, deadline)
                except ConnectionError:
                    pass  # The server closed it after the last answer, so it never saw this one.
            stream = await self._open(deadline, limits.connect)
            return await self._ask(stream, request, deadline)
        except BaseException:
            self._room.release()
            raise

    async def _ask(
        self, stream: HttpStream, request: ApiRequest, deadline: float | None
    ) -> PlainResponse:
        stream.deadline, stream.silence = deadline, request.limits.read
        try:
            stream.writer.write(self._head(request))
            return await answer(stream, self._done)
        except BaseException:
            stream.writer.transport.abort()
            raise

    async def _known(self, request: ApiRequest) -> HttpStream | None:
        """A connection that is open. What may change something always gets a fresh one."""
        while self._idle and request.method == "GET":
            stream, quiet = self._idle.pop(), False
            try:
                quiet = await stream.is_quiet()
            finally:
                if not quiet:
                    stream.writer.transport.abort()
            if quiet:
                return stream
        return None

    async def _open(self, deadline: float | None, seconds: float | None) -> HttpStream:
        async with asyncio.timeout_at(deadline), asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(
                self._name,
                self._port,
                ssl=self._tls,
                limit=LONGEST_LINE,
                happy_eyeballs_delay=ALTERNATIVES,
            )
        return HttpStream(reader, writer)

    def _head(self, request: ApiRequest) -> bytes:
        """The request as it goes over the wire.

        Raises:
            BadAnswer: It would hold a line end of somebody else's.
        """
        headers = {
            "host": self._authority,
            "user-agent": f"meshmedic/{__version__}",
            "content-type": "application/json",
            **{name.lower(): value for name, value in request.headers.items()},
        }
        if self._server.token:
            headers["authorization"] = f"Bearer {self._server.token}"
            learn_token(headers)
        body = b"" if request.body is None else msgspec.json.encode(request.body)
        if request.method != "GET":
            headers["content-length"] = str(len(body))
        query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
        lines = [f"{request.method} {self._path}{request.path}{query} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if any("\n" in line or "\r" in line for line in lines):
            raise BadAnswer("a header of the request would hold a line end")
        return "\r\n".join((*lines, "", "")).encode() + body

    def _done(self, body: Body) -> None:
        """After an answer, read or not."""
        self._room.release()
        if body.reusable:
            self._idle.append(body.stream)
        else:
            body.stream.writer.transport.abort()


def _context(server: PlainServer) -> ssl.SSLContext:
    """What the package would make of the same kubeconfig.

    Raises:
        OSError: A certificate cannot be loaded.
        ValueError: The CA is not PEM.
    """
    import ssl  # noqa: PLC0415  # an http address, as `kubectl proxy` has it, needs none

    ca = server.ca.decode("ascii", "ignore")
    if server.ca and not ca:
        raise ValueError("the CA is not PEM")  # without one, the system's CAs would count
    context = ssl.create_default_context(cadata=ca or None)
    if server.certificate:
        # Python loads a key from a file alone. The folder is its owner's.
        with tempfile.TemporaryDirectory() as folder:
            pair = Path(folder) / "client.pem"
            pair.touch(mode=0o600)
            pair.write_bytes(server.certificate + b"\n" + server.key)
            context.load_cert_chain(pair)
    return context
