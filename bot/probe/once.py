"""One job, from its text to its last line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Any

from bot.probe import job as jobs
from bot.probe.job import AgentJob, JobRefused, ListenTask
from bot.probe.listening import Listener, telling
from bot.probe.output import Write, encoded
from bot.probe.trying import try_all

Listening = Callable[[ListenTask, Write], AbstractAsyncContextManager[None]]
"""Listens while the block runs, and reports where, and what is heard."""


def write(line: dict[str, Any]) -> None:
    """Print a line without delay."""
    sys.stdout.buffer.write(encoded(line))
    sys.stdout.flush()


async def main(text: str) -> int:
    """Do a job and print its lines. Returns the exit code: 2 where the job is refused."""
    try:
        job = jobs.read(text, time.time())
        await do(job, write, own_listener)
    except JobRefused as refusal:
        write({"job": _id(text), "refused": str(refusal)})
        return 2
    return 0


async def do(job: AgentJob, write: Write, listening: Listening) -> None:
    """Listen, probe, or both, until that is done or the job expires.

    Raises:
        JobRefused: It cannot listen.
    """

    def say(line: dict[str, Any]) -> None:
        write({"job": job.id, **line})

    with suppress(TimeoutError):
        async with asyncio.timeout(job.expires - time.time()):
            await _do(job, say, listening)
    say({"done": True})


async def _do(job: AgentJob, say: Write, listening: Listening) -> None:
    end = time.monotonic() + (job.listen.seconds if job.listen else 0.0)
    async with listening(job.listen, say) if job.listen else nullcontext():
        await try_all(job.probes, lambda answer: say({"answer": answer}))
        await asyncio.sleep(end - time.monotonic())


@asynccontextmanager
async def own_listener(listen: ListenTask, say: Write) -> AsyncIterator[None]:
    """A listener for this job alone.

    Raises:
        JobRefused: Its port cannot be used.
    """
    listener = Listener(listen.name)
    async with listener.bound(listen.port) as where:
        say({"listening": where})
        async with telling(listener, say):
            yield


def _id(text: str) -> str:
    """The id in a job that is refused; empty where there is none."""
    with suppress(ValueError, RecursionError, AttributeError):
        return str(json.loads(text).get("id", ""))[:100]
    return ""
