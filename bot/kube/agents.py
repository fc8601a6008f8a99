"""The agents of the DaemonSet: where they run, and how one of them is given a job."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from bot.domain import containers, principal
from bot.domain.temporary import NAMESPACE
from bot.errors import Absent, ClusterError
from bot.kube.agent_configmaps import AgentsConfig, SigningKey
from bot.kube.client import Api, Query
from bot.kube.pod_start import REQUEST, obstacle, rejection
from bot.kube.pods import ListedPod, list_pods, log_path
from bot.net.probing import agent_configmaps, signed_job
from bot.net.probing import output as lines
from bot.net.probing.protocol import ListenerAddress, ProbeJob, ProberLine

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)

LABEL = "app.kubernetes.io/component=agent"
PORT_NAME = "jobs"
ROUND = "--round"
"""The option of `bot.probe serve` with the seconds between two rounds."""

LONGEST_ROUND = 86400.0
"""Seconds: with more an agent does not start."""

CONNECT = 3.0
"""Seconds to connect: over a relayed path the first connection may take that long."""

MOST_ANSWER = 4 * 1024 * 1024
"""Bytes of one job's answer."""

KNOWN = 5.0
"""Seconds for which the list of agents is reused."""


class Unanswered(ClusterError):
    """An agent did not do a job; the message says why."""


@dataclass(frozen=True, slots=True)
class ProberAgent:
    """An agent that has an address, or of which its node says `why` it does not run.

    since: When its pod started.
    every: Seconds between two background rounds of probes; 0 without rounds.
    """

    node: str
    pod: str
    address: str
    port: int = signed_job.PORT
    ready: bool = True
    since: datetime | None = None
    every: float = 0.0
    why: str = ""


class Agents:
    """Finds agents, and sends them jobs that `key` has signed."""

    def __init__(self, api: Api) -> None:
        self.key = SigningKey(api)
        self.peers = AgentsConfig(api, agent_configmaps.PEERS)
        """The agents' list of each other."""
        self._api = api
        self._ready: dict[str, ProberAgent] = {}
        """By node."""
        self._until = 0.0
        self._listing = asyncio.Lock()

    async def on(self, node: str) -> ProberAgent | None:
        """The agent on a node; None where none is ready, or the pods cannot be listed."""
        if not self.key.published:
            return None
        async with self._listing:
            if time.monotonic() >= self._until:
                self._ready = await self._list_ready()
                self._until = time.monotonic() + KNOWN
        return self._ready.get(node)

    @asynccontextmanager
    async def sending(
        self, agent: ProberAgent, job: ProbeJob, seconds: float, *, silence: float | None = None
    ) -> AsyncIterator[AgentAnswer]:
        """The answer to a job while it comes in, for at most `seconds`; hung up after the block.

        `silence` are the seconds without a byte after which the agent counts as unreachable.

        Raises:
            Unanswered: The agent cannot be reached, refuses the job, or is cut off.
            Refused: The principal may not have it tried.
        """
        import aiohttp  # noqa: PLC0415  # finding agents, as a check does, needs none of it

        await principal.authorize()
        request = await self.key.sign(agent.node, msgspec.json.encode(job))
        host = f"[{agent.address}]" if ":" in agent.address else agent.address
        url = f"http://{host}:{agent.port}{signed_job.PATH}"
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT, sock_read=silence)
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession(timeout=limits))
            with _translated(agent):
                post = session.post(
                    url, data=request.body, headers=request.headers, allow_redirects=False
                )
                response = await stack.enter_async_context(post)
            yield AgentAnswer(agent, job.id, response)

    async def log(
        self, agent: ProberAgent, since: float, *, size: int = MOST_ANSWER, more: Query = ()
    ) -> bytes:
        """At most `size` bytes of what an agent logged in the last `since` seconds of its clock.

        `more` are further parameters of the request.

        Raises:
            ClusterError: The log cannot be read.
        """
        query = [("sinceSeconds", max(1, int(since))), ("limitBytes", size), *more]
        at = log_path(NAMESPACE, agent.pod)
        return await self._api.get(at, query, accept="*/*", total=REQUEST)

    async def present(self) -> tuple[ProberAgent, ...]:
        """Every agent that has an address and is not being deleted, ready or not.

        Raises:
            ClusterError: The pods cannot be listed.
        """
        return tuple(agent for agent in await self.all() if not agent.why)

    async def all(self) -> tuple[ProberAgent, ...]:
        """Also those that do not run, of which their node says why.

        Raises:
            ClusterError: The pods cannot be listed.
        """
        pods = await list_pods(self._api, LABEL, namespace=NAMESPACE, total=REQUEST)
        agents = [_agent(pod) for pod in pods if not pod.metadata.deletion_timestamp]
        return tuple(agent for agent in agents if agent.address or agent.why)

    async def publish_peers(self) -> None:
        """Write the agents' list of each other where it has changed, if there are agents.

        Agents that are not ready stay in it: rounds are to show that they cannot be reached. A
        failure is logged, and the next call tries again.
        """
        try:
            written = (await self.peers.read()).get(agent_configmaps.PEERS_FILE)
            text = agent_configmaps.peers_file(
                ListenerAddress(agent.node, agent.address, signed_job.LISTENER_PORT)
                for agent in await self.present()
            )
            if text != written:
                await self.peers.merge({agent_configmaps.PEERS_FILE: text})
        except Absent:
            return
        except ClusterError as error:
            log.warning("the agents' list of peers cannot be published: %s", error)

    async def _list_ready(self) -> dict[str, ProberAgent]:
        try:
            return {agent.node: agent for agent in await self.present() if agent.ready}
        except ClusterError:
            return {}


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """The lines of one job, as they come."""

    agent: ProberAgent
    job: str
    response: aiohttp.ClientResponse

    async def until(self, wanted: str) -> tuple[ProberLine, ...]:
        """All lines up to the first in which the field `wanted` is set, such as `done`.

        Raises:
            Unanswered: The agent refuses the job, sends too much, is cut off, or ends before that.
        """
        received: list[ProberLine] = []
        partial, size = b"", 0
        with _translated(self.agent):
            async for part in self.response.content.iter_any():
                complete, _, partial = (partial + part).rpartition(b"\n")
                new = [line for job in (self.job, "") for line in lines.lines_of(complete, job)]
                received += new
                size += len(part)
                if refusals := [line.refused for line in new if line.refused]:
                    raise Unanswered(f"{signed_job.REFUSED}: {refusals[0]}"[:200])
                if any(getattr(line, wanted) for line in new):
                    return tuple(received)
                if size > MOST_ANSWER:
                    raise Unanswered("it says more than anybody asked for")
        raise Unanswered(f"it ended without its last line (status {self.response.status})")


@contextmanager
def _translated(agent: ProberAgent) -> Iterator[None]:
    import aiohttp  # noqa: PLC0415  # as above

    try:
        yield
    except TimeoutError as error:
        raise Unanswered(f"no answer from {agent.address} in time") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unanswered(f"{agent.address} cannot be reached: {error}"[:200]) from error


def _agent(pod: ListedPod) -> ProberAgent:
    ports = [
        port.container_port
        for container in pod.spec.containers
        for port in container.ports or ()
        if port.name == PORT_NAME
    ]
    return ProberAgent(
        node=pod.spec.node_name,
        pod=pod.metadata.name,
        address=pod.status.pod_ip,
        port=ports[0] if ports else signed_job.PORT,
        ready=containers.is_ready(pod),
        since=pod.status.start_time,
        every=_every(pod),
        why=rejection(pod) or ("" if pod.status.pod_ip else obstacle(pod)),
    )


def _every(pod: ListedPod) -> float:
    """The seconds between two rounds, by the agent's arguments; 0 where it makes none."""
    arguments = [word for container in pod.spec.containers for word in container.args or ()]
    try:
        seconds = float(dict(itertools.pairwise(arguments)).get(ROUND, 0))
    except ValueError:
        return 0.0
    return seconds if 0 < seconds <= LONGEST_ROUND else 0.0
