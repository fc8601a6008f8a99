"""One job, from its text to its last line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bot.probe import job as jobs
from bot.probe.job import Job, Listen, Refused
from bot.probe.listening import Listener
from bot.probe.trying import try_all

Write = Callable[[dict[str, Any]], None]
"""Told each line of one job, its id included."""

NEWS = 0.5
"""Seconds between two looks whether a listener heard something."""


def write(line: dict[str, Any]) -> None:
    """Print a line, at once."""
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


async def main(text: str) -> int:
    """Do a job and print its lines. Returns the exit code: 2 for one that is refused."""
    try:
        job = jobs.read(text, time.time())
        await do(job, write)
    except Refused as refusal:
        write({"job": _id(text), "refused": str(refusal)})
        return 2
    return 0


async def do(job: Job, write: Write) -> None:
    """Listen, try, or both, until it is done or the job's time is over.

    Raises:
        Refused: It cannot listen.
    """

    def say(line: dict[str, Any]) -> None:
        write({"job": job.id, **line})

    with suppress(TimeoutError):
        async with asyncio.timeout(job.expires - time.time()), asyncio.TaskGroup() as group:
            if job.listen:
                group.create_task(_listen(job.listen, say))
            if job.probes:
                group.create_task(try_all(job.probes, lambda answer: say({"answer": answer})))
    say({"done": True})


async def _listen(listen: Listen, say: Write) -> None:
    """Listen for a while, and say whom we heard whenever that changed."""
    listener = Listener(listen.name)
    told: dict[str, dict[str, Any]] = {}

    def news() -> None:
        for each in listener.counts():
            if told.get(each["source"]) != each:
                told[each["source"]] = each
                say({"heard": each})

    async with listener.bound(listen.port) as where:
        say({"listening": where})
        try:
            async with asyncio.timeout(listen.seconds):
                while True:
                    await asyncio.sleep(NEWS)
                    news()
        except TimeoutError:
            pass
        finally:
            news()


def _id(text: str) -> str:
    """The id of a job that is refused, where it tells one."""
    with suppress(ValueError, RecursionError, AttributeError):
        return str(json.loads(text).get("id", ""))[:100]
    return ""
