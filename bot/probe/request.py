"""The little of HTTP that an agent takes, read within bounds (RFC 9112)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

MOST_HEAD = 4096
MOST_BODY = 128 * 1024
HEAD_PATIENCE = 5.0
BODY_PATIENCE = 10.0
"""Seconds, in which a body comes over a slow link too."""

REQUEST_LINE = re.compile(r"(GET|POST) (/[!-~]{0,100}) HTTP/1\.[01]")
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([ -~\t]*)")
LENGTH = re.compile(r"\d{1,7}")


class RequestDenied(Exception):  # an answer, said to who asked
    """A request is not done; the status, and why in a few words."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request; names of headers are in lower case."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    def one(self, name: str) -> str:
        """The value of a header that is there once; else empty: two could mean two things."""
        found = [value for header, value in self.headers if header == name]
        return found[0] if len(found) == 1 else ""

    @property
    def length(self) -> int:
        """Bytes of the body.

        Raises:
            Denied: It is not said, or is too long.
        """
        said = self.one("content-length")
        if not LENGTH.fullmatch(said) or any(
            name == "transfer-encoding" for name, _ in self.headers
        ):
            raise RequestDenied(411, "a Content-Length is needed")
        if int(said) > MOST_BODY:
            raise RequestDenied(413, f"a job has at most {MOST_BODY} bytes")
        return int(said)


def parse(head: bytes) -> Request:
    """Read a head, up to and with its empty line.

    Raises:
        Denied: It is none.
    """
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    asked = REQUEST_LINE.fullmatch(first)
    headers = [HEADER.fullmatch(line) for line in lines]
    if not asked or not all(headers):
        raise RequestDenied(400, "no HTTP request")
    pairs = tuple((header[1].lower(), header[2].strip()) for header in headers if header)
    return Request(asked[1], asked[2], pairs)


async def head(reader: asyncio.StreamReader) -> Request:
    """The head of a request from a reader whose limit is MOST_HEAD.

    Raises:
        Denied: It is none, too long, or too slow.
    """
    try:
        async with asyncio.timeout(HEAD_PATIENCE):
            return parse(await reader.readuntil(b"\r\n\r\n"))
    except TimeoutError as error:
        raise RequestDenied(408, "the request came too slowly") from error
    except asyncio.LimitOverrunError as error:
        raise RequestDenied(431, f"a head has at most {MOST_HEAD} bytes") from error
    except asyncio.IncompleteReadError as error:
        raise RequestDenied(400, "no HTTP request") from error


async def body(reader: asyncio.StreamReader, length: int) -> bytes:
    """So many bytes.

    Raises:
        Denied: They do not come, or too slowly.
    """
    try:
        async with asyncio.timeout(BODY_PATIENCE):
            return await reader.readexactly(length)
    except TimeoutError as error:
        raise RequestDenied(408, "the job came too slowly") from error
    except asyncio.IncompleteReadError as error:
        raise RequestDenied(400, "the job was cut off") from error
