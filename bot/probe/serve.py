"""The agent of a DaemonSet: a permanent listener, signed jobs, and background rounds.

Every line goes to standard output too: the log can be read through the API server while the pod
network is broken. Lines without a job have the ids `agent`, `standing` or `round`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.probe.admitting import Admission
from bot.probe.agent import Agent
from bot.probe.job import ROUTE_CHECKS, AgentJob, JobRefused, ListenTask
from bot.probe.known import KnownAddresses
from bot.probe.listening import Listener, telling
from bot.probe.once import do
from bot.probe.output import Output, Write
from bot.probe.rounds import SHORTEST, rounds

USAGE = """usage: python -m bot.probe once JOB
       python -m bot.probe serve --name NODE --keys PATH [--port 8473]
                                 [--round SECONDS --peers FILE]
                                 [--node-addresses ADDRESS,…]
"""

OPTIONS = frozenset(
    {"--name", "--keys", "--port", "--round", "--peers", "--node-addresses", "--loopback"}
)

PORT = 8473
MOST_PORT = 65534
"""The listener has the next one."""

JOB_LINES = 10_000
"""Lines of jobs a minute on standard output; a job's answer has all of them."""

OWN_LINES = 1000
"""Lines of rounds a minute."""

HEARD_LINES = 500
"""Lines a minute of what was heard: a flood of clients must not fill the log."""

STANDING_OFTEN = 1.0
"""Seconds."""


class UsageError(Exception):  # printed with the usage
    """The command line cannot be understood."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an agent: `keys` is a file or a folder, `round` seconds (0: no rounds).

    `node_addresses` are those of the agent's node, from which its kubelet may come.
    `loopback` lets jobs name loopback addresses: for tests, where all nodes are one machine.
    """

    name: str
    keys: Path
    port: int = PORT
    round: float = 0.0
    peers: Path | None = None
    node_addresses: tuple[str, ...] = ()
    loopback: bool = False


def read_options(arguments: Sequence[str]) -> Options:
    """The options of a command line.

    Raises:
        UsageError: One is unknown, or missing, or its value is not possible.
    """
    given = dict(zip(arguments[::2], arguments[1::2], strict=False))
    unknown = given.keys() - OPTIONS
    if unknown or len(given) * 2 != len(arguments):
        raise UsageError(f"what is {min(unknown) if unknown else arguments[-1]}?")
    if not given.get("--name") or not given.get("--keys"):
        raise UsageError("--name and --keys are needed")
    if ("--round" in given) != ("--peers" in given):
        raise UsageError("--round and --peers belong together")
    peers = given.get("--peers")
    return Options(
        name=given["--name"],
        keys=Path(given["--keys"]),
        port=int(_number(given, "--port", PORT, 0, MOST_PORT)),
        round=_number(given, "--round", 0.0, SHORTEST, 86400.0),
        peers=Path(peers) if peers else None,
        node_addresses=tuple(given.get("--node-addresses", "").split(",")),
        loopback=given.get("--loopback") == "yes",
    )


def _number(given: dict[str, str], name: str, otherwise: float, least: float, most: float) -> float:
    if name not in given:
        return otherwise
    try:
        number = float(given[name])
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise UsageError(f"{name} is a number from {least:g} to {most:g}")
    return number


async def main(options: Options) -> int:
    """Run until stopped. Returns the exit code: 2 where a port cannot be used."""
    own = Output(OWN_LINES)
    try:
        await _run(options, own)
    except JobRefused as refusal:
        own.write({"job": "agent", "refused": str(refusal)})
    return 2


async def _run(options: Options, own: Output) -> None:
    heard = Output(HEARD_LINES)
    is_known = KnownAddresses(options.node_addresses, options.peers)
    listener = Listener(options.name, is_known)
    jobs = _Jobs(listener)
    admission = Admission(options.name, options.keys, time.time(), loopback=options.loopback)
    agent = Agent(admission, jobs.do, is_known)
    async with (
        listener.bound(options.port and options.port + 1) as jobs.where,
        agent.bound(options.port) as front,
        telling(listener, lambda line: heard.write({"job": "standing", **line}), STANDING_OFTEN),
    ):
        admission.own_ports |= {int(jobs.where), int(front)}
        own.write({"job": "standing", "listening": jobs.where})
        own.write({"job": "agent", "listening": front})
        if options.round and options.peers:
            await rounds(options.round, options.peers, options.name, own.write)
        else:
            await asyncio.Event().wait()


class _Jobs:
    """Does jobs with the permanent listener, which is at `where`."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._output = Output(JOB_LINES)
        self.where = ""

    async def do(self, job: AgentJob, write: Write) -> None:
        def both(line: dict[str, object]) -> None:
            self._output.write(line)
            write(line)

        # Route checks come every minute: they would push the rounds out of the log's end.
        unlogged = any(probe.kind in ROUTE_CHECKS for probe in job.probes)
        await do(job, write if unlogged else both, self._listening)

    @asynccontextmanager
    async def _listening(self, _listen: ListenTask, say: Write) -> AsyncIterator[None]:
        """Report what the permanent listener hears; its port and name are not the job's."""
        say({"listening": self.where})
        async with telling(self._listener, say):
            yield
