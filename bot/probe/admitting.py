"""Which jobs an agent does: signed for its node, in their time, once. The cheap questions first."""

from __future__ import annotations

import re
from pathlib import Path

from bot.probe import job as jobs
from bot.probe.job import AgentJob, JobRefused
from bot.probe.request import Request, RequestDenied
from bot.probe.verifying import is_signed, moduli

AHEAD = 900.0
"""Seconds from now that a job may expire at the latest: so long its id is remembered."""

SKEW = 60.0
"""Seconds that the clock of who signs may be ahead of ours."""

MOST_REMEMBERED = 2000

PREFIX = b"meshmedic.dev/job/v1\n"
NODE, ISSUED, SIGNATURE = "meshmedic-node", "meshmedic-issued", "meshmedic-signature"

NUMBER = re.compile(r"\d{1,15}")
HEX = re.compile(r"(?:[0-9a-f]{2}){384,512}")


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
