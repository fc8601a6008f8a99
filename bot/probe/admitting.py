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
"""Seconds: enough for a body over a slow link."""

REQUEST_LINE = re.compile(r"(GET|POST) (/[!-~]{0,100}) HTTP/1\.[01]")
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):([ -~\t]*)")
LENGTH = re.compile(r"\d{1,7}")

AHEAD = 900.0
"""The most seconds until a job expires, and so for which its id is remembered."""

SKEW = 60.0
"""Seconds by which the signer's clock may be ahead of ours."""

MOST_REMEMBERED = 2000

PREFIX = b"meshmedic.dev/job/v1\n"
NODE, ISSUED, SIGNATURE = "meshmedic-node", "meshmedic-issued", "meshmedic-signature"

NUMBER = re.compile(r"\d{1,15}")
HEX = re.compile(r"(?:[0-9a-f]{2}){384,512}")


class RequestDenied(Exception):  # an answer to the client
    """A request is denied, with an HTTP status and a reason in a few words."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request, with the names of headers in lower case."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str:
        """The value of a header; empty if it is missing, or repeated and so ambiguous."""
        values = [value for header, value in self.headers if header == name]
        return values[0] if len(values) == 1 else ""

    @property
    def length(self) -> int:
        """The length of the body in bytes.

        Raises:
            RequestDenied: It is missing or too large.
        """
        length = self.header("content-length")
        if not LENGTH.fullmatch(length) or any(
            name == "transfer-encoding" for name, _ in self.headers
        ):
            raise RequestDenied(411, "a Content-Length is needed")
        if int(length) > MOST_BODY:
            raise RequestDenied(413, f"a job has at most {MOST_BODY} bytes")
        return int(length)


class Admission:
    """The rules of one agent; `started` is Unix time.

    loopback: Whether jobs may name loopback addresses, where agent and targets are one machine.
    """

    def __init__(self, node: str, keys: Path, started: float, *, loopback: bool = False) -> None:
        self._node = node
        self._keys = keys
        self._started = started
        self._loopback = loopback
        self.own_ports: set[int] = set()
        """The agent's own ports, which a job may ask for at a loopback address."""
        self._done: dict[str, float] = {}

    def look(self, request: Request, now: float) -> None:
        """Check the head alone, before the body is read.

        Raises:
            RequestDenied: It would be denied with any body.
        """
        node, issued, signature = (request.header(header) for header in (NODE, ISSUED, SIGNATURE))
        if node != self._node:
            raise RequestDenied(421, f"this is {self._node}, the job is for another node")
        if not NUMBER.fullmatch(issued) or not HEX.fullmatch(signature):
            raise RequestDenied(403, "the job is not signed")
        seconds = int(issued) / 1000
        if seconds < self._started:
            raise RequestDenied(
                409, "issued before this agent was started, by its clock: issue it again"
            )
        if seconds > now + SKEW:
            raise RequestDenied(
                403, f"issued {seconds - now:.0f} s in the future by this node's clock"
            )

    def admit(self, request: Request, body: bytes, now: float) -> AgentJob:
        """The job of a request, which counts as done from now on.

        Raises:
            RequestDenied: It must not be done; the message says why.
        """
        head = f"{request.header(NODE)}\n{request.header(ISSUED)}\n"
        signature = bytes.fromhex(request.header(SIGNATURE))
        message = PREFIX + head.encode() + body
        if not any(is_signed(message, signature, number) for number in moduli(self._keys, now)):
            raise RequestDenied(403, "no key that is known here and still good signed this")
        try:
            job = jobs.read(body, now)
            jobs.refuse_machines_own(job, self.own_ports, loopback=self._loopback)
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
    """Parse a head, which ends with an empty line.

    Raises:
        RequestDenied: It is not valid.
    """
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    request = REQUEST_LINE.fullmatch(first)
    headers = [HEADER.fullmatch(line) for line in lines]
    if not request or not all(headers):
        raise RequestDenied(400, "no HTTP request")
    pairs = tuple((header[1].lower(), header[2].strip()) for header in headers if header)
    return Request(request[1], request[2], pairs)


async def read_head(reader: asyncio.StreamReader) -> Request:
    """Read the head of a request; the reader's limit is MOST_HEAD.

    Raises:
        RequestDenied: It is not valid, too long, or too slow.
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
    """Read a body of `length` bytes.

    Raises:
        RequestDenied: It is cut off, or too slow.
    """
    try:
        async with asyncio.timeout(BODY_PATIENCE):
            return await reader.readexactly(length)
    except TimeoutError as error:
        raise RequestDenied(408, "the job came too slowly") from error
    except asyncio.IncompleteReadError as error:
        raise RequestDenied(400, "the job was cut off") from error
