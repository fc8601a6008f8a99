"""An answer of HTTP/1.1 on asyncio's streams: its head, and its body while it comes in.

Source: RFC 9112. Every line and number of them is bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

MOST_HEADERS = 200
CHUNK = 256 * 1024
HEX = frozenset(b"0123456789abcdefABCDEF")
LONGEST_NUMBER = 16
"""Digits of a length."""

CUT_OFF = "it hung up before its answer was complete"
NOT_HTTP = "what answers does not speak HTTP/1.1"

T = TypeVar("T")


class BadAnswer(ConnectionError):
    """What came is not HTTP, or ended too soon."""


class ResponseHeaders(dict[str, str]):
    """Headers by name, whose case does not matter."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a header."""
        return super().get(name.lower(), default)


@dataclass(slots=True)
class HttpStream:
    """One connection, and the time until which an answer on it may take.

    silence: Seconds without a byte; None: any number.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    deadline: float | None = None
    silence: float | None = None

    async def read(self, most: int) -> bytes:
        """The bytes that have come, at most `most`; empty at the end of the connection.

        Raises:
            TimeoutError: Nothing came in time.
        """
        return await self._in_time(self.reader.read(most))

    async def line(self) -> bytes:
        """The next line without its end.

        Raises:
            BadAnswer: There is none, or it is too long.
            TimeoutError: It did not come in time.
        """
        try:
            line = await self._in_time(self.reader.readline())
        except ValueError:
            raise BadAnswer("a line of its answer is too long") from None
        if not line.endswith(b"\n"):
            raise BadAnswer(CUT_OFF)
        return line.rstrip(b"\r\n")

    async def _in_time(self, reading: Awaitable[T]) -> T:
        async with asyncio.timeout_at(self.deadline), asyncio.timeout(self.silence):
            return await reading

    async def is_quiet(self) -> bool:
        """Whether it is open, and nothing has come that nobody asked for.

        What came after a whole answer would be taken for the next one.
        """
        try:
            async with asyncio.timeout(0):
                await self.reader.read(1)
        except TimeoutError:
            return not self.writer.is_closing()
        except OSError:
            pass
        return False


@dataclass(slots=True)
class PlainResponse:
    """An answer whose body has not been read."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: Body
    close: Callable[[], None]


@dataclass(slots=True)
class Body:
    """The body of an answer while it comes in.

    length: Its bytes; None: in chunks, or until the connection ends.
    ended: Whether all of it was read.
    last: Whether the server sends no other answer on this connection.
    """

    stream: HttpStream
    length: int | None
    chunked: bool
    ended: bool = False
    last: bool = False

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry the next request."""
        return self.ended and not self.last

    async def iter_any(self) -> AsyncIterator[bytes]:
        """Whatever has come."""
        parts = self._chunks() if self.chunked else self._plain()
        async for part in parts:
            yield part

    async def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Parts of at most `n` bytes."""
        async for part in self.iter_any():
            for start in range(0, len(part), n):
                yield part[start : start + n]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Its lines, with their ends."""
        rest = b""
        async for part in self.iter_any():
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                yield line + b"\n"
        if rest:
            yield rest

    async def read(self, n: int) -> bytes:
        """At most `n` bytes."""
        body = bytearray()
        async for part in self.iter_any():
            body += part
            if len(body) >= n:
                break
        return bytes(body[:n])

    async def _plain(self) -> AsyncIterator[bytes]:
        left = self.length
        while left is None or left > 0:
            part = await self.stream.read(CHUNK if left is None else min(left, CHUNK))
            if not part:
                if left is None:
                    return
                raise BadAnswer(CUT_OFF)
            left = None if left is None else left - len(part)
            self.ended = left == 0
            yield part
        self.ended = True

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := _number((await self.stream.line()).partition(b";")[0].strip(), 16):
            while size:
                part = await self.stream.read(min(size, CHUNK))
                if not part:
                    raise BadAnswer(CUT_OFF)
                size -= len(part)
                yield part
            if await self.stream.line():
                raise BadAnswer("its answer has a chunk of another length than it says")
        await _fields(self.stream)
        self.ended = True


async def answer(stream: HttpStream, close: Callable[[Body], None]) -> PlainResponse:
    """Read the head of an answer. `close` gets its body when it is closed.

    Raises:
        BadAnswer: It is not HTTP/1.1.
        TimeoutError: It did not come in time.
    """
    status = 100
    while 100 <= status < 200:  # noqa: PLR2004  # interim answers, before the one that counts
        version, _, rest = (await stream.line()).partition(b" ")
        code, _, reason = rest.partition(b" ")
        status = _number(code, 10)
        if not version.startswith(b"HTTP/1.") or status == 101:  # noqa: PLR2004  # nobody asked
            raise BadAnswer(NOT_HTTP)
        headers = await _fields(stream)
    body = _body(stream, status, headers)
    body.last = _is_last(version, headers)
    return PlainResponse(status, reason.decode("latin-1"), headers, body, lambda: close(body))


def _is_last(version: bytes, headers: ResponseHeaders) -> bool:
    """Source: RFC 9112, section 9.3."""
    options = {option.strip() for option in headers.get("Connection", "").lower().split(",")}
    return "close" in options or (version == b"HTTP/1.0" and "keep-alive" not in options)


def _body(stream: HttpStream, status: int, headers: ResponseHeaders) -> Body:
    if status in (204, 304):
        return Body(stream, 0, chunked=False, ended=True)
    encoding = headers.get("Transfer-Encoding", "").lower()
    if encoding not in ("", "identity", "chunked"):
        raise BadAnswer("its answer has an encoding that was not asked for")
    length = headers.get("Content-Length")
    if encoding == "chunked" or not length:
        return Body(stream, None, chunked=encoding == "chunked")
    size = _number(length.encode("latin-1"), 10)
    return Body(stream, size, chunked=False, ended=size == 0)


async def _fields(stream: HttpStream) -> ResponseHeaders:
    headers = ResponseHeaders()
    for _ in range(MOST_HEADERS):
        line = await stream.line()
        if not line:
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadAnswer(NOT_HTTP)
        headers[name.strip().lower()] = value.strip()
    raise BadAnswer("its answer has too many headers")


def _number(digits: bytes, base: int) -> int:
    allowed = HEX if base == 16 else frozenset(b"0123456789")  # noqa: PLR2004  # HTTP's chunks
    if not digits or len(digits) > LONGEST_NUMBER or not allowed.issuperset(digits):
        raise BadAnswer(NOT_HTTP)
    return int(digits, base)
