"""Requests to an agent: the little of HTTP that it takes (RFC 9112), and which jobs it does.

A job is signed for its node, in time, and done once. Checks that cost little come first.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from bot.probe import job as jobs
from bot.probe.job import AgentJob, JobRefused
from bot.probe.verifying import is_signed, moduli

MOST_HEAD = 4096
MOST_BODY = 128 * 1024
HEAD_PATIENCE = 5.0
BODY_PATIENCE = 10.0
"""Seconds, in which a body comes over a slow link too."""

REQUEST_LINE = re.compile(r"(GET|POST) (/[!-~]{0,100}) HTTP/1\.[01]")
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([ -~\t]*)")
LENGTH = re.compile(r"\d{1,7}")

AHEAD = 900.0
"""Seconds from now that a job may expire at the latest: so long its id is remembered."""

SKEW = 60.0
"""Seconds that the clock of who signs may be ahead of ours."""

MOST_REMEMBERED = 2000

PREFIX = b"meshmedic.dev/job/v1\n"
NODE, ISSUED, SIGNATURE = "meshmedic-node", "meshmedic-issued", "meshmedic-signature"

NUMBER = re.compile(r"\d{1,15}")
HEX = re.compile(r"(?:[0-9a-f]{2}){384,512}")


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


class Admission:
    """The rules of one agent. `started` is Unix time."""

    def __init__(self, node: str, keys: Path, started: float) -> None:
        self._node = node
        self._keys = keys
        self._started = started
        self._done: dict[str, float] = {}

    def look(self, request: Request, now: float) -> None:
        """Look at the head alone, before a body is read.

        Raises:
            Denied: Whatever the body is, it will not be done.
        """
        node, issued, signature = (request.one(header) for header in (NODE, ISSUED, SIGNATURE))
        if node != self._node:
            raise RequestDenied(421, f"this is {self._node}, the job is for another node")
        if not NUMBER.fullmatch(issued) or not HEX.fullmatch(signature):
            raise RequestDenied(403, "the job is not signed")
        seconds = int(issued) / 1000
        if seconds < self._started:
            raise RequestDenied(
                409, "issued before this agent was started, by its clock: issue it anew"
            )
        if seconds > now + SKEW:
            raise RequestDenied(
                403, f"issued {seconds - now:.0f} s in the future by this node's clock"
            )

    def admit(self, request: Request, body: bytes, now: float) -> AgentJob:
        """The job, which is taken for done from now on.

        Raises:
            Denied: It is not to be done; the message says why.
        """
        head = f"{request.one(NODE)}\n{request.one(ISSUED)}\n"
        signature = bytes.fromhex(request.one(SIGNATURE))
        message = PREFIX + head.encode() + body
        if not any(is_signed(message, signature, number) for number in moduli(self._keys, now)):
            raise RequestDenied(403, "no key that is known here and still good signed this")
        try:
            job = jobs.read(body, now)
        except JobRefused as refusal:
            raise RequestDenied(400, str(refusal)) from refusal
        if job.expires > now + AHEAD:
            raise RequestDenied(400, f"it expires more than {AHEAD:.0f} s from now")
        self._remember(job, now)
        return job

    def _remember(self, job: AgentJob, now: float) -> None:
        self._done = {spent: until for spent, until in self._done.items() if until > now}
        if job.id in self._done:
            raise RequestDenied(409, "this job was done already")
        if len(self._done) >= MOST_REMEMBERED:
            raise RequestDenied(503, "too many jobs in a short time")
        self._done[job.id] = job.expires


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


async def read_head(reader: asyncio.StreamReader) -> Request:
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


async def read_body(reader: asyncio.StreamReader, length: int) -> bytes:
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
