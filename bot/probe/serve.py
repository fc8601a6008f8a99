"""The agent of a DaemonSet: a listener that stands, signed jobs, and a background round.

Every line goes to standard output too: by the API server the log is read where the pod network
is broken. What the agent says without a job has ids of its own: `agent`, `standing`, `round`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.probe.admitting import Admission
from bot.probe.agent import Agent
from bot.probe.job import AgentJob, JobRefused, ListenTask
from bot.probe.listening import Listener, telling
from bot.probe.once import do
from bot.probe.options import Options
from bot.probe.output import Output, Write
from bot.probe.rounds import rounds

JOB_LINES = 10_000
"""A minute, on standard output; a job's own answer has all of them."""

OWN_LINES = 1000
"""A minute, of the rounds."""

HEARD_LINES = 500
"""A minute, of what was heard: whoever floods the listener is not to fill the log."""

STANDING_OFTEN = 1.0
"""Seconds."""


async def main(options: Options) -> int:
    """Run until stopped. Returns the exit code: 2 where a port is not to be had."""
    own = Output(OWN_LINES)
    try:
        await _run(options, own)
    except JobRefused as refusal:
        own.write({"job": "agent", "refused": str(refusal)})
    return 2


async def _run(options: Options, own: Output) -> None:
    heard = Output(HEARD_LINES)
    listener = Listener(options.name)
    jobs = _Jobs(listener)
    agent = Agent(Admission(options.name, options.keys, time.time()), jobs.do)
    async with (
        listener.bound(options.port and options.port + 1) as jobs.where,
        agent.bound(options.port) as front,
        telling(listener, lambda line: heard.write({"job": "standing", **line}), STANDING_OFTEN),
    ):
        own.write({"job": "standing", "listening": jobs.where})
        own.write({"job": "agent", "listening": front})
        if options.round and options.peers:
            await rounds(options.round, options.peers, options.name, own.write)
        else:
            await asyncio.Event().wait()


class _Jobs:
    """Does jobs with the listener that stands already, at `where`."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._output = Output(JOB_LINES)
        self.where = ""

    async def do(self, job: AgentJob, write: Write) -> None:
        def both(line: dict[str, object]) -> None:
            self._output.write(line)
            write(line)

        await do(job, both, self._listening)

    @asynccontextmanager
    async def _listening(self, _listen: ListenTask, say: Write) -> AsyncIterator[None]:
        """What the listener hears from now on: its port and name are the agent's, not the job's."""
        say({"listening": self.where})
        async with telling(self._listener, say):
            yield
